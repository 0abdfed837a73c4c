# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From predictions to detections: scores, the best of each level, non-maximum suppression."""

from __future__ import annotations

import math

import tensorflow as tf

from vito_tf.transfer.detection import boxes, config, structures


def detect(
    generator: config.DetectionGenerator,
    predictions: structures.Predictions,
    locations: structures.Locations,
) -> dict[str, tf.Tensor]:
    """Finds the detections of each image.

    Candidates are pairs of a location and a class, as in FCOS and ATSS. (keras-cv's
    `NonMaxSuppression` knows each box's best class only.) Boxes suppress those of their own class
    that overlap by the threshold or more. Of equal scores the earlier location's comes first, then
    the lower class's. Boxes of which nothing is within the input are dropped, as are empty and
    inverted ones, which TOOD's sampling of sides can make.

    Args:
      generator: see there. The threshold is of the score, as in Wu et al.
      predictions: see there.
      locations: of the predictions.

    Returns:
      'boxes' float32 [B, M, 4] within the network's input, 'classes' int32 [B, M], 'scores' float32
      [B, M] in descending order, 'num_detections' int32 [B]; M is `max_num_detections`. After the
      last detection, boxes and scores are 0 and classes -1.
    """
    candidates = [
        _best(generator, structures.Predictions(*parts))
        for parts in zip(*(_levels(tensor, locations.counts) for tensor in predictions))
    ]
    scores, classes, found = (tf.concat(parts, axis=1) for parts in zip(*candidates))
    size = _input_size(locations)
    found = tf.clip_by_value(found, 0.0, tf.tile(size, [2]))
    scores = tf.where(boxes.area(found) > 0, scores, 0.0)
    scores, order = tf.math.top_k(scores, tf.shape(scores)[1])
    classes, found = (tf.gather(values, order, batch_dims=1) for values in (classes, found))
    kept, num_detections = tf.image.non_max_suppression_padded(
        found + _class_offsets(classes, predictions.probabilities.shape[-1], size),
        scores,
        generator.max_num_detections,
        iou_threshold=generator.nms_iou_threshold,
        score_threshold=generator.score_threshold,
        pad_to_max_output_size=True,
        sorted_input=True,
        canonicalized_coordinates=True,
    )
    exists = tf.sequence_mask(num_detections, generator.max_num_detections)
    return {
        "boxes": tf.where(exists[..., tf.newaxis], tf.gather(found, kept, batch_dims=1), 0.0),
        "classes": tf.where(exists, tf.gather(classes, kept, batch_dims=1), -1),
        "scores": tf.where(exists, tf.gather(scores, kept, batch_dims=1), 0.0),
        "num_detections": num_detections,
    }


def _levels(tensor: tf.Tensor | None, counts: tuple[int, ...]) -> list[tf.Tensor | None]:
    return [None] * len(counts) if tensor is None else tf.split(tensor, counts, axis=1)


def _best(
    generator: config.DetectionGenerator, level: structures.Predictions
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Scores, classes and boxes [B, K(, 4)] of a level's best candidates.

    The best K candidates are at the K locations whose best class scores most, so that the others,
    with their 1203 classes in LVIS, need no sorting.
    """
    _, count, num_classes = level.probabilities.shape
    best_scores = _score(generator, tf.reduce_max(level.probabilities, axis=-1), level.quality)
    where = tf.math.top_k(best_scores, min(generator.pre_nms_top_k, count)).indices
    where = tf.sort(where, axis=1)
    quality = None if level.quality is None else tf.gather(level.quality, where, batch_dims=1)
    scores = _score(
        generator,
        tf.gather(level.probabilities, where, batch_dims=1),
        None if quality is None else quality[..., tf.newaxis],
    )
    scores = tf.reshape(scores, [-1, where.shape[1] * num_classes])
    scores, pairs = tf.math.top_k(scores, min(generator.pre_nms_top_k, scores.shape[1]))
    places = tf.gather(where, pairs // num_classes, batch_dims=1)
    return scores, pairs % num_classes, tf.gather(level.boxes, places, batch_dims=1)


def _score(
    generator: config.DetectionGenerator, probabilities: tf.Tensor, quality: tf.Tensor | None
) -> tf.Tensor:
    """p^alpha q^(1 - alpha)."""
    if quality is None:
        return probabilities
    exponent = generator.score_exponent
    return probabilities**exponent * tf.sigmoid(quality) ** (1 - exponent)


def _input_size(locations: structures.Locations) -> tf.Tensor:
    """(height, width): half a stride beyond the last centre of the finest level."""
    return locations.centres[locations.counts[0] - 1] + locations.strides[0] / 2


def _class_offsets(classes: tf.Tensor, num_classes: int, size: tf.Tensor) -> tf.Tensor:
    """Moves each class's boxes to a field of their own, [B, K, 4].

    Fields are in a square rather than in a row, since float32 has 1/8 pixel left at the end of
    1203 widths.
    """
    side = math.ceil(math.sqrt(num_classes))
    fields = tf.cast(tf.stack([classes // side, classes % side], axis=-1), tf.float32)
    return tf.tile(fields * (size + 1), [1, 1, 2])
