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
    candidates, start, threshold = [], 0, generator.score_threshold
    for count in COUNTS:
        level = [
            (scores[start + index, number], number, boxes[start + index])
            for index, number in np.argwhere(scores[start : start + count] > threshold)
        ]
        level.sort(key=lambda candidate: -candidate[0])
        candidates += level[: generator.pre_nms_top_k]
        start += count
    kept: list[tuple] = []
    for score, number, box in sorted(candidates, key=lambda candidate: -candidate[0]):
        box = np.clip(box, 0, [32, 48, 32, 48])
        if np.any(box[2:] <= box[:2]):
            continue
        rivals = [other for _, other_number, other in kept if other_number == number]
        if all(overlap(box, other) < generator.nms_iou_threshold for other in rivals):
            kept.append((score, number, box))
    return kept[: generator.max_num_detections]


def check(generator, predictions, found):
    found = {name: tensor.numpy() for name, tensor in found.items()}
    for image, count in enumerate(found["num_detections"]):
        expected = transcribed(generator, predictions, image)
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
    probabilities, boxes, quality = random_predictions(num_classes=1203)
    # The first image is of few classes. In the second, of equal scores the earlier location wins,
    # then the lower class. The third has many classes and few scores, the fourth none.
    few = probabilities[0] * tf.cast(tf.range(1203) % 500 == 2, tf.float32)
    equal = tf.cast(probabilities[1] > 0.999, tf.float32) / 2
    rare = probabilities[0] ** 10000
    predictions = structures.Predictions(
        tf.stack([few, equal, rare, tf.zeros_like(rare)]),
        tf.tile(boxes, [2, 1, 1]),
        tf.stack([quality[0], tf.zeros([30]), tf.zeros([30]), quality[1]]),
    )
    found = compiled(generator, predictions)
    assert found["boxes"].shape == (4, 9, 4)
    assert found["num_detections"].dtype == found["classes"].dtype == tf.int32
    np.testing.assert_array_equal(found["num_detections"] > 0, [True, True, True, False])
    assert 0 < found["num_detections"][2] < 9
    check(generator, predictions, found)


def test_without_quality_and_with_boxes_that_have_no_inside():
    predictions = random_predictions(seed=1, has_quality=False)
    whole = predictions.boxes[1, :26]
    tops, lefts, bottoms, rights = tf.unstack(predictions.boxes[1, 26:], axis=-1)
    without = [
        tf.stack([bottoms, lefts, tops, rights], axis=-1)[0],
        tf.stack([bottoms, rights, tops, lefts], axis=-1)[1],
        tf.stack([tops, lefts, tops, rights], axis=-1)[2],
        tf.stack([tops, lefts + 60, bottoms, rights + 60], axis=-1)[3],
    ]
    boxes = tf.stack([predictions.boxes[0], tf.concat([whole, tf.stack(without)], axis=0)])
    predictions = predictions._replace(boxes=boxes)
    generator = config.DetectionGenerator(pre_nms_top_k=100, max_num_detections=300)
    check(generator, predictions, detections.detect(generator, predictions, WHERE))
