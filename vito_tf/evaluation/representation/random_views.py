# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Augmented views of an image, the positive pairs by which alignment is measured."""

from __future__ import annotations

import functools

import tensorflow as tf

from vito_tf import augmentation
from vito_tf.evaluation import preprocessing
from vito_tf.transfer import reading

_POLICIES = (augmentation.A1, augmentation.A2)
_SEEDS = 2**31 - 1


@functools.cache
def pair(min_crop_area: float, seed: int) -> tuple[preprocessing.Preprocessing, ...]:
    """Two ways to draw a view of an image: random crops, then A1 and A2 of BYOL (A.1).

    A view depends on the image's bytes and the seed alone.

    Args:
      min_crop_area: smallest share of the image that a crop covers, in (0, 1].
      seed: of the draws.
    """
    return tuple(_drawn(number, min_crop_area, seed) for number in range(len(_POLICIES)))


def _drawn(number: int, min_crop_area: float, seed: int) -> preprocessing.Preprocessing:
    def view(image: tf.Tensor, size: int) -> tf.Tensor:
        own = tf.cast(tf.strings.to_hash_bucket_fast(image, _SEEDS), tf.int32)
        seeds = tf.stack([own, tf.constant(len(_POLICIES) * seed + number, tf.int32)])
        pixels = reading.decode_image(image)
        height, width, _ = tf.unstack(tf.shape(pixels))
        box = augmentation.random_crop_box(seeds, height, width, min_crop_area)
        crop = augmentation.crop_and_resize(pixels, box, size)
        crop = tf.ensure_shape(crop, [size, size, 3])
        views = augmentation.augment_views(crop[None, None], seeds[None, None], [_POLICIES[number]])
        return views[0, 0]

    name = f"random_view_{number}_of_area_{min_crop_area:g}_seed_{seed}"
    return preprocessing.Preprocessing(name, view)
