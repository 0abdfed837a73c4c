# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the parts of the detector hand to each other.

Boxes are [y_min, x_min, y_max, x_max] in pixels of the network's input. B images, N boxes an image
(padded), A locations over all levels, C classes.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Locations(NamedTuple):
    """Where predictions are made: level by level, row by row.

    Attributes:
      centres: float32 [A, 2] (y, x), at (index + 1/2) stride.
      strides: float32 [A].
      counts: locations of each level, from the finest.
    """

    centres: tf.Tensor
    strides: tf.Tensor
    counts: tuple[int, ...]


class Truth(NamedTuple):
    """The boxes of a batch.

    Attributes:
      boxes: float32 [B, N, 4]; padding is 0.
      classes: int32 [B, N] below C; padding is -1.
      judged: float32 [B, C]: 1 for classes whose absence from the image is known, 0 where an object
        may be there without a box (LVIS); all 1 in COCO.
    """

    boxes: tf.Tensor
    classes: tf.Tensor
    judged: tf.Tensor


class Predictions(NamedTuple):
    """What a head says of every location.

    Attributes:
      probabilities: float32 [B, A, C] in [0, 1].
      boxes: float32 [B, A, 4].
      quality: float32 [B, A] logits of centre-ness or IoU; None without.
    """

    probabilities: tf.Tensor
    boxes: tf.Tensor
    quality: tf.Tensor | None


class Assignment(NamedTuple):
    """Which box each location is to find.

    Attributes:
      box: int32 [B, A], index into N; -1 for none.
      score: float32 [B, A], the probability that the box's class should have there: 1, or TOOD's
        normalised alignment; 0 where there is no box.
    """

    box: tf.Tensor
    score: tf.Tensor
