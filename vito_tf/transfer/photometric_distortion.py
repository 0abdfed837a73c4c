# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""mmsegmentation's PhotoMetricDistortion, which A.2 applies to ADE20K.

Its arithmetic is OpenCV's on bytes: every step ends in whole numbers of [0, 255], and hue counts
in steps of two degrees, [0, 180).
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

_BRIGHTNESS = 32.0
_CONTRAST = (0.5, 1.5)
_SATURATION = (0.5, 1.5)
_HUE = 18
_HUES = 180
_SHIFT = 12


class Distortion(NamedTuple):
    """What to do with one image; scalars.

    Attributes:
      brightness: float32 to add, in [-32, 32).
      contrast: float32 to multiply with, in [0.5, 1.5).
      saturation: float32 to multiply with, in [0.5, 1.5).
      hue: int32 to add, in [-18, 18), of 180 steps a turn.
      applied: bool [4], which of the four happen.
      contrast_first: bool; contrast comes before saturation and hue, or after them.
    """

    brightness: tf.Tensor
    contrast: tf.Tensor
    saturation: tf.Tensor
    hue: tf.Tensor
    applied: tf.Tensor
    contrast_first: tf.Tensor


def sample(seed: tf.Tensor) -> Distortion:
    """Draws a distortion in which each step happens with probability 1/2.

    Args:
      seed: integers [2].
    """
    seeds = tf.random.experimental.stateless_split(seed, 2)
    coins = tf.random.stateless_uniform([5], seeds[0]) < 0.5
    draws = tf.random.stateless_uniform([4], seeds[1])
    return Distortion(
        brightness=_BRIGHTNESS * (2.0 * draws[0] - 1.0),
        contrast=_CONTRAST[0] + (_CONTRAST[1] - _CONTRAST[0]) * draws[1],
        saturation=_SATURATION[0] + (_SATURATION[1] - _SATURATION[0]) * draws[2],
        hue=tf.cast(tf.floor(2 * _HUE * draws[3]), tf.int32) - _HUE,
        applied=coins[:4],
        contrast_first=coins[4],
    )


def distort(image: tf.Tensor, distortion: Distortion) -> tf.Tensor:
    """Changes brightness, contrast, saturation and hue.

    The swap of channels that mmsegmentation documents is not in its code, nor here.

    Args:
      image: uint8 RGB [H, W, 3].
      distortion: what to do.

    Returns:
      uint8 [H, W, 3].
    """
    brightness, contrast, saturation, hue = tf.unstack(distortion.applied)
    first = tf.logical_and(contrast, distortion.contrast_first)
    last = tf.logical_and(contrast, tf.logical_not(distortion.contrast_first))

    def contrasted(pixels):
        return _to_bytes(tf.cast(pixels, tf.float32) * distortion.contrast)

    def saturated(pixels):
        hues, saturations, values = tf.unstack(rgb_to_hsv(pixels), axis=-1)
        saturations = _to_bytes(tf.cast(saturations, tf.float32) * distortion.saturation)
        return hsv_to_rgb(tf.stack([hues, tf.cast(saturations, tf.int32), values], axis=-1))

    def rotated(pixels):
        hues, saturations, values = tf.unstack(rgb_to_hsv(pixels), axis=-1)
        hues = tf.math.floormod(hues + distortion.hue, _HUES)
        return hsv_to_rgb(tf.stack([hues, saturations, values], axis=-1))

    def brightened(pixels):
        return _to_bytes(tf.cast(pixels, tf.float32) + distortion.brightness)

    steps = (
        (brightness, brightened),
        (first, contrasted),
        (saturation, saturated),
        (hue, rotated),
        (last, contrasted),
    )
    for applied, step in steps:
        # Arguments of a function are bound now, variables of the loop when they are used.
        image = tf.cond(
            applied,
            lambda step=step, image=image: step(image),
            lambda image=image: image,
        )
    return image


def rgb_to_hsv(image: tf.Tensor) -> tf.Tensor:
    """OpenCV's conversion of bytes, in whole numbers.

    Args:
      image: uint8 [..., 3].

    Returns:
      int32 [..., 3]: hue in [0, 180), saturation and value in [0, 255].
    """
    red, green, blue = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    value = tf.maximum(tf.maximum(red, green), blue)
    chroma = value - tf.minimum(tf.minimum(red, green), blue)
    sixths = tf.where(
        tf.equal(value, red),
        green - blue,
        tf.where(tf.equal(value, green), blue - red + 2 * chroma, red - green + 4 * chroma),
    )
    saturation = _fixed_point_ratio(chroma, 255.0, value)
    hue = _fixed_point_ratio(sixths, _HUES / 6.0, chroma)
    return tf.stack([tf.where(hue < 0, hue + _HUES, hue), saturation, value], axis=-1)


def hsv_to_rgb(image: tf.Tensor) -> tf.Tensor:
    """The way back.

    With d the distance on the circle, in sixths of a turn, from the hue to a channel's primary, the
    channel is value (1 - saturation clip(d - 1, 0, 1)), rounded to the nearest as OpenCV's scalar
    code does. (Its vector code of version 4.6 cuts the fraction off: 1 of 255 less.)

    Args:
      image: int32 [..., 3] as `rgb_to_hsv` returns it.

    Returns:
      uint8 [..., 3].
    """
    hue, saturation, value = tf.unstack(tf.cast(image, tf.float32)[..., tf.newaxis, :], axis=-1)
    distance = tf.abs(hue * (6.0 / _HUES) - tf.constant([0.0, 2.0, 4.0]))
    distance = tf.minimum(distance, 6.0 - distance)
    share = (saturation / 255.0) * tf.clip_by_value(distance - 1.0, 0.0, 1.0)
    return tf.cast(tf.round(value * (1.0 - share)), tf.uint8)


def _fixed_point_ratio(numerator: tf.Tensor, scale: float, denominator: tf.Tensor) -> tf.Tensor:
    """scale * numerator / denominator, rounded twice as OpenCV does; 0 where it divides by 0."""
    divisor = tf.maximum(tf.cast(denominator, tf.float32), 1.0)
    inverse = tf.cast(tf.round(scale * 2**_SHIFT / divisor), tf.int32)
    ratio = tf.math.floordiv(numerator * inverse + 2 ** (_SHIFT - 1), 2**_SHIFT)
    return tf.where(tf.equal(denominator, 0), 0, ratio)


def _to_bytes(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.clip_by_value(values, 0.0, 255.0), tf.uint8)
