# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""FCOS' assignment: the middle of a box, on the level of its size.

After `prepare_targets` and `get_sample_region` of FCOS' loss, with centre sampling, as its improved
configuration has it.
"""

from __future__ import annotations

import tensorflow as tf

from vito_tf.transfer.detection import boxes, structures

RADIUS = 1.5
"""Of the sampled square around a box's centre, half its side, in strides."""

LARGEST_DISTANCE = 8
"""To a side of the box, in strides: 64 pixels on level 3. The next level begins there."""


def assign(locations: structures.Locations, truth: structures.Truth) -> structures.Assignment:
    """Finds the box of each location.

    It is a box that
      has the location within `RADIUS` strides of its centre, in both directions, and within
        itself, the borders excluded, and
      has its farthest side at a distance in the range of the level, both ends included: up to 64,
        64-128, 128-256, 256-512 and from 512 pixels on levels 3 to 7. Other levels have ranges as
        their strides; the first is open below, the last one above;
    of several the one with the smallest area, and of equal areas the one of the lowest index.
    Areas are continuous, where FCOS adds a pixel to height and width before it compares them.

    Args:
      locations: A of them.
      truth: boxes of B images, padded to N.

    Returns:
      boxes [B, A], and scores of 1.
    """
    # [B, N, 1] and [A], so that pairs are [B, N, A].
    tops, lefts, bottoms, rights = tf.unstack(truth.boxes[:, :, tf.newaxis], axis=-1)
    rows, columns = tf.unstack(locations.centres, axis=-1)
    up, left, down, right = rows - tops, columns - lefts, bottoms - rows, rights - columns
    nearest = tf.minimum(tf.minimum(up, down), tf.minimum(left, right))
    farthest = tf.maximum(tf.maximum(up, down), tf.maximum(left, right))
    # From the centre of the box, a location is half as far as up and down differ.
    off_centre = tf.maximum(tf.abs(up - down), tf.abs(left - right)) / 2
    low, high = _ranges(locations)
    is_own = (nearest > 0) & (off_centre < RADIUS * locations.strides)
    is_own &= (farthest >= low) & (farthest <= high) & (truth.classes >= 0)[:, :, tf.newaxis]
    areas = tf.where(is_own, boxes.area(truth.boxes)[:, :, tf.newaxis], float("inf"))
    box = tf.argmin(areas, axis=1, output_type=tf.int32)
    box = tf.where(tf.reduce_any(is_own, axis=1), box, -1)
    return structures.Assignment(box=box, score=tf.cast(box >= 0, tf.float32))


def _ranges(locations: structures.Locations) -> tuple[tf.Tensor, tf.Tensor]:
    """Smallest and largest distance to the farthest side, each float32 [A], in pixels."""
    high = LARGEST_DISTANCE * locations.strides
    first, last = locations.counts[0], locations.counts[-1]
    low = tf.concat([tf.zeros([first]), high[first:] / 2], axis=0)
    return low, tf.concat([high[:-last], tf.fill([last], float("inf"))], axis=0)
