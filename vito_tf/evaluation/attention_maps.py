# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Attention masks at image size (§4.2, Figure B.1)."""

from __future__ import annotations

import tensorflow as tf


def upsampled_masks(
    masks: dict[str, tf.Tensor], image_size: int | tf.Tensor
) -> dict[str, tf.Tensor]:
    """Brings the masks of each scale to the size of the image.

    The paper up-samples without saying how; bilinear interpolation is our choice.

    Args:
      masks: {level: [B, h, w] float32}, each summing to 1 over positions.
      image_size: S, or int32 [2]: height H and width W.

    Returns:
      {level: [B, S, S] or [B, H, W] float32}, again summing to 1.
    """
    size = [image_size, image_size] if isinstance(image_size, int) else image_size
    resized = {}
    for level, mask in masks.items():
        large = tf.image.resize(mask[..., None], size)[..., 0]
        resized[level] = large / tf.reduce_sum(large, axis=[1, 2], keepdims=True)
    return resized


def mean_mask(masks: dict[str, tf.Tensor], image_size: int | tf.Tensor) -> tf.Tensor:
    """The average over scales of the up-sampled masks (§4.2), float32, summing to 1.

    Arguments and shape are those of `upsampled_masks`.
    """
    return tf.add_n(list(upsampled_masks(masks, image_size).values())) / len(masks)


def mass_inside(mask: tf.Tensor, region: tf.Tensor) -> tf.Tensor:
    """Share of each mask [B, S, S] that lies in a region, bool [B, S, S]: float32 [B] in [0, 1]."""
    return tf.reduce_sum(mask * tf.cast(region, mask.dtype), axis=[1, 2])
