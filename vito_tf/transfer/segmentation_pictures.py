# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of predicted masks beside the true ones."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from vito_tf.backbones import normalisation

_OPACITY = 0.5


def palette() -> np.ndarray:
    """PASCAL VOC's colours, uint8 [256, 3].

    Of a label's bits from the lowest, the first three go to the highest bits of red, green and
    blue, the next three to the second highest, and so on.
    """
    labels = np.arange(256)
    colours = np.zeros([256, 3], np.uint8)
    for bit in range(8):
        for channel in range(3):
            value = (labels >> (3 * bit + channel)) & 1
            colours[:, channel] |= (value << (7 - bit)).astype(np.uint8)
    return colours


def side_by_side(
    images: tf.Tensor, masks: tf.Tensor, logits: tf.Tensor, ignore_label: int = 255
) -> tf.Tensor:
    """Draws image, true mask over it, and predicted mask over it, from left to right.

    Args:
      images: standardised [B, H, W, 3].
      masks: integers [B, H, W, 1]. Pixels to ignore keep the image in both.
      logits: [B, h, w, C].
      ignore_label: label of pixels that do not count.

    Returns:
      uint8 [B, H, 3 W, 3].
    """
    mean = tf.constant(normalisation.IMAGENET_MEAN)
    stddev = tf.constant(normalisation.IMAGENET_STDDEV)
    photos = 255.0 * (tf.cast(images, tf.float32) * stddev + mean)
    truth = tf.cast(masks[..., 0], tf.int32)
    predictions = tf.argmax(
        tf.image.resize(logits, tf.shape(photos)[1:3]), axis=-1, output_type=tf.int32
    )
    colours = tf.constant(palette().astype(np.float32))
    known = tf.cast(masks != ignore_label, tf.float32)

    def overlay(labels: tf.Tensor) -> tf.Tensor:
        # The background's black, as label 0 has it, leaves the image darker but visible.
        return photos + _OPACITY * known * (tf.gather(colours, labels) - photos)

    strips = tf.concat([photos, overlay(truth), overlay(predictions)], axis=2)
    return tf.cast(tf.clip_by_value(tf.round(strips), 0.0, 255.0), tf.uint8)
