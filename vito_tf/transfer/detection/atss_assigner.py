# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Adaptive training sample selection (Zhang et al. 2020; the ATSS branch of its `loss.py`)."""

from __future__ import annotations

import tensorflow as tf

from vito_tf.transfer.detection import boxes, claims, structures

ANCHOR_SIDE = 8
"""Of the one square anchor of a location, in strides."""


def assign(
    locations: structures.Locations, truth: structures.Truth, num_candidates: int = 9
) -> structures.Assignment:
    """Finds the box of each location.

    The candidates of a box are, on each level, the locations nearest to its centre, of equally near
    ones those of the lowest index. A box claims those of its candidates that are inside of it, by
    more than `boxes.MARGIN` pixels, and whose anchor's IoU with it is not below the mean and one
    standard deviation (of n - 1) of the IoUs of all of them. Of the boxes that claim a location the
    one of the highest IoU has it, of equal ones that of the lowest index.

    Sizes are continuous, where ATSS adds a pixel to height and width. The deviation of a single
    candidate is 0, where ATSS' is NaN, and nothing positive.

    Args:
      locations: A of them.
      truth: boxes of B images, padded to N.
      num_candidates: k, on each level that has as many locations; 1 or more.

    Returns:
      boxes [B, A], and scores of 1.
    """
    candidates = _candidates(locations, truth, num_candidates)
    own = truth.boxes[:, :, tf.newaxis]
    points = tf.gather(locations.centres, candidates)
    sides = ANCHOR_SIDE / 2 * tf.gather(locations.strides, candidates)
    anchors = boxes.from_distances(points, tf.stack([sides] * 4, axis=-1))
    iou = boxes.paired_iou(anchors, own)
    # Relative to the highest, so that IoUs which are all the same are not below their mean.
    excess = iou - tf.reduce_max(iou, axis=-1, keepdims=True)
    count = candidates.shape[-1]
    variance = tf.math.reduce_variance(excess, axis=-1, keepdims=True)
    deviation = tf.sqrt(variance * count / max(count - 1, 1))
    is_positive = excess >= tf.reduce_mean(excess, axis=-1, keepdims=True) + deviation
    is_positive &= boxes.inside(points, own) & (truth.classes >= 0)[:, :, tf.newaxis]
    box = claims.settle(candidates, is_positive, iou, sum(locations.counts))
    return structures.Assignment(box=box, score=tf.cast(box >= 0, tf.float32))


def _candidates(
    locations: structures.Locations, truth: structures.Truth, num_candidates: int
) -> tf.Tensor:
    """The locations nearest to each box, int32 [B, N, K]: those of the finest level first."""
    rows, columns = tf.unstack(locations.centres, axis=-1)
    box_rows, box_columns = tf.unstack(boxes.centres(truth.boxes)[:, :, tf.newaxis], axis=-1)
    nearness = -((rows - box_rows) ** 2 + (columns - box_columns) ** 2)
    candidates, first = [], 0
    for level, count in zip(tf.split(nearness, locations.counts, axis=-1), locations.counts):
        nearest = tf.math.top_k(level, min(num_candidates, count)).indices
        candidates.append(first + nearest)
        first += count
    return tf.concat(candidates, axis=-1)
