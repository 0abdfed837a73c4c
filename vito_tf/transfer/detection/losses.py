# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The loss of the detector: classes, boxes, and their quality."""

from __future__ import annotations

from typing import Callable

import tensorflow as tf
import tensorflow_addons as tfa

from vito_tf.transfer.detection import boxes, config, structures

MIN_NORMALISER = {"class": 1.0, "box": 1e-12, "quality": 1.0}


def compute(
    losses: config.Losses,
    quality: str,
    predictions: structures.Predictions,
    truth: structures.Truth,
    assignment: structures.Assignment,
    is_aligned: bool | tf.Tensor,
    locations: structures.Locations,
    mean_over_replicas: Callable[[tf.Tensor], tf.Tensor],
) -> dict[str, tf.Tensor]:
    """Computes the loss of a replica's images.

    Every part is a sum over locations, divided by a mean over replicas: that of the boxes' weights
    (centre-ness, or alignment) for boxes, of the sum of scores for classes, and of the number of
    positives for quality. The latter two are at least 1, as the number of positives is in FCOS and
    ATSS. (TOOD divides by any sum of alignments above 1e-12; a batch with hardly an overlap would
    make the loss of its negatives as large as one likes.)

    Args:
      losses: weights and constants.
      quality: one of `config.QUALITIES`.
      predictions: see there.
      truth: see there.
      assignment: see there.
      is_aligned: whether the assignment is TOOD's (`assigners.is_aligned`).
      locations: of the predictions.
      mean_over_replicas: of a scalar; the identity for one replica.

    Returns:
      float32 scalars, weighted: 'total', the sum of 'class', 'box' and 'quality'; and 'positives',
      the number of this replica's locations that have a box.
    """
    positive = tf.cast(assignment.box >= 0, tf.float32)
    own_boxes = tf.gather(truth.boxes, tf.maximum(assignment.box, 0), batch_dims=1)
    centreness = boxes.centreness(boxes.distances(locations.centres, own_boxes))
    centreness = tf.where(assignment.box >= 0, centreness, 0.0)
    weights = {
        "class": assignment.score,
        "box": tf.where(is_aligned, assignment.score, centreness),
        "quality": positive,
    }
    values = {
        "class": class_loss(losses, predictions.probabilities, truth, assignment, is_aligned),
        "box": losses.box_weight * giou_loss(own_boxes, predictions.boxes) * weights["box"],
    }
    if quality != config.QUALITIES[0]:
        target = centreness
        if quality == "iou":
            target = boxes.paired_iou(predictions.boxes, own_boxes)
        values["quality"] = (
            losses.quality_weight * positive * quality_loss(predictions.quality, target)
        )
    parts = {"quality": tf.zeros([])}
    for name, value in values.items():
        normaliser = mean_over_replicas(tf.reduce_sum(weights[name]))
        normaliser = tf.maximum(normaliser, MIN_NORMALISER[name])
        parts[name] = tf.reduce_sum(value) / normaliser
    return {"total": tf.add_n(list(parts.values())), **parts, "positives": tf.reduce_sum(positive)}


def class_loss(
    losses: config.Losses,
    probabilities: tf.Tensor,
    truth: structures.Truth,
    assignment: structures.Assignment,
    is_aligned: bool | tf.Tensor,
) -> tf.Tensor:
    """Computes the focal loss, or TOOD's.

    Both are |t - p|^gamma BCE(p, t), where t is 0 for classes that the location is not to find. In
    the focal loss t is 1 for the other, and alpha weighs the two kinds; with whole t it is
    keras-cv's `FocalLoss`, which has another factor than TOOD's for others.

    Args:
      losses: see `compute`.
      probabilities: p, float32 [B, A, C].
      truth: see `compute`.
      assignment: see `compute`.
      is_aligned: see `compute`.

    Returns:
      float32 [B, A, C].
    """
    own_classes = tf.gather(truth.classes, tf.maximum(assignment.box, 0), batch_dims=1)
    own_classes = tf.where(assignment.box >= 0, own_classes, -1)
    is_own = tf.one_hot(own_classes, probabilities.shape[-1])
    targets = is_own * assignment.score[..., tf.newaxis]
    balance = 1 - losses.focal_alpha + (2 * losses.focal_alpha - 1) * is_own
    factor = tf.where(is_aligned, tf.ones_like(balance), balance)
    if losses.federated:
        factor *= tf.maximum(is_own, truth.judged[:, tf.newaxis, :])
    factor *= tf.abs(targets - probabilities) ** losses.focal_gamma
    return factor * tf.keras.backend.binary_crossentropy(targets, probabilities)


def giou_loss(true_boxes: tf.Tensor, predicted_boxes: tf.Tensor) -> tf.Tensor:
    """Computes 1 - GIoU of pairs of boxes [..., 4]; 0 to 2, of shape [...]."""
    values = tfa.losses.giou_loss(true_boxes, predicted_boxes)
    # The library drops every dimension that is 1.
    return tf.reshape(values, tf.shape(predicted_boxes)[:-1])


def quality_loss(logits: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Computes the cross-entropy of centre-ness or IoU.

    There is no gradient through the target, our choice. Wu et al.'s released heads have one, which
    is -logit: it lowers the IoU of boxes whose IoU is believed to be below 1/2. Their own loss of
    boxes outweighs that; TOOD's does not for boxes of little alignment.

    Args:
      logits: [...].
      target: of this shape, 0 to 1.

    Returns:
      Of this shape.
    """
    return tf.nn.sigmoid_cross_entropy_with_logits(tf.stop_gradient(target), logits)
