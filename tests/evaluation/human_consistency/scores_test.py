# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Scores of a data set are those that are known of the published responses."""

import numpy as np
import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation.human_consistency import data_sets, responses, scores


def _responses(correct, conditions=None):
    """Of humans who choose category 0, which is always the right one, or 1."""
    subjects, images = correct.shape
    return responses.Responses(
        [f"subject-{number}" for number in range(subjects)],
        conditions or ["0"] * images,
        [f"{number}.png" for number in range(images)],
        np.zeros(images, np.int64),
        np.where(correct, 0, 1),
    )


@pytest.mark.parametrize(
    ("data_set", "images", "accuracy", "difference", "observed", "kappa"),
    [
        (data_sets.EDGE, 160, 0.8713, 0.0204, 0.8386, 0.31844),
        (data_sets.CUE_CONFLICT, 1280, 0.7755, 0.0116, 0.7652, 0.33105),
    ],
)
def test_humans_among_themselves(data_set, images, accuracy, difference, observed, kappa):
    # Of the published CSV files by the original's definitions; kappa is Brain-Score's ceiling.
    correct = experiment.golden_answers(data_set.name)
    assert correct.shape == (10, images)
    found = scores.score(np.zeros(images, np.int64), _responses(correct), data_set)
    assert found is not None
    digits = 5.1e-5
    assert found["human_accuracy"] == pytest.approx(accuracy, abs=digits)
    assert found["humans"]["accuracy_difference"] == pytest.approx(difference, abs=digits)
    assert found["humans"]["observed_consistency"] == pytest.approx(observed, abs=digits)
    assert found["humans"]["error_consistency"] == pytest.approx(kappa, abs=5.1e-6)


@pytest.mark.parametrize("data_set", [data_sets.EDGE, data_sets.CUE_CONFLICT])
def test_encoders_without_errors_of_their_own(data_set):
    correct = experiment.golden_answers(data_set.name)
    humans = _responses(correct)
    perfect = scores.score(np.zeros(correct.shape[1], np.int64), humans, data_set)
    constant = scores.score(np.full(correct.shape[1], 5), humans, data_set)
    assert perfect is not None
    assert constant is not None
    accuracy = correct.mean()
    assert (perfect["accuracy"], constant["accuracy"]) == (1, 0)
    assert perfect["encoder"]["observed_consistency"] == pytest.approx(accuracy)
    assert constant["encoder"]["observed_consistency"] == pytest.approx(1 - accuracy)
    for one in (perfect, constant):
        assert one["encoder"]["error_consistency"] == pytest.approx(0, abs=1e-12)
    twin = scores.score(np.where(correct[0], 0, 7), _responses(correct[:1]), data_set)
    assert twin is not None
    assert twin["encoder"]["error_consistency"] == 1
    inverted = scores.score(np.where(correct[0], 7, 0), _responses(correct[:1]), data_set)
    assert inverted is not None
    assert inverted["encoder"]["observed_consistency"] == 0
    assert inverted["encoder"]["error_consistency"] < 0


def test_conditions_are_told_apart_and_excluded_ones_do_not_count():
    correct = np.array([[1, 0, 1, 1], [1, 1, 0, 1]], bool)
    humans = _responses(correct, ["1", "1", "40", "40"])
    found = scores.score(np.array([0, 3, 3, 3]), humans, data_sets.LOW_PASS)
    assert found is not None
    assert found["accuracy"] == 0.5
    assert found["human_accuracy"] == 0.75
    assert found["encoder"]["observed_consistency"] == 0.75
    assert [(row["condition"], row["counts"]) for row in found["conditions"]] == [
        ("1", True),
        ("40", False),
    ]
    excluded = found["conditions"][1]
    assert (excluded["images"], excluded["accuracy"]) == (2, 0)
    assert excluded["human_accuracy"] == {"mean": 0.75, "low": 0.5, "high": 1}


def test_a_data_set_of_excluded_conditions_only_has_no_score():
    humans = _responses(np.array([[True]]), ["40"])
    assert scores.score(np.array([0]), humans, data_sets.LOW_PASS) is None
