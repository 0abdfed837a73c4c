# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Consistency equals a slow transcription and closed forms."""

import itertools

import numpy as np
import pytest

from vito_tf.evaluation.human_consistency import metrics


def _answers(correct, shown=None):
    correct = np.asarray(correct, bool)
    return metrics.Answers(correct, np.ones_like(correct) if shown is None else np.asarray(shown))


def _slow(first, second):
    n = len(first)
    p, q = sum(map(bool, first)) / n, sum(map(bool, second)) / n
    observed = sum(bool(a) == bool(b) for a, b in zip(first, second)) / n
    expected = p * q + (1 - p) * (1 - q)
    kappa = 1.0 if observed == 1 else (observed - expected) / (1 - expected)
    return (p - q) ** 2, observed, expected, kappa


def test_comparisons_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    for size, share in itertools.product((1, 2, 7, 160), (0.1, 0.5, 0.9)):
        first, second = rng.random([2, size]) < share
        np.testing.assert_allclose(metrics.compare(first, second), _slow(first, second), atol=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 0, 1, 0], [1, 0, 1, 0], (0, 1, 0.5, 1)),  # The same errors.
        ([1, 0, 1, 0], [0, 1, 0, 1], (0, 0, 0.5, -1)),  # The opposite ones.
        ([1, 1, 0, 0], [1, 0, 1, 0], (0, 0.5, 0.5, 0)),  # Independent ones.
        ([1, 1, 1, 1], [1, 0, 1, 0], (0.25, 0.5, 0.5, 0)),  # One is always right.
        ([1, 1], [1, 1], (0, 1, 1, 1)),
        ([0, 0], [0, 0], (0, 1, 1, 1)),
        ([1, 1], [0, 0], (1, 0, 0, 0)),
        ([1], [1], (0, 1, 1, 1)),
        ([1], [0], (1, 0, 0, 0)),
    ],
)
def test_closed_forms(first, second, expected):
    assert metrics.compare(np.array(first, bool), np.array(second, bool)) == expected


def test_kappa_of_makers_by_chance_is_about_zero():
    first, second = np.random.default_rng(1).random([2, 100_000]) < [[0.7], [0.4]]
    assert abs(metrics.compare(first, second).error_consistency) < 0.01


def test_conditions_are_compared_apart_and_on_common_images():
    first = _answers([1, 1, 0, 0, 1, 1], [True, True, True, True, True, False])
    second = _answers([1, 0, 0, 0, 0, 0], [True, True, True, False, True, True])
    compared = metrics.by_condition(first, second, ["1", "1", "3", "3", "3", "5"])
    assert compared == {
        "1": metrics.compare(np.array([True, True]), np.array([True, False])),
        "3": metrics.compare(np.array([False, True]), np.array([False, False])),
    }


def test_means_are_over_conditions_then_pairs():
    one, two, three = (metrics.Comparison(x, x, x, x) for x in (0.1, 0.3, 0.8))
    pairs = [{"1": one, "3": two, "40": three}, {"1": three}, {"40": one}, {}]
    average = metrics.average(pairs, ["1", "3"])
    assert average is not None
    np.testing.assert_allclose(average, [(0.2 + 0.8) / 2] * 4)
    assert metrics.average(pairs, ["7"]) is None
    assert metrics.average([], ["1"]) is None


def test_both_ways_of_ceiling():
    raw, ceilings = [0.1, 0.3], [0.2, 0.4]
    assert metrics.ratio_of_means(raw, ceilings) == pytest.approx(0.2 / 0.3)
    assert metrics.mean_of_ratios(raw, ceilings) == pytest.approx((0.5 + 0.75) / 2)
    assert metrics.ratio_of_means(ceilings, ceilings) == pytest.approx(1)
    assert metrics.mean_of_ratios([-0.1], [0.2]) == pytest.approx(-0.5)


@pytest.mark.parametrize("ceilings", [[0.3, None], [None, None], [0.0, 0.0], [-0.4, -0.1]])
def test_without_a_ceiling_there_is_no_score(ceilings):
    assert metrics.ratio_of_means([0.1, 0.2], ceilings) is None
    assert metrics.mean_of_ratios([0.1, 0.2], ceilings) is None
