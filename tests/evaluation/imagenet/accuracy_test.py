# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Being right, against slow transcriptions."""

import numpy as np
import pytest

from vito_tf.evaluation.imagenet import accuracy


def test_other_classes_are_no_answers():
    logits = np.array([[9, 1, 2, 0.0], [0, 1, 1, 5.0], [0, 3, 1, 5.0]])
    np.testing.assert_array_equal(accuracy.restricted_arg_max(logits, [1, 2]), [2, 1, 1])


def test_restricted_arg_max_is_the_best_permitted_class():
    rng = np.random.default_rng(0)
    logits = rng.integers(0, 4, [200, 10]).astype(np.float32)
    permitted = [1, 4, 5, 9]
    slow = []
    for row in logits:
        best = permitted[0]
        for label in permitted:
            if row[label] > row[best]:
                best = label
        slow.append(best)
    np.testing.assert_array_equal(accuracy.restricted_arg_max(logits, permitted), slow)


@pytest.mark.parametrize("k", [1, 2, 5, 10])
def test_top_k_is_that_of_sorted_classes(k):
    rng = np.random.default_rng(k)
    logits = rng.integers(0, 6, [300, 10]).astype(np.float32)
    labels = rng.integers(0, 10, 300)
    slow = []
    for row, label in zip(logits, labels):
        ordered = sorted(range(10), key=lambda one: (-row[one], one))
        slow.append(label in ordered[:k])
    np.testing.assert_array_equal(accuracy.in_top(logits, labels, k), slow)
    if k == 1:
        np.testing.assert_array_equal(slow, np.argmax(logits, axis=1) == labels)


@pytest.mark.parametrize(("right", "total"), [(0, 15), (7, 15), (15, 15), (33_100, 50_000)])
def test_interval_is_wilsons(right, total):
    correct = np.arange(total) < right
    z, p = 1.959963984540054, right / total
    centre = (p + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    np.testing.assert_allclose(
        accuracy.interval(correct), [centre - half, centre + half], atol=1e-12
    )


def test_classes_that_occur_have_a_row_each():
    rows = accuracy.by_class(
        np.array([999, 0, 999]), {"top_1": np.array([1, 0, 0], bool), "top_5": np.ones(3, bool)}
    )
    assert rows == [
        {"wnid": "n01440764", "name": "tench", "images": 1, "top_1": 0.0, "top_5": 1.0},
        {"wnid": "n15075141", "name": "toilet tissue", "images": 2, "top_1": 0.5, "top_5": 1.0},
    ]


def test_what_is_missing_is_said():
    assert accuracy.missing(43, 7500) == "43 of 7500 images"
    assert accuracy.missing(7500, 7500) == ""
