# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against a loop over boxes and their candidates."""

import numpy as np
import pytest

from tests.transfer.detection import assignment_cases
from vito_tf.transfer.detection import atss_assigner, locations


def candidates(places, box, k):
    """The nearest locations of each level."""
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    result, first = [], 0
    for count in places.counts:
        level = places.centres.numpy()[first : first + count].tolist()
        far = [(y - middle[0]) ** 2 + (x - middle[1]) ** 2 for y, x in level]
        result += [first + index for index in np.argsort(far, kind="stable")[:k]]
        first += count
    return result


def one_by_one(places, own, k):
    """The box of each location of an image."""
    points, strides = places.centres.numpy().tolist(), places.strides.numpy().tolist()
    result = np.full(len(points), -1)
    best = np.zeros(len(points))
    for index, box in enumerate(own.tolist()):
        near = candidates(places, box, k)
        ious = []
        for location in near:
            (y, x), half = points[location], 4 * strides[location]
            ious.append(assignment_cases.iou(box, (y - half, x - half, y + half, x + half)))
        threshold = np.mean(ious) + np.std(ious, ddof=1)
        for location, iou in zip(near, ious):
            is_inside = min(assignment_cases.sides(points[location], box)) > 0.01
            if iou >= threshold and is_inside and iou > best[location]:
                result[location], best[location] = index, iou
    return result


@pytest.mark.parametrize("k", [4, 9])
def test_is_that_of_loops(k):
    places, truth = assignment_cases.places(), assignment_cases.truth()
    found = atss_assigner.assign(places, truth, num_candidates=k)
    for image, own in zip(found.box.numpy(), truth.boxes.numpy()):
        np.testing.assert_array_equal(image, one_by_one(places, own[own.any(-1)], k))
    np.testing.assert_array_equal(found.score, found.box.numpy() >= 0)
    levels = np.split(found.box.numpy() >= 0, np.cumsum(places.counts)[:-1], axis=1)
    assert all(level.any() for level in levels)


def test_an_anchor_is_the_location_of_its_own_box():
    # The anchor of stride 8 at (20, 44); all others overlap less.
    truth = assignment_cases.truth([np.array([[-12.0, 12, 52, 76]])])
    places = assignment_cases.places()
    chosen = atss_assigner.assign(places, truth).box.numpy()[0] == 0
    there = (places.centres.numpy() == (20, 44)).all(-1)
    assert chosen[there].all()
    assert (places.strides.numpy()[chosen] == 8).all()


def test_the_first_of_equal_boxes_and_the_first_of_equally_near_locations_win():
    # Around (32, 48) the four nearest are equally near, then eight are.
    half = round(14.4 * 2**17) / 2**17
    truth = assignment_cases.truth([np.array([[32 - half, 48 - half, 32 + half, 48 + half]] * 2)])
    places = locations.make((64, 96), 3, 3)
    box = atss_assigner.assign(places, truth, num_candidates=5).box.numpy()[0]
    # The anchors contain the box: their IoUs are the same, though float32 has another mean.
    wanted = [(20, 44), (28, 44), (28, 52), (36, 44), (36, 52)]
    np.testing.assert_array_equal(places.centres.numpy()[box >= 0], wanted)
    assert (box <= 0).all()


def test_a_single_candidate_is_enough():
    truth = assignment_cases.truth([np.array([[2.0, 2, 20, 20]])])
    assert atss_assigner.assign(locations.make((32, 32), 5, 5), truth).box.numpy() == [[0]]
