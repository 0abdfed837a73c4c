# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Geometry of boxes.

Boxes are float32 [..., 4] (y_min, x_min, y_max, x_max), points float32 [..., 2] (y, x) and
distances float32 [..., 4] from a point up, left, down and right to the sides of a box, all in
pixels. Sizes are continuous, y_max - y_min; FCOS, ATSS and TOOD add 1 in some places, as if
coordinates were indices of pixels. The shapes before the last dimension broadcast.
"""

from __future__ import annotations

import tensorflow as tf

MARGIN = 0.01


def iou(boxes: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Intersection over union of all pairs.

    Args:
      boxes: [..., M, 4].
      others: [..., N, 4].

    Returns:
      float32 [..., M, N] in [0, 1], see `paired_iou`.
    """
    return paired_iou(boxes[..., :, tf.newaxis, :], others[..., tf.newaxis, :, :])


def paired_iou(boxes: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Intersection over union, element by element.

    It is 0 if either box is empty or inverted, never NaN. keras-cv's and Model Garden's functions
    add a constant to the union and may return negative numbers of inverted boxes, and
    tensorflow-addons' gives 1 - IoU, in which small IoUs are lost, of which TOOD needs the ratios.

    Args:
      boxes: [..., 4].
      others: [..., 4].

    Returns:
      float32 [...] in [0, 1].
    """
    tops, lefts, bottoms, rights = tf.unstack(boxes, axis=-1)
    other_tops, other_lefts, other_bottoms, other_rights = tf.unstack(others, axis=-1)
    both = tf.nn.relu(tf.minimum(bottoms, other_bottoms) - tf.maximum(tops, other_tops))
    both *= tf.nn.relu(tf.minimum(rights, other_rights) - tf.maximum(lefts, other_lefts))
    return tf.math.divide_no_nan(both, area(boxes) + area(others) - both)


def area(boxes: tf.Tensor) -> tf.Tensor:
    """Square pixels, float32 [...]; 0 of empty and of inverted boxes."""
    return tf.reduce_prod(tf.nn.relu(boxes[..., 2:] - boxes[..., :2]), axis=-1)


def centres(boxes: tf.Tensor) -> tf.Tensor:
    """The points [..., 2] in the middle of boxes [..., 4]."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def distances(points: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
    """Distances [..., 4] from points [..., 2] to the sides of boxes [..., 4]; < 0 if outside."""
    return tf.concat([points - boxes[..., :2], boxes[..., 2:] - points], axis=-1)


def from_distances(points: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
    """The boxes [..., 4] whose sides have the distances [..., 4] from points [..., 2]."""
    return tf.concat([points - sides[..., :2], points + sides[..., 2:]], axis=-1)


def inside(points: tf.Tensor, boxes: tf.Tensor, margin: float = MARGIN) -> tf.Tensor:
    """Whether points are in boxes, farther than `margin` pixels from every side (ATSS, TOOD).

    Args:
      points: [..., 2].
      boxes: [..., 4].
      margin: pixels.

    Returns:
      bool [...].
    """
    return tf.reduce_min(distances(points, boxes), axis=-1) > margin


def centreness(sides: tf.Tensor) -> tf.Tensor:
    """How central points are in their boxes (FCOS, eq. 3).

    Args:
      sides: distances [..., 4].

    Returns:
      float32 [...], the root of min / max of up and down times that of left and right: 1 in the
      centre, 0 on the border and, where FCOS has no value, outside.
    """
    before, after = sides[..., :2], sides[..., 2:]
    shares = tf.math.divide_no_nan(tf.nn.relu(tf.minimum(before, after)), tf.maximum(before, after))
    return tf.sqrt(tf.reduce_prod(shares, axis=-1))
