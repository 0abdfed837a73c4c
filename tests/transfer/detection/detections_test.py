# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From predictions to detections."""

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import config, detections, locations, structures

WHERE = locations.make((32, 48), 3, 4)
COUNTS = (24, 6)


def compiled(generator, predictions):
    """Detections by XLA."""

    @tf.function(jit_compile=True, autograph=False)
    def detect(predictions):
        return detections.detect(generator, predictions, WHERE)

    return detect(predictions)


def random_predictions(num_classes=3, seed=0, has_quality=True):
    """Boxes that overlap a lot, some of them beyond the image."""
    rng = np.random.default_rng(seed)
    centres = rng.choice([8, 24], [2, 30, 2]) + rng.normal(size=[2, 30, 2], scale=2)
    sizes = rng.uniform(14, 24, [2, 30, 2]) / 2
    return structures.Predictions(
        tf.constant(rng.uniform(size=[2, 30, num_classes]), tf.float32),
        tf.constant(np.concatenate([centres - sizes, centres + sizes], axis=-1), tf.float32),
        tf.constant(rng.normal(size=[2, 30]), tf.float32) if has_quality else None,
    )


def overlap(a, b):
    height, width = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - height * width
    return height * width / union


def transcribed(generator, predictions, image):
    """Detections (score, class, box) of an image: greedy, class by class."""
    probabilities, boxes = (tensor[image].numpy().astype(np.float64) for tensor in predictions[:2])
    scores = probabilities
    if predictions.quality is not None:
        quality = 1 / (1 + np.exp(-predictions.quality[image].numpy().astype(np.float64)))
        alpha = generator.score_exponent
        scores = probabilities**alpha * quality[:, np.newaxis] ** (1 - alpha)
    candidates, start = [], 0
    for count in COUNTS:
        level = [
            (scores[start + index, number], number, boxes[start + index])
            for index, number in np.ndindex(count, scores.shape[1])
            if scores[start + index, number] > generator.score_threshold
        ]
        level.sort(key=lambda candidate: -candidate[0])
        candidates += level[: generator.pre_nms_top_k]
        start += count
    kept = []
    for score, number, box in sorted(candidates, key=lambda candidate: -candidate[0]):
        box = np.clip(box, 0, [32, 48, 32, 48])
        rivals = [other for _, other_number, other in kept if other_number == number]
        if all(overlap(box, other) < generator.nms_iou_threshold for other in rivals):
            kept.append((score, number, box))
    return kept[: generator.max_num_detections]


def check(generator, predictions, found):
    found = {name: tensor.numpy() for name, tensor in found.items()}
    for image in range(2):
        expected = transcribed(generator, predictions, image)
        count = int(found["num_detections"][image])
        assert count == len(expected)
        for index, (score, number, box) in enumerate(expected):
            np.testing.assert_allclose(found["scores"][image, index], score, rtol=1e-4)
            assert found["classes"][image, index] == number
            np.testing.assert_allclose(found["boxes"][image, index], box, atol=1e-4)
        assert not np.any(found["scores"][image, count:])
        assert not np.any(found["boxes"][image, count:])
        assert np.all(found["classes"][image, count:] == -1)


def test_is_what_class_wise_suppression_in_numpy_finds():
    generator = config.DetectionGenerator(
        score_exponent=0.3,
        score_threshold=0.4,
        pre_nms_top_k=12,
        nms_iou_threshold=0.4,
        max_num_detections=9,
    )
    probabilities, boxes, quality = random_predictions()
    # Equal scores in the second image: the earlier location wins, then the lower class.
    probabilities = tf.stack([probabilities[0], tf.round(2 * probabilities[1]) / 2])
    quality *= tf.constant([[1.0], [0.0]])
    predictions = structures.Predictions(probabilities, boxes, quality)
    found = compiled(generator, predictions)
    assert found["boxes"].shape == (2, 9, 4)
    assert found["num_detections"].dtype == found["classes"].dtype == tf.int32
    check(generator, predictions, found)


def test_classes_of_lvis_and_nothing_found():
    predictions = random_predictions(num_classes=1203, seed=1, has_quality=False)
    rare = predictions.probabilities ** tf.constant([40.0, 1e9])[:, tf.newaxis, tf.newaxis]
    predictions = predictions._replace(probabilities=rare)
    generator = config.DetectionGenerator(pre_nms_top_k=40, max_num_detections=300)

    found = compiled(generator, predictions)
    assert found["num_detections"][0] > 0
    assert found["num_detections"][1] == 0
    check(generator, predictions, found)
