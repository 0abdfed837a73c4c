# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Task-aligned learning (TOOD: `task_aligned_assigner.py`, and `get_targets` of its head)."""

from __future__ import annotations

import tensorflow as tf

from vito_tf.transfer.detection import boxes, claims, structures

EPSILON = 1e-7
"""Added to the highest alignment of a box before division by it; 10e-8 in TOOD."""


def assign(
    locations: structures.Locations,
    truth: structures.Truth,
    predictions: structures.Predictions,
    alpha: float = 1.0,
    beta: float = 6.0,
    top_k: int = 13,
) -> structures.Assignment:
    """Finds the box of each location, and how well its prediction is aligned to that.

    The alignment is t = s^alpha u^beta, s the probability of the box's class and u the IoU of the
    predicted box with it. The candidates of a box are the locations of highest t over all levels,
    of equal ones those of the lowest index. A box claims those of its candidates that have t > 0
    and that are inside of it, by more than `boxes.MARGIN` pixels; those that are not are not
    replaced by others. Of the boxes that claim a location the one of the highest u has it, of equal
    ones that of the lowest index. Over the locations that a box then has, t is scaled such that the
    highest is the highest u: t / (max t + `EPSILON`) max u.

    Args:
      locations: A of them.
      truth: boxes of B images, padded to N.
      predictions: on them; nothing is differentiated through these.
      alpha: exponent of the probability.
      beta: exponent of the IoU.
      top_k: candidates a box, if there are as many locations.

    Returns:
      boxes [B, A], and scaled alignments in [0, 1].
    """
    probabilities = _own_probabilities(truth, tf.stop_gradient(predictions.probabilities))
    iou = boxes.iou(truth.boxes, tf.stop_gradient(predictions.boxes))
    alignment = probabilities**alpha * iou**beta
    num_locations = sum(locations.counts)
    best, candidates = tf.math.top_k(alignment, min(top_k, num_locations))
    candidate_iou = tf.gather(iou, candidates, batch_dims=2)
    points = tf.gather(locations.centres, candidates)
    is_positive = (best > 0) & boxes.inside(points, truth.boxes[:, :, tf.newaxis])
    is_positive &= (truth.classes >= 0)[:, :, tf.newaxis]
    box = claims.settle(candidates, is_positive, candidate_iou, num_locations)
    owner = tf.gather(box, candidates, batch_dims=1)
    is_kept = owner == tf.range(truth.classes.shape[1])[:, tf.newaxis]
    scores = _scaled(tf.where(is_kept, best, 0.0), tf.where(is_kept, candidate_iou, 0.0))
    score = tf.reduce_sum(claims.spread(candidates, scores, num_locations), axis=1)
    return structures.Assignment(box=box, score=score)


def _own_probabilities(truth: structures.Truth, probabilities: tf.Tensor) -> tf.Tensor:
    """The probabilities [B, N, A] of the boxes' own classes; of any class for padding."""
    by_class = tf.transpose(probabilities, [0, 2, 1])
    return tf.gather(by_class, tf.maximum(truth.classes, 0), batch_dims=1)


def _scaled(alignment: tf.Tensor, iou: tf.Tensor) -> tf.Tensor:
    """Scales the alignments [B, N, K] of each box, both 0 where it does not have the location."""
    highest = tf.reduce_max(alignment, axis=-1, keepdims=True)
    return alignment / (highest + EPSILON) * tf.reduce_max(iou, axis=-1, keepdims=True)
