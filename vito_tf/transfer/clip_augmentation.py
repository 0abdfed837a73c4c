# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of clips as AVID-CMA has it, with torchvision's definitions; stateless.

All frames of a clip are treated alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

_ATTEMPTS = 10
_LUMA = (0.2989, 0.587, 0.114)
_NEUTRAL = (1.0, 1.0, 1.0, 0.0)


def random_resized_crop_box(
    seed: tf.Tensor,
    height: tf.Tensor,
    width: tf.Tensor,
    area: Sequence[float],
    aspect: Sequence[float],
) -> tf.Tensor:
    """Draws the box of torchvision's `RandomResizedCrop`.

    The first of ten draws that fits is taken: area uniform, logarithm of the aspect ratio uniform,
    place uniform. If none fits: the largest box in the centre of an allowed aspect ratio.

    Args:
      seed: int32 [2].
      height: int32 scalar, of the frames in pixels.
      width: int32 scalar, of the frames in pixels.
      area: smallest and largest area, relative to the frame's.
      aspect: smallest and largest width / height.

    Returns:
      int32 [4]: top, left, height, width, in pixels.
    """
    draws = tf.random.stateless_uniform([2 * _ATTEMPTS + 2], seed)
    sides = tf.cast(tf.stack([height, width]), tf.float32)
    shares = _between(draws[:_ATTEMPTS], *area)
    logs = _between(draws[_ATTEMPTS:-2], *np.log(aspect).astype(np.float32))
    # [attempt, height and width]
    signs = tf.constant([-1.0, 1.0])
    areas = (shares * tf.reduce_prod(sides))[:, tf.newaxis]
    drawn = tf.round(tf.sqrt(areas * tf.exp(logs[:, tf.newaxis] * signs)))
    fits = tf.reduce_all((drawn > 0) & (drawn <= sides), 1)
    first = drawn[tf.argmax(fits)]
    offset = tf.floor(draws[-2:] * (sides - first + 1))
    own = tf.clip_by_value(sides[1] / sides[0], *aspect)
    largest = tf.minimum(sides, tf.round(sides[::-1] * tf.stack([1 / own, own])))
    centre = tf.floor((sides - largest) / 2)
    found = tf.reduce_any(fits)
    box = tf.where(found, tf.concat([offset, first], 0), tf.concat([centre, largest], 0))
    return tf.cast(box, tf.int32)


def random_flip(seed: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Flips all frames [T, H, W, 3] left to right, or none, with probability 0.5."""
    return tf.where(tf.random.stateless_uniform([], seed) < 0.5, frames[:, :, ::-1], frames)


def colour_jitter(seed: tf.Tensor, frames: tf.Tensor, strengths: Sequence[float]) -> tf.Tensor:
    """torchvision's `ColorJitter`, one draw for the clip.

    Brightness, contrast and saturation are multiplied by factors uniform in 1 +- strength, not
    negative; hue is turned by an angle uniform in +- strength; in random order.

    Args:
      seed: int32 [2].
      frames: float32 [T, H, W, 3] in [0, 1].
      strengths: of brightness, contrast, saturation (each >= 0) and hue (in turns, 0 to 0.5).

    Returns:
      float32 [T, H, W, 3] in [0, 1].
    """
    draws = tf.random.stateless_uniform([8], seed)
    values = _between(draws[:4], -1.0, 1.0) * strengths + _NEUTRAL
    return adjust_colours(frames, tf.maximum(values, [0, 0, 0, -0.5]), tf.argsort(draws[4:]))


def adjust_colours(frames: tf.Tensor, values: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """Applies torchvision's four colour adjustments one after the other, each clipped to [0, 1].

    Args:
      frames: float32 [T, H, W, 3] in [0, 1].
      values: float32 [4]: factors of brightness, contrast and saturation, turns of hue.
      order: int32 [4], a permutation: which adjustment comes first, second, ...

    Returns:
      float32 [T, H, W, 3] in [0, 1].
    """

    def brightness(x: tf.Tensor) -> tf.Tensor:
        return _blend(x, tf.zeros_like(x), values[0])

    def contrast(x: tf.Tensor) -> tf.Tensor:
        return _blend(x, tf.reduce_mean(_grey(x), [1, 2, 3], keepdims=True), values[1])

    def saturation(x: tf.Tensor) -> tf.Tensor:
        return _blend(x, _grey(x), values[2])

    def hue(x: tf.Tensor) -> tf.Tensor:
        return tf.image.adjust_hue(x, values[3])

    for place in range(4):
        chosen = order[place]
        branches = [
            lambda x=frames, adjust=adjust: adjust(x)
            for adjust in (brightness, contrast, saturation, hue)
        ]
        frames = tf.switch_case(chosen, branches)
    return frames


def _between(draw: tf.Tensor, low: float, high: float) -> tf.Tensor:
    return low + (high - low) * draw


def _blend(frames: tf.Tensor, others: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(factor * frames + (1 - factor) * others, 0.0, 1.0)


def _grey(frames: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(frames, tf.constant(_LUMA)[:, tf.newaxis], 1)
