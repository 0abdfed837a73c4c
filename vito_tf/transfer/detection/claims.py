# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Locations that boxes lay claim to, each left to one of them."""

from __future__ import annotations

import tensorflow as tf


def settle(
    candidates: tf.Tensor, is_positive: tf.Tensor, iou: tf.Tensor, num_locations: int
) -> tf.Tensor:
    """Leaves each location to the claiming box of the highest IoU (ATSS, TOOD).

    Of equal IoUs the box of the lowest index has it.

    Args:
      candidates: int32 [B, N, K], locations, different ones for a box.
      is_positive: bool [B, N, K], whether the box claims that location.
      iou: float32 [B, N, K], above 0 where a claim is.
      num_locations: A.

    Returns:
      int32 [B, A], index of the box, -1 where no box is.
    """
    ious = spread(candidates, tf.where(is_positive, iou, 0.0), num_locations)
    box = tf.argmax(ious, axis=1, output_type=tf.int32)
    return tf.where(tf.reduce_max(ious, axis=1) > 0, box, -1)


def spread(candidates: tf.Tensor, values: tf.Tensor, num_locations: int) -> tf.Tensor:
    """Puts the values [B, N, K] of candidates at their locations: [B, N, A], 0 elsewhere."""
    num_boxes = candidates.shape[1]
    rows = tf.shape(candidates)[0] * num_boxes
    starts = tf.reshape(tf.range(rows) * num_locations, [-1, num_boxes, 1])
    spread_out = tf.math.unsorted_segment_sum(values, candidates + starts, rows * num_locations)
    return tf.reshape(spread_out, [-1, num_boxes, num_locations])
