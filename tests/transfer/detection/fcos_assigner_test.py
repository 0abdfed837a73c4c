# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against a loop over locations and boxes."""

import numpy as np
import tensorflow as tf

from tests.transfer.detection import assignment_cases
from vito_tf.transfer.detection import fcos_assigner, locations

RANGES = {8: (-1, 64), 16: (64, 128), 32: (128, np.inf)}


def one_by_one(places, own):
    """The box of each location of an image."""
    result = []
    for (y, x), stride in zip(places.centres.numpy().tolist(), places.strides.numpy()):
        best, smallest = -1, np.inf
        for index, (top, left, bottom, right) in enumerate(own.tolist()):
            reach = 1.5 * stride
            middle = (top + bottom) / 2, (left + right) / 2
            region = (
                max(top, middle[0] - reach),
                max(left, middle[1] - reach),
                min(bottom, middle[0] + reach),
                min(right, middle[1] + reach),
            )
            farthest = max(y - top, x - left, bottom - y, right - x)
            low, high = RANGES[int(stride)]
            area = (bottom - top) * (right - left)
            if (
                region[0] < y < region[2]
                and region[1] < x < region[3]
                and low <= farthest <= high
                and area < smallest
            ):
                best, smallest = index, area
        result.append(best)
    return result


def test_is_that_of_loops():
    places, truth = assignment_cases.places(), assignment_cases.truth()
    found = fcos_assigner.assign(places, truth)
    for image, own in zip(found.box.numpy(), truth.boxes.numpy()):
        np.testing.assert_array_equal(image, one_by_one(places, own[own.any(-1)]))
    np.testing.assert_array_equal(found.score, found.box.numpy() >= 0)
    levels = np.split(found.box.numpy() >= 0, np.cumsum(places.counts)[:-1], axis=1)
    assert all(level.any() for level in levels)


def test_a_small_box_has_the_locations_around_its_centre():
    places = assignment_cases.places()
    found = fcos_assigner.assign(places, assignment_cases.truth([np.array([[8.0, 8, 40, 40]])]))
    chosen = places.centres.numpy()[found.box[0] == 0]
    # 12 and 36 are just 1.5 strides from the centre at 24, which is too far.
    np.testing.assert_array_equal(chosen, [[20, 20], [20, 28], [28, 20], [28, 28]])


def test_ranges_include_both_ends():
    # From (28, 44) on level 3 and (24, 40) on level 4, the right sides are 64 pixels away.
    every = [np.array([[8.0, -4, 40, 108]]), np.array([[8.0, 8, 40, 104]])]
    places = assignment_cases.places()
    box = fcos_assigner.assign(places, assignment_cases.truth(every)).box.numpy()
    for image, (stride, point) in enumerate([(8, (28, 44)), (16, (24, 40))]):
        there = (places.centres.numpy() == point).all(-1) & (places.strides.numpy() == stride)
        assert there.sum() == 1
        assert box[image, there] == 0


def test_other_levels_have_ranges_as_their_strides():
    own = tf.cast(assignment_cases.truth().boxes / 2, tf.float32)
    truth = assignment_cases.truth()
    halved = fcos_assigner.assign(locations.make((32, 48), 2, 4), truth._replace(boxes=own))
    whole = fcos_assigner.assign(assignment_cases.places(), truth)
    np.testing.assert_array_equal(halved.box, whole.box)


def test_a_single_level_takes_boxes_of_all_sizes():
    truth = assignment_cases.truth([np.array([[6.0, 6, 10, 10], [-300, -300, 364, 396]])])
    box = fcos_assigner.assign(locations.make((64, 96), 4, 4), truth).box.numpy()[0]
    assert (box == 0).sum() == 1
    assert (box == 1).sum() == 4
