# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Decisions for shape and texture are counted where the two differ."""

import numpy as np
import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation.human_consistency import cues, responses

BEAR, CAT, OVEN = (experiment.NAMES.index(name) for name in ("bear", "cat", "oven"))


def test_names_tell_shape_then_texture():
    assert cues.of_name("bear10-oven3.png") == cues.Cues(shape=BEAR, texture=OVEN)
    assert cues.of_name("cat4-cat2.png") == (CAT, CAT)


@pytest.mark.parametrize("name", ["bear1.png", "bear1-sofa2.png", "bear-oven.png", "n02_7.png"])
def test_other_names_tell_nothing(name):
    assert cues.of_name(name) is None


def test_counts():
    pairs = [cues.Cues(BEAR, CAT)] * 4 + [cues.Cues(CAT, CAT), cues.Cues(OVEN, BEAR)]
    decisions = np.array([BEAR, CAT, CAT, OVEN, CAT, OVEN])
    assert cues.count(decisions, pairs) == (5, 2, 2)
    assert cues.count(decisions, pairs).bias == 0.5
    by_shape = cues.count_by_shape(decisions, pairs)
    assert by_shape == {"bear": (4, 1, 2), "cat": (0, 0, 0), "oven": (1, 1, 0)}
    assert by_shape["bear"].bias == pytest.approx(1 / 3)
    assert by_shape["cat"].bias is None


def test_humans_are_pooled_and_missing_responses_match_nothing():
    pairs = [cues.Cues(BEAR, CAT), cues.Cues(CAT, BEAR)]
    choices = np.array([[BEAR, responses.NO_RESPONSE], [CAT, CAT], [BEAR, CAT]])
    assert cues.count(choices, pairs) == (6, 4, 1)
    assert cues.count(choices, pairs).bias == 0.8


@pytest.mark.parametrize(("chosen", "bias"), [("shape", 1.0), ("texture", 0.0), (None, None)])
def test_closed_forms(chosen, bias):
    rng = np.random.default_rng(0)
    pairs = [cues.Cues(*rng.choice(14, 2, replace=False)) for _ in range(20)]
    decisions = np.array([getattr(one, chosen) if chosen else 15 for one in pairs])
    assert cues.count(decisions, pairs).bias == bias
