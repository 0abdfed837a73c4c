# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The pyramid pooling module of PSPNet, as UperNet has it on its last level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from vito_tf.transfer import conv_block


def adaptive_average_pool(features: tf.Tensor, bins: int) -> tf.Tensor:
    """Means over a grid of bins that covers a map of any size, as PyTorch's `AdaptiveAvgPool2d`.

    Of n positions along an axis, bin i has those from floor(i n / bins) to ceil((i + 1) n / bins),
    without the last. Neighbouring bins share positions where n is no multiple of their number.
    TensorFlow-addons' layer takes multiples alone.

    Args:
      features: floats [B, h, w, D]; the size may be dynamic.
      bins: along each axis.

    Returns:
      [B, bins, bins, D] of the same type.
    """
    rows, columns = (
        tf.cast(_bin_weights(size, bins), features.dtype)
        for size in tf.unstack(tf.shape(features)[1:3])
    )
    return tf.einsum("xw,bywd->byxd", columns, tf.einsum("yh,bhwd->bywd", rows, features))


def resize(features: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Resizes [B, h, w, D] bilinearly to height and width of `like` [B, H, W, ...].

    Half-pixel centres, no smoothing: PyTorch's `interpolate` with `align_corners=False`.
    """
    # XLA has no gradient of another type than float32.
    resized = tf.image.resize(tf.cast(features, tf.float32), tf.shape(like)[1:3])
    resized.set_shape([None, *like.shape[1:3], None])
    return tf.cast(resized, features.dtype)


class PyramidPooling(tf.keras.layers.Layer):
    """Means over grids of several sizes, and what a 3x3 convolution makes of them and the map.

    Every grid passes a 1x1 convolution and is resized to the map. All convolutions have batch norm
    and ReLU (`conv_block`).

    Args:
      num_filters: of each convolution.
      pool_scales: bins along each axis of each grid.
      norm: `conv_block.ConvNormRelu`'s last three arguments.

    Raises:
      ValueError: for a grid without bins.
    """

    def __init__(self, num_filters: int, pool_scales: Sequence[int], norm: dict[str, Any]):
        super().__init__()
        if any(bins < 1 for bins in pool_scales):
            raise ValueError(f"pool_scales must be positive, not {list(pool_scales)}.")
        self._pool_scales = tuple(pool_scales)
        self._convs = [conv_block.ConvNormRelu(num_filters, 1, **norm) for _ in pool_scales]
        self._bottleneck = conv_block.ConvNormRelu(num_filters, 3, **norm)

    def call(self, features: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Returns [B, h, w, num_filters] for [B, h, w, D]."""
        maps = [features]
        for bins, conv in zip(self._pool_scales, self._convs):
            pooled = conv(adaptive_average_pool(features, bins), training=training)
            maps.append(resize(pooled, like=features))
        return self._bottleneck(tf.concat(maps, axis=-1), training=training)


def _bin_weights(size: tf.Tensor, bins: int) -> tf.Tensor:
    """What every position contributes to the mean of every bin: float32 [bins, size]."""
    number = tf.range(bins)[:, tf.newaxis]
    start, end = number * size // bins, -(-(number + 1) * size // bins)
    position = tf.range(size)[tf.newaxis]
    inside = tf.cast((position >= start) & (position < end), tf.float32)
    return inside / tf.cast(end - start, tf.float32)
