# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against loops over pairs, and by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer.detection import assignment_cases
from vito_tf.transfer.detection import boxes

EMPTY = [[5, 5, 5, 9], [3, 3, 3, 3], [9, 2, 4, 8], [9, 9, 4, 4]]


def test_iou_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    first = assignment_cases.random_boxes(rng, 20)
    second = np.concatenate([assignment_cases.random_boxes(rng, 12), first[:3], EMPTY, [[0] * 4]])
    wanted = [[assignment_cases.iou(box, other) for other in second] for box in first]
    both = tf.constant(first, tf.float32), tf.constant(second, tf.float32)
    found = boxes.iou(both[0][tf.newaxis], both[1][tf.newaxis])[0]
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-7)
    np.testing.assert_array_equal(np.diagonal(found[:3, 12:15]), 1)
    np.testing.assert_array_equal(found[:, 15:], 0)
    np.testing.assert_array_equal(boxes.paired_iou(both[0], both[1]), np.diag(found))


def test_iou_by_hand():
    box = tf.constant([0.0, 0, 4, 6])
    others = tf.constant([[2.0, 3, 6, 9], [4, 0, 8, 6], [-10, -10, 10, 20], [1, 1, 2, 2]])
    np.testing.assert_allclose(
        boxes.paired_iou(box, others), [6 / 42, 0, 24 / 600, 1 / 24], rtol=1e-6
    )


def test_empty_boxes_have_no_iou_and_finite_gradients():
    empty = tf.constant([*EMPTY, [0] * 4], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(empty)
        iou = boxes.paired_iou(empty, empty)
    np.testing.assert_array_equal(iou, 0)
    assert np.isfinite(tape.gradient(iou, empty)).all()
    np.testing.assert_array_equal(boxes.area(empty), 0)


def test_distances_are_up_left_down_right_and_go_back():
    points = tf.constant([[3.0, 10], [8, 2], [-1, 30]])
    own = tf.constant([[1.0, 4, 9, 30], [0, 0, 8, 9], [1, 1, 2, 2]])
    sides = boxes.distances(points, own)
    np.testing.assert_array_equal(sides, [[2, 6, 6, 20], [8, 2, 0, 7], [-2, 29, 3, -28]])
    np.testing.assert_array_equal(boxes.from_distances(points, sides), own)
    np.testing.assert_array_equal(boxes.centres(own), [[5.0, 17.0], [4.0, 4.5], [1.5, 1.5]])


def test_inside_begins_a_hundredth_of_a_pixel_within():
    shifts = np.array([-1, 0, 0.009, 0.011, 2])
    own = tf.constant([0.0, 0, 8, 8])
    wanted = [False, False, False, True, True]
    for axis in (0, 1):
        for place in (shifts, 8 - shifts):
            points = np.full([5, 2], 4, np.float32)
            points[:, axis] = place
            np.testing.assert_array_equal(boxes.inside(tf.constant(points), own), wanted)


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [
        ([3, 5, 3, 5], 1),
        ([2, 3, 8, 27], np.sqrt(2 / 8 * 3 / 27)),
        ([8, 27, 2, 3], np.sqrt(2 / 8 * 3 / 27)),
        ([0, 4, 8, 4], 0),
        ([-1, 4, 8, 4], 0),
        ([-1, -2, 8, 4], 0),
        ([0, 0, 0, 0], 0),
    ],
)
def test_centreness(sides, wanted):
    np.testing.assert_allclose(boxes.centreness(tf.constant(sides, tf.float32)), wanted, rtol=1e-6)
