# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The loss of the detector."""

import keras_cv
import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer.detection import config, locations, losses, structures, task_aligned_head

WHERE = locations.make((32, 48), 3, 4)
NUM_LOCATIONS = 4 * 6 + 2 * 3
CENTRES = WHERE.centres.numpy().astype(np.float64)


def case(seed=0, is_aligned=False, num_images=3, num_classes=4):
    """Random predictions, truth and assignment; the last image has no box."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 20, [num_images, 2, 2])
    true_boxes = np.concatenate([corners, corners + rng.uniform(6, 25, corners.shape)], axis=-1)
    true_boxes[-1] = 0
    classes = rng.integers(0, num_classes, [num_images, 2])
    classes[-1] = -1
    judged = rng.integers(0, 2, [num_images, num_classes])
    box = rng.integers(-1, 2, [num_images, NUM_LOCATIONS])
    box[-1] = -1
    score = np.where(box < 0, 0, rng.uniform(size=box.shape) if is_aligned else 1)
    sides = rng.uniform(0, 20, [num_images, NUM_LOCATIONS, 4])
    boxes = np.concatenate([CENTRES - sides[..., :2], CENTRES + sides[..., 2:]], axis=-1)
    predictions = structures.Predictions(
        tf.constant(rng.uniform(1e-3, 1 - 1e-3, [*box.shape, num_classes]), tf.float32),
        tf.constant(boxes, tf.float32),
        tf.constant(rng.normal(size=box.shape), tf.float32),
    )
    truth = structures.Truth(
        tf.constant(true_boxes, tf.float32),
        tf.constant(classes, tf.int32),
        tf.constant(judged, tf.float32),
    )
    assignment = structures.Assignment(tf.constant(box, tf.int32), tf.constant(score, tf.float32))
    return predictions, truth, assignment


def compute(params, quality, predictions, truth, assignment, is_aligned=False, replicas=None):
    return losses.compute(
        params,
        quality,
        predictions,
        truth,
        assignment,
        is_aligned,
        WHERE,
        replicas or (lambda value: value),
    )


def overlap(a, b):
    """IoU and GIoU of two boxes."""
    height, width = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - height * width
    hull = np.prod(np.maximum(a[2:], b[2:]) - np.minimum(a[:2], b[:2]))
    return height * width / union, height * width / union - (hull - union) / hull


def centreness(centre, box):
    (up, left), (down, right) = centre - box[:2], box[2:] - centre
    if min(up, left, down, right) <= 0:
        return 0.0
    shares = min(up, down) / max(up, down) * min(left, right) / max(left, right)
    return np.sqrt(shares)


def entropy(target, probability):
    return -target * np.log(probability) - (1 - target) * np.log(1 - probability)


def transcribed(params, quality, predictions, truth, assignment, is_aligned):
    """The loss, location by location, in float64."""
    probabilities, boxes, logits = (tensor.numpy().astype(np.float64) for tensor in predictions)
    true_boxes, classes, judged = (tensor.numpy().astype(np.float64) for tensor in truth)
    numbers, all_scores = (tensor.numpy() for tensor in assignment)
    sums = {"class": 0.0, "box": 0.0, "quality": 0.0}
    scores = weights = positives = 0.0
    for image, location in np.ndindex(numbers.shape):
        number, score = numbers[image, location], float(all_scores[image, location])
        own_class = classes[image, number] if number >= 0 else -1
        for index, p in enumerate(probabilities[image, location]):
            target = score if index == own_class else 0.0
            factor = abs(target - p) ** params.focal_gamma
            if not is_aligned:
                alpha = params.focal_alpha
                factor *= alpha if index == own_class else 1 - alpha
            if params.federated and index != own_class and not judged[image, index]:
                factor = 0.0
            sums["class"] += factor * entropy(target, p)
        if number < 0:
            continue
        own_box, centre = true_boxes[image, number], CENTRES[location]
        iou, giou = overlap(boxes[image, location], own_box)
        weight = score if is_aligned else centreness(centre, own_box)
        sums["box"] += params.box_weight * weight * (1 - giou)
        target = iou if quality == "iou" else centreness(centre, own_box)
        probability = 1 / (1 + np.exp(-logits[image, location]))
        sums["quality"] += params.quality_weight * entropy(target, probability)
        scores, weights, positives = scores + score, weights + weight, positives + 1
    parts = {
        "class": sums["class"] / max(scores, 1),
        "box": sums["box"] / max(weights, 1e-12),
        "quality": sums["quality"] / max(positives, 1) if quality != "none" else 0.0,
    }
    return {**parts, "total": sum(parts.values()), "positives": positives}


@pytest.mark.parametrize(
    ("quality", "is_aligned", "federated"),
    [
        ("centreness", False, False),
        ("iou", False, True),
        ("none", True, False),
        ("iou", True, True),
    ],
)
def test_is_what_float64_numpy_computes(quality, is_aligned, federated):
    params = config.Losses(
        focal_alpha=0.3, focal_gamma=1.5, box_weight=3.0, quality_weight=0.7, federated=federated
    )
    predictions, truth, assignment = case(is_aligned=is_aligned)
    actual = compute(params, quality, predictions, truth, assignment, tf.constant(is_aligned))
    expected = transcribed(params, quality, predictions, truth, assignment, is_aligned)
    assert set(actual) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-4, err_msg=name)


def test_focal_loss_is_that_of_keras_cv():
    predictions, truth, assignment = case(seed=1)
    actual = losses.class_loss(
        config.Losses(), predictions.probabilities, truth, assignment, is_aligned=False
    )
    classes = tf.gather(truth.classes, tf.maximum(assignment.box, 0), batch_dims=1)
    targets = tf.one_hot(tf.where(assignment.box >= 0, classes, -1), 4)
    focal = keras_cv.losses.FocalLoss(alpha=0.25, gamma=2.0, reduction="none")
    expected = focal(targets[..., tf.newaxis], predictions.probabilities[..., tf.newaxis])
    np.testing.assert_allclose(actual, tf.reduce_sum(expected, axis=-1), rtol=1e-4)


@pytest.mark.parametrize(
    "probability_of",
    [tf.sigmoid, lambda logits: task_aligned_head.geometric_mean(logits, logits)],
)
@pytest.mark.parametrize("score", [1.0, 0.6])
def test_gradient_at_extreme_logits(probability_of, score):
    logits = tf.constant([-60.0, -30, -17, -5, 0, 5, 10, 80])
    count = len(logits)
    truth = structures.Truth(tf.zeros([1, 1, 4]), tf.zeros([1, 1], tf.int32), tf.ones([1, 2]))
    assignment = structures.Assignment(
        tf.zeros([1, count], tf.int32), tf.fill([1, count], tf.constant(score))
    )
    with tf.GradientTape() as tape:
        tape.watch(logits)
        probabilities = tf.tile(probability_of(logits)[tf.newaxis, :, tf.newaxis], [1, 1, 2])
        value = losses.class_loss(config.Losses(), probabilities, truth, assignment, True)
    actual = tape.gradient(value, logits).numpy()

    x = logits[:-1].numpy().astype(np.float64)
    p, q = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    own = 2 * (p - score) * p * q * entropy(score, p) + (p - score) ** 2 * (p - score)
    other = 2 * p**2 * q * -np.log(q) + p**3
    np.testing.assert_allclose(actual[:-1], own + other, rtol=2e-3)
    assert np.isfinite(actual[-1])
    assert np.all(np.isfinite(value))


def test_boxes_of_locations_without_one_do_not_matter():
    predictions, truth, assignment = case()
    wild = tf.constant([-np.inf, -1e38, np.inf, 1e38], tf.float32)
    has_box = (assignment.box >= 0)[..., tf.newaxis]
    others = predictions._replace(boxes=tf.where(has_box, predictions.boxes, wild))
    with tf.GradientTape() as tape:
        tape.watch(others.boxes)
        parts = compute(config.Losses(), "iou", others, truth, assignment)
    assert np.all(np.isfinite(tape.gradient(parts["total"], others.boxes)))
    expected = compute(config.Losses(), "iou", predictions, truth, assignment)
    np.testing.assert_allclose(parts["total"], expected["total"], rtol=1e-6)


def test_perfect_predictions_cost_nothing():
    _, truth, assignment = case()
    index = tf.maximum(assignment.box, 0)
    classes = tf.where(assignment.box >= 0, tf.gather(truth.classes, index, batch_dims=1), -1)
    perfect = structures.Predictions(
        tf.one_hot(classes, 4), tf.gather(truth.boxes, index, batch_dims=1), tf.fill([3, 30], 99.0)
    )
    parts = compute(config.Losses(), "iou", perfect, truth, assignment)
    np.testing.assert_allclose([parts[name] for name in ("total", "box")], 0, atol=1e-5)


@pytest.mark.parametrize("is_aligned", [False, True])
def test_no_box_in_the_batch(is_aligned):
    predictions, truth, _ = case()
    nothing = structures.Assignment(tf.fill([3, 30], -1), tf.zeros([3, 30]))
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        parts = compute(config.Losses(), "iou", predictions, truth, nothing, is_aligned)
    for gradient in tape.gradient(parts["total"], predictions):
        assert np.all(np.isfinite(gradient))
    assert parts["box"] == parts["quality"] == parts["positives"] == 0
    p = predictions.probabilities.numpy().astype(np.float64)
    expected = np.sum(p**2 * -np.log(1 - p)) * (1 if is_aligned else 0.75)
    np.testing.assert_allclose(parts["class"], expected, rtol=1e-4)


def test_normalisers_are_means_over_replicas():
    predictions, truth, assignment = case()
    alone = compute(config.Losses(), "iou", predictions, truth, assignment)
    doubled = compute(
        config.Losses(), "iou", predictions, truth, assignment, replicas=lambda value: 2 * value
    )
    for name in ("class", "box", "quality"):
        np.testing.assert_allclose(doubled[name], alone[name] / 2, rtol=1e-6)


def test_the_target_iou_has_no_gradient():
    predictions, truth, assignment = case()
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        parts = compute(config.Losses(box_weight=0.0), "iou", predictions, truth, assignment)
    of_boxes, of_quality = tape.gradient(parts["total"], predictions)[1:]
    assert not np.any(of_boxes)
    assert np.array_equal(of_quality != 0, assignment.box >= 0)


def test_one_image_with_one_location_keeps_its_dimensions():
    box = tf.constant([[[0.0, 0, 2, 2]]])
    assert losses.giou_loss(box, box).shape == (1, 1)
