# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The loss of the detector: classes, boxes, and their quality."""

from __future__ import annotations

from typing import Callable

import tensorflow as tf
import tensorflow_addons as tfa

from vito_tf.transfer.detection import boxes, config, structures

MIN_NORMALISER = {"class": 1.0, "box": 1e-12, "quality": 1.0}
MIN_PROBABILITY, MAX_PROBABILITY = 1e-30, 1 - 2**-24
"""Of those that have a gradient; the latter is float32's below 1."""


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
    has_box = assignment.box >= 0
    positive = tf.cast(has_box, tf.float32)
    own_boxes = tf.gather(truth.boxes, tf.maximum(assignment.box, 0), batch_dims=1)
    # Nothing bounds the boxes of the others; what overflows there must not become NaN here.
    predicted = tf.where(has_box[..., tf.newaxis], predictions.boxes, own_boxes)
    centreness = boxes.centreness(boxes.distances(locations.centres, own_boxes))
    centreness = tf.where(has_box, centreness, 0.0)
    weights = {
        "class": assignment.score,
        "box": tf.where(is_aligned, assignment.score, centreness),
        "quality": positive,
    }
    values = {
        "class": class_loss(losses, predictions.probabilities, truth, assignment, is_aligned),
        "box": losses.box_weight * giou_loss(own_boxes, predicted) * weights["box"],
    }
    if quality != config.QUALITIES[0]:
        target = centreness
        if quality == "iou":
            target = boxes.paired_iou(predicted, own_boxes)
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
    the focal loss t is 1 for the other, and alpha weighs the two kinds; it is keras-cv's
    `FocalLoss`. But that has no gradient where p is below 1e-7, so that a class which is that rare
    would never be learnt. Here p has one down to `MIN_PROBABILITY`; where float32 has 1, from
    logits of 17 on, there is none, as in TOOD's code.

    Args:
      losses: see `compute`.
      probabilities: p, float32 [B, A, C].
      truth: see `compute`.
      assignment: see `compute`.
      is_aligned: see `compute`.

    Returns:
      float32 [B, A], summed over classes.
    """
    has_box = assignment.box >= 0
    own_classes = tf.gather(truth.classes, tf.maximum(assignment.box, 0), batch_dims=1)
    is_own = tf.one_hot(
        tf.where(has_box, own_classes, -1), probabilities.shape[-1], True, False, dtype=tf.bool
    )
    is_other = ~is_own
    if losses.federated:
        is_other &= truth.judged[:, tf.newaxis, :] > 0
    # [B, A, C] is 82 MB an image in LVIS: few of them are kept for the gradient.
    probabilities = tf.minimum(probabilities, MAX_PROBABILITY)
    others = tf.where(is_other, probabilities, 0.0)
    other_loss = -tf.reduce_sum(tf.math.xlog1py(others**losses.focal_gamma, -others), axis=-1)
    own = tf.reduce_sum(tf.where(is_own, probabilities, 0.0), axis=-1)
    own = tf.maximum(own, MIN_PROBABILITY)
    score = assignment.score
    own_loss = -score * tf.math.log(own) - (1 - score) * tf.math.log1p(-own)
    own_loss *= tf.abs(score - own) ** losses.focal_gamma
    own_loss = tf.where(has_box, own_loss, 0.0)
    balanced = losses.focal_alpha * own_loss + (1 - losses.focal_alpha) * other_loss
    return tf.where(is_aligned, own_loss + other_loss, balanced)


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
