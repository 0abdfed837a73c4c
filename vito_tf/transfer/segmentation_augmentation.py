# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Scaling, cropping and padding of images together with their masks (A.2).

Images are uint8 [H, W, 3], masks uint8 [H, W]. Images are resized bilinearly and rounded, masks by
nearest neighbours, both with the same half-pixel centres.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

_CROP_TRIALS = 10


def scaled_size(
    size: tf.Tensor, factor: tf.Tensor, long_and_short: Sequence[int] = ()
) -> tf.Tensor:
    """The size of an image that is to be scaled with its aspect ratio kept.

    Args:
      size: int32 [2], height and width.
      factor: float32 scalar.
      long_and_short: two lengths; the image is first made as large as fits into them, its longer
        side into the first (mmsegmentation's `img_scale`). Empty: the image's own size.

    Returns:
      int32 [2], rounded, at least 1.
    """
    sides = tf.cast(size, tf.float32)
    if long_and_short:
        long, short = (tf.floor(factor * length) for length in long_and_short)
        factor = tf.minimum(long / tf.reduce_max(sides), short / tf.reduce_min(sides))
    return tf.maximum(tf.cast(sides * factor + 0.5, tf.int32), 1)


def resize(image: tf.Tensor, mask: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Resizes image and mask to `size`, int32 [2]."""
    pixels = tf.clip_by_value(tf.round(tf.image.resize(image, size)), 0.0, 255.0)
    labels = tf.image.resize(mask[..., tf.newaxis], size, method="nearest")[..., 0]
    return tf.cast(pixels, tf.uint8), labels


def crop_offset(
    mask: tf.Tensor,
    crop_size: Sequence[int],
    seed: tf.Tensor,
    max_class_share: float,
    ignore_label: int,
) -> tf.Tensor:
    """Draws where to crop, uniformly, avoiding crops that one class fills.

    Up to ten places are drawn until no class has `max_class_share` of the pixels with a label, or
    more; an eleventh is then taken as it comes (mmsegmentation's `cat_max_ratio`).

    Args:
      mask: uint8 [H, W].
      crop_size: height and width; larger ones than the image's count as the image's.
      seed: integers [2].
      max_class_share: in (0, 1]; 1 takes the first place.
      ignore_label: label of pixels that do not count.

    Returns:
      int32 [2], the crop's top left corner.
    """
    margin = tf.maximum(tf.shape(mask) - tf.constant(crop_size), 0) + 1
    draws = tf.random.stateless_uniform([_CROP_TRIALS + 1, 2], seed)
    offsets = tf.minimum(tf.cast(draws * tf.cast(margin, tf.float32), tf.int32), margin - 1)
    if max_class_share >= 1:
        return offsets[0]

    def is_filled(trial: tf.Tensor) -> tf.Tensor:
        labels = crop(mask, offsets[trial], crop_size)
        labels = tf.cast(tf.boolean_mask(labels, labels != ignore_label), tf.int32)
        counts = tf.cast(tf.math.bincount(labels), tf.float32)
        # Of no pixels at all, the share is that of one class.
        largest = tf.reduce_max(tf.concat([counts, [0.0]], axis=0))
        return largest >= max_class_share * tf.reduce_sum(counts)

    trial = tf.while_loop(
        lambda trial: tf.logical_and(trial < _CROP_TRIALS, is_filled(trial)),
        lambda trial: (trial + 1,),
        (tf.constant(0),),
    )[0]
    return offsets[trial]


def crop(array: tf.Tensor, offset: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """The part of [H, W, ...] from `offset` on that `size` covers, as far as there is one."""
    return array[offset[0] : offset[0] + size[0], offset[1] : offset[1] + size[1]]


def pad(array: tf.Tensor, size: Sequence[int], value: float) -> tf.Tensor:
    """Fills [H, W, ...] with `value` below and to the right, up to the static `size`."""
    missing = tf.constant(size) - tf.shape(array)[:2]
    paddings = [[0, missing[0]], [0, missing[1]]] + [[0, 0]] * (array.shape.rank - 2)
    padded = tf.pad(array, paddings, constant_values=tf.cast(value, array.dtype))
    return tf.ensure_shape(padded, [*size, *array.shape[2:]])
