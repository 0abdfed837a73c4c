# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Scaling, cropping and flipping of images together with their boxes (A.3).

Images are [H, W, 3], boxes float32 [M, 4] as [y_min, x_min, y_max, x_max], in shares of the image's
height and width where they are called relative, in pixels elsewhere.

Model Garden's `resize_and_crop_image` does the same for RetinaNet, but with randomness that no
seed of ours decides, and with no row left of an image that is very long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf
from official.vision.ops import preprocess_ops

from vito_tf.transfer import segmentation_augmentation

SMALLEST_SIDE = 1.0
"""Pixels of the network's input; what is left of a box after cropping is dropped if a side is
shorter. Our choice: the paper says nothing, and mmdetection's usual filter is the same."""


class View(NamedTuple):
    """Which part of an image is seen, at which scale.

    Attributes:
      size: int32 [2], height and width of the whole image when it is scaled.
      offset: int32 [2], the part's top left corner in it.
      output_size: height and width of the part, or more: the rest is padding.
    """

    size: tf.Tensor
    offset: tf.Tensor
    output_size: Sequence[int]


def fitted(image_size: tf.Tensor, output_size: Sequence[int], factor: float | tf.Tensor) -> View:
    """The view of an image that is scaled by `factor` times what tightly fits it in, uncropped.

    Args:
      image_size: int32 [2].
      output_size: height and width to fit into.
      factor: u of A.3; 1 for evaluation.
    """
    sides = tf.cast(image_size, tf.float32)
    scale = tf.reduce_min(tf.constant(output_size, tf.float32) / sides)
    size = segmentation_augmentation.scaled_size(image_size, factor * scale)
    return View(size, tf.zeros([2], tf.int32), output_size)


def random_view(
    image_size: tf.Tensor,
    output_size: Sequence[int],
    smallest: float,
    largest: float,
    seed: tf.Tensor,
) -> View:
    """A view at u times the scale that fits, u uniform, cropped uniformly where it is larger (A.3).

    Args:
      image_size: int32 [2].
      output_size: height and width.
      smallest: of u.
      largest: of u.
      seed: integers [2].
    """
    seeds = tf.random.experimental.stateless_split(seed, 2)
    factor = tf.random.stateless_uniform([], seeds[0], smallest, largest)
    view = fitted(image_size, output_size, factor)
    places = tf.maximum(view.size - tf.constant(output_size), 0) + 1
    draw = tf.random.stateless_uniform([2], seeds[1]) * tf.cast(places, tf.float32)
    return view._replace(offset=tf.minimum(tf.cast(draw, tf.int32), places - 1))


def see(image: tf.Tensor, view: View) -> tf.Tensor:
    """Resizes bilinearly, crops, and pads with zeros below and to the right.

    Args:
      image: float32 [H, W, 3].
      view: which part.

    Returns:
      float32 [h, w, 3] of the view's `output_size`.
    """
    scaled = tf.image.resize(image, view.size)
    part = segmentation_augmentation.crop(scaled, view.offset, view.output_size)
    return segmentation_augmentation.pad(part, view.output_size, 0.0)


def move(boxes: tf.Tensor, view: View) -> tf.Tensor:
    """Relative boxes of the image as pixels of the view, clipped to it; float32 [M, 4]."""
    return preprocess_ops.resize_and_crop_boxes(
        boxes,
        tf.cast(view.size, tf.float32),
        list(view.output_size),
        tf.cast(view.offset, tf.float32),
    )


def is_visible(boxes: tf.Tensor) -> tf.Tensor:
    """Whether boxes, in pixels, have no side shorter than `SMALLEST_SIDE`: bool [M]."""
    return tf.reduce_all(boxes[:, 2:] - boxes[:, :2] >= SMALLEST_SIDE, axis=1)


def flip(image: tf.Tensor, boxes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirrors left and right in image and relative boxes."""
    y_min, x_min, y_max, x_max = tf.unstack(boxes, axis=1)
    return image[:, ::-1], tf.stack([y_min, 1.0 - x_max, y_max, 1.0 - x_min], axis=1)


def image_info(image_size: tf.Tensor, view: View) -> tf.Tensor:
    """Model Garden's float32 [4, 2]: the image's own size, `output_size`, scale and offset.

    A box in the view's pixels, plus offset, divided by scale, is one in the image's own pixels.
    """
    own, size = (tf.cast(sides, tf.float32) for sides in (image_size, view.size))
    room = tf.constant(view.output_size, tf.float32)
    return tf.stack([own, room, size / own, tf.cast(view.offset, tf.float32)])
