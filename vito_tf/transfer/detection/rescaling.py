# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From pixels of the network's input to those of an image as it was."""

from __future__ import annotations

import tensorflow as tf


def to_images(boxes: tf.Tensor, image_info: tf.Tensor) -> tf.Tensor:
    """Undoes preprocessing, and clips to the image.

    Args:
      boxes: float32 [B, M, 4] (y_min, x_min, y_max, x_max) in pixels of the network's input.
      image_info: float32 [B, 4, 2] (y, x), as Model Garden has it: the image's own size, the
        desired one, scale, and offset.

    Returns:
      float32 [B, M, 4] in pixels of the images.
    """
    size, _, scale, offset = tf.unstack(tf.tile(image_info, [1, 1, 2])[:, tf.newaxis], 4, axis=2)
    return tf.clip_by_value((boxes + offset) / scale, 0.0, size)
