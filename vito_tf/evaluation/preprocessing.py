# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How evaluation protocols turn an encoded image into a square of pixels."""

from __future__ import annotations

from typing import Callable, NamedTuple

import tensorflow as tf

from vito_tf.transfer import image_input, reading

_RESIZED_SHARE = 224 / 256


class Preprocessing(NamedTuple):
    """A way to crop and resize.

    Attributes:
      name: for configurations and caches.
      view: from an encoded image, string, and S to float32 [S, S, 3] in [0, 1].
    """

    name: str
    view: Callable[[tf.Tensor, int], tf.Tensor]


def _resized_and_cropped(image: tf.Tensor, size: int) -> tf.Tensor:
    pixels = reading.decode_image(image)
    short = tf.cast(tf.round(size / _RESIZED_SHARE), tf.int32)
    height, width, _ = tf.unstack(tf.shape(pixels))
    shorter = tf.minimum(height, width)
    new_height, new_width = short * height // shorter, short * width // shorter
    resized = tf.image.resize(pixels, [new_height, new_width], "bilinear", antialias=True)
    resized = tf.round(tf.clip_by_value(resized, 0, 255)) / 255
    top = tf.cast(tf.round((new_height - size) / 2), tf.int32)
    left = tf.cast(tf.round((new_width - size) / 2), tf.int32)
    return tf.ensure_shape(resized[top : top + size, left : left + size], [size, size, 3])


def _as_is(image: tf.Tensor, size: int) -> tf.Tensor:
    pixels = reading.decode_image(image)
    return tf.cast(tf.ensure_shape(pixels, [size, size, 3]), tf.float32) / 255


def _whole(image: tf.Tensor, size: int) -> tf.Tensor:
    pixels = reading.decode_image(image)
    return tf.ensure_shape(tf.image.resize(pixels, [size, size]) / 255, [size, size, 3])


CENTRAL_CROP = Preprocessing("central_crop", image_input.central_view)
"""BYOL's: the central square of 224/256 of the shorter side, resized bicubically."""

RESIZE_AND_CROP = Preprocessing("resize_and_crop", _resized_and_cropped)
"""torchvision's Resize(256), CenterCrop(224): bilinear with antialiasing, to whole grey levels."""

AS_IS = Preprocessing("as_is", _as_is)
"""Nothing; the image must be S x S."""

WHOLE = Preprocessing("whole", _whole)
"""All of the image, squeezed into the square by bilinear interpolation without antialiasing."""

ALL = {one.name: one for one in (CENTRAL_CROP, RESIZE_AND_CROP, AS_IS, WHOLE)}
