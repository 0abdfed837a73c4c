# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The classes of the 16 categories are the published ones, and decide by their mean."""

import numpy as np
import pytest

from vito_tf.curation import categories
from vito_tf.evaluation.human_consistency import sixteen_classes

_SYNSETS = {
    "airplane": "n02690373",
    "bear": "n02132136 n02133161 n02134084 n02134418",
    "bicycle": "n02835271 n03792782",
    "boat": "n02951358 n03344393 n03662601 n04273569 n04612504",
    "bottle": "n02823428 n03937543 n03983396 n04557648 n04560804 n04579145 n04591713",
    "car": "n02814533 n03100240 n04285008",
    "cat": "n02123045 n02123159 n02123394 n02123597 n02124075 n02125311",
    "chair": "n02791124 n03376595 n04099969 n04429376",
    "clock": "n02708093 n03196217 n04548280",
    "elephant": "n02504013 n02504458",
    "keyboard": "n03085013 n04505470",
    "knife": "n03041632",
    "oven": "n04111531",
    "truck": "n03345487 n03417042 n03770679 n03796401 n03930630 n03977966 n04461696 n04467665",
}


def test_the_classes_are_the_published_ones():
    classes = sixteen_classes.imagenet_classes()
    assert sixteen_classes.names() == tuple(sorted([*_SYNSETS, "bird", "dog"]))
    flat = [index for indices in classes.values() for index in indices]
    assert len(flat) == len(set(flat)) == 207
    wnids = [one.wnid for one in categories.imagenet_categories()]
    for name, synsets in _SYNSETS.items():
        assert [wnids[index] for index in classes[name]] == synsets.split()


def test_birds_and_dogs_lie_in_their_ranges():
    classes = sixteen_classes.imagenet_classes()
    assert len(classes["bird"]) == 49
    assert set(classes["bird"]) < {*range(7, 25), *range(80, 101), *range(127, 147)}
    assert not {7, 9, 17, 21, 84, 85, 86, 97, 134, 146} & set(classes["bird"])
    assert len(classes["dog"]) == 109
    assert set(classes["dog"]) < set(range(151, 269))
    excluded = {151, 192, 204, 227, 242, 251, 258, 260, 264}
    assert set(range(151, 269)) - set(classes["dog"]) == excluded


def test_decisions_are_those_of_the_definition():
    logits = np.random.default_rng(0).normal(scale=3, size=[20, 1000]).astype(np.float32)
    expected = []
    for row in logits.astype(np.float64):
        total = sum(np.exp(value) for value in row)
        means = [
            sum(np.exp(row[index]) / total for index in indices) / len(indices)
            for indices in sixteen_classes.imagenet_classes().values()
        ]
        expected.append(means.index(max(means)))
    decisions = sixteen_classes.decide(logits)
    np.testing.assert_array_equal(decisions, expected)
    assert len(set(expected)) > 3


def test_the_mean_counts_not_the_sum():
    probabilities = np.full([1, 1000], 1e-6)
    classes = sixteen_classes.imagenet_classes()
    probabilities[0, list(classes["dog"])] = 0.9 / 109
    probabilities[0, list(classes["knife"])] = 0.05
    assert sixteen_classes.decide(np.log(probabilities))[0] == sixteen_classes.numbers()["knife"]


def test_huge_logits_do_not_overflow():
    logits = np.zeros([1, 1000], np.float32)
    logits[0, 766] = 1e4
    assert sixteen_classes.names()[sixteen_classes.decide(logits)[0]] == "oven"


def test_logits_of_another_number_of_classes_are_an_error():
    with pytest.raises(ValueError, match=r"\[N, 1000\], not \[2, 1001\]"):
        sixteen_classes.decide(np.zeros([2, 1001]))
