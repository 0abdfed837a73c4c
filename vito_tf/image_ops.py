# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The transformations of A1 and A2 on batches of images, each with its own strength (A.1).

Images are planes, float32 [N, 3, S, S] in [0, 1] (RGB), which processors read without strides.
All functions keep that shape; strengths are float32 [N].
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_BLUR_DIVIDER = 10
_SOLARISE_THRESHOLD = 0.5
_LUMA = (0.2989, 0.5870, 0.1140)
_TINY = float(np.finfo(np.float32).tiny)


def per_image(values: tf.Tensor) -> tf.Tensor:
    """[N] -> [N, 1, 1, 1], to broadcast with planes."""
    return values[:, tf.newaxis, tf.newaxis, tf.newaxis]


def adjust_brightness_and_contrast(
    planes: tf.Tensor, brightness: tf.Tensor, contrast: tf.Tensor
) -> tf.Tensor:
    """contrast * (x - mean) + mean + brightness, clipped to [0, 1], with each channel's own mean.

    The reference changes either in one step, never both: contrast 1 and brightness 0 are neutral.
    """
    mean = tf.reduce_mean(planes, axis=[2, 3], keepdims=True)
    planes = per_image(contrast) * (planes - mean) + mean + per_image(brightness)
    return tf.clip_by_value(planes, 0.0, 1.0)


def adjust_saturation_and_hue(
    planes: tf.Tensor, saturation: tf.Tensor, hue: tf.Tensor
) -> tf.Tensor:
    """Scales saturation (at most to 1) and rotates hue (in turns) in HSV, without its six cases.

    With v = max, c = chroma and d = the distance on the circle, in sixths of a turn, from the hue
    to the primary of a channel, that channel is v - c clip(d - 1, 0, 1).
    """
    red, green, blue = tf.unstack(planes, axis=1)
    value = tf.maximum(tf.maximum(red, green), blue)
    chroma = value - tf.minimum(tf.minimum(red, green), blue)
    is_red, is_green = red == value, green == value
    difference = tf.where(is_red, green - blue, tf.where(is_green, blue - red, red - green))
    sector = tf.where(is_red, 0.0, tf.where(is_green, 2.0, 4.0))
    sixths = difference / tf.maximum(chroma, _TINY) + sector + 6.0 * hue[:, None, None]
    chroma = tf.minimum(chroma * saturation[:, None, None], value)
    distance = tf.abs(sixths[:, None] - tf.constant([0.0, 2.0, 4.0])[:, None, None])
    distance = tf.minimum(distance, tf.abs(6.0 - distance))
    return value[:, None] - chroma[:, None] * tf.clip_by_value(distance - 1.0, 0.0, 1.0)


def drop_colour(planes: tf.Tensor) -> tf.Tensor:
    """0.2989 R + 0.5870 G + 0.1140 B in all three planes."""
    red, green, blue = tf.unstack(planes, axis=1)
    grey = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return tf.broadcast_to(grey[:, tf.newaxis], tf.shape(planes))


def gaussian_blur(planes: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Separable Gaussian of 2 int(S / 20) + 1 taps (23 at 224), zeros outside the image.

    Kernels differ between images, for which convolutions are slow: this is a sum of shifted images.
    Rows before columns: XLA turns that order into two loops, the other into many.

    Args:
        planes: S must be static.
        sigma: standard deviation in pixels, above 0.
    """
    size = planes.shape[2]
    radius = int(size / _BLUR_DIVIDER / 2)
    offsets = tf.range(-radius, radius + 1, dtype=tf.float32)
    kernel = tf.exp(-tf.square(offsets) / (2.0 * tf.square(sigma[:, tf.newaxis])))
    kernel /= tf.reduce_sum(kernel, axis=1, keepdims=True)
    taps = [per_image(tap) for tap in tf.unstack(kernel, axis=1)]
    planes = tf.pad(planes, [[0, 0], [0, 0], [radius, radius], [radius, radius]])
    planes = tf.add_n([tap * planes[..., i : i + size] for i, tap in enumerate(taps)])
    return tf.add_n([tap * planes[:, :, i : i + size] for i, tap in enumerate(taps)])


def solarise(planes: tf.Tensor) -> tf.Tensor:
    """Inverts values from 0.5 on: x if x < 0.5 else 1 - x."""
    return tf.where(planes < _SOLARISE_THRESHOLD, planes, 1.0 - planes)
