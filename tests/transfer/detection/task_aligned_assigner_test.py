# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against a loop over boxes and locations."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer.detection import assignment_cases
from vito_tf.transfer.detection import structures, task_aligned_assigner


def one_by_one(places, own, classes, probabilities, ious, alpha, beta, k):
    """Box and score of each location of an image."""
    points = places.centres.numpy()
    box, score = np.full(len(points), -1), np.zeros(len(points))
    best, alignment = np.zeros(len(points)), np.zeros(len(points))
    for index, (one, label) in enumerate(zip(own, classes)):
        iou = ious[index]
        aligned = [p**alpha * u**beta for p, u in zip(probabilities[:, label].astype(float), iou)]
        for location in np.argsort(-np.array(aligned), kind="stable")[:k]:
            is_inside = min(assignment_cases.sides(points[location], one)) > 0.01
            if aligned[location] > 0 and is_inside and iou[location] > best[location]:
                box[location], best[location] = index, iou[location]
                alignment[location] = aligned[location]
    for index in range(len(own)):
        has = box == index
        if has.any():
            score[has] = alignment[has] / (alignment[has].max() + 10e-8) * best[has].max()
    return box, score


@pytest.fixture(scope="module")
def case():
    truth = assignment_cases.truth()
    return assignment_cases.places(), truth, assignment_cases.predictions(truth)


@pytest.fixture(scope="module")
def ious(case):
    """Of all boxes and predictions of each image, one after the other."""
    _, truth, predictions = case
    return [
        [[assignment_cases.iou(one, other) for other in predicted] for one in own[labels >= 0]]
        for own, labels, predicted in zip(
            truth.boxes.numpy(), truth.classes.numpy(), predictions.boxes.numpy()
        )
    ]


@pytest.mark.parametrize(("alpha", "beta", "k"), [(1, 6, 13), (0.5, 2, 3)])
def test_is_that_of_loops(case, ious, alpha, beta, k):
    places, truth, predictions = case
    found = task_aligned_assigner.assign(places, truth, predictions, alpha, beta, k)
    for image, own in enumerate(truth.boxes.numpy()):
        real = truth.classes[image].numpy() >= 0
        box, score = one_by_one(
            places,
            own[real],
            truth.classes[image].numpy()[real],
            predictions.probabilities[image].numpy(),
            ious[image],
            alpha,
            beta,
            k,
        )
        np.testing.assert_array_equal(found.box[image], box)
        np.testing.assert_allclose(found.score[image], score, rtol=2e-5, atol=1e-7)
    counts = (found.box.numpy() >= 0).sum(1)
    assert counts[0] == 0
    assert counts[-1] > 20


def test_defaults_are_toods(case):
    places, truth, predictions = case
    defaults = task_aligned_assigner.assign(places, truth, predictions)
    toods = task_aligned_assigner.assign(places, truth, predictions, 1, 6, 13)
    np.testing.assert_array_equal(defaults.score, toods.score)


def perfect(probability):
    """One box, at whose four innermost locations it is predicted exactly."""
    places = assignment_cases.places()
    truth = assignment_cases.truth([np.array([[16.0, 16, 32, 32]])])
    near = np.abs(places.centres.numpy() - 24).max(-1) < 8
    near &= places.strides.numpy() == 8
    boxes = tf.where(near[:, np.newaxis], truth.boxes[0], tf.zeros([1, 4]))
    probabilities = tf.fill([1, len(near), assignment_cases.CLASSES], probability)
    return places, truth, structures.Predictions(probabilities, boxes[tf.newaxis], None), near


def test_of_perfect_boxes_the_alignment_is_1_whatever_their_probability():
    *case, near = perfect(0.1)
    found = task_aligned_assigner.assign(*case)
    np.testing.assert_array_equal(found.box[0], np.where(near, 0, -1))
    np.testing.assert_allclose(found.score[0], near, atol=2e-6)


def test_without_any_probability_nothing_is_assigned():
    places, truth, predictions, _ = perfect(0.0)
    found = task_aligned_assigner.assign(places, truth, predictions, top_k=1000)
    np.testing.assert_array_equal(found.box, -1)
    np.testing.assert_array_equal(found.score, 0)


def test_candidates_outside_of_the_box_are_not_replaced():
    places, truth, predictions, _ = perfect(0.5)
    # The two best candidates are elsewhere.
    far = (places.centres.numpy() == (60, 92)).all(-1) | (places.centres.numpy() == (60, 84)).all(
        -1
    )
    probabilities = tf.where(far[:, np.newaxis], 1.0, predictions.probabilities)
    boxes = tf.where(far[:, np.newaxis], truth.boxes[0], predictions.boxes)
    predictions = predictions._replace(probabilities=probabilities, boxes=boxes)
    for k, number in [(2, 0), (3, 1), (6, 4)]:
        box = task_aligned_assigner.assign(places, truth, predictions, top_k=k).box
        assert (box.numpy() == 0).sum() == number


def test_predictions_have_no_gradient():
    places, truth, predictions, _ = perfect(0.5)
    with tf.GradientTape() as tape:
        tape.watch(predictions[:2])
        score = task_aligned_assigner.assign(places, truth, predictions).score
    assert tape.gradient(score, list(predictions[:2])) == [None, None]
