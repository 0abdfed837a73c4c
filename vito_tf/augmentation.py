# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Image transformations A1 and A2 (appendix A.1; BYOL, Grill et al. 2020, appendix B, table 6).

A view is made in two steps, both stateless: the same seed gives the same view.

1. Per frame, on the host: `random_crop_box`, then `decode_crop_and_resize` (JPEG) or
   `crop_and_resize` (pixels).
2. Per batch, on the host or inside the train step: `augment_views`, which is `draw_parameters`
   followed by `apply_parameters`: flip, colour jitter, greyscale, blur, solarisation, clip.

Step 2 has static shapes and only uses operations that XLA compiles for every device. On a CPU it
should be compiled, `tf.function(augment_views, jit_compile=True)`: that takes a tenth of the time.
Batches of few images are fastest there, as they stay in the cache.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from typing import Callable, NamedTuple

import gin
import numpy as np
import tensorflow as tf

from vito_tf import image_ops, threefry

_ASPECT_RATIOS = (3 / 4, 4 / 3)
_BLUR_SIGMAS = (0.1, 2.0)

_JITTER_OPS = ("brightness", "contrast", "saturation", "hue")
_JITTER_NEUTRAL = (0.0, 1.0, 1.0, 0.0)
_JITTER_KINDS = ("affine", "affine", "hsv", "hsv")
_JITTER_SLOTS = ("affine", "hsv", "affine", "affine", "hsv", "affine")


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ViewPolicy:
    """Probabilities and strengths of the transformations of one view (BYOL, table 6).

    Attributes:
        blur: probability of Gaussian blur.
        solarise: probability of solarisation.
        flip: probability of a left-right flip.
        jitter: probability of colour jitter (one coin for its four operations).
        brightness: largest offset added to the image, >= 0.
        contrast: largest relative change of contrast, in [0, 1].
        saturation: largest relative change of saturation, in [0, 1].
        hue: largest rotation of hue in turns, in [0, 0.5].
        grey: probability of dropping colour.

    Raises:
        ValueError: a value lies outside its range.
    """

    blur: float
    solarise: float
    flip: float = 0.5
    jitter: float = 0.8
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.2
    hue: float = 0.1
    grey: float = 0.2

    def __post_init__(self) -> None:
        largest = {"brightness": math.inf, "hue": 0.5}
        for field in dataclasses.fields(self):
            value, limit = getattr(self, field.name), largest.get(field.name, 1.0)
            if not 0 <= value <= limit:
                raise ValueError(f"ViewPolicy.{field.name} = {value} is outside [0, {limit:g}].")


A1 = ViewPolicy(blur=1.0, solarise=0.0)
A2 = ViewPolicy(blur=0.1, solarise=0.2)


class ViewParameters(NamedTuple):
    """Random choices for a batch of views; every field has the same shape, [...].

    Attributes:
        flip: bool.
        jitter: bool; where false, the next five fields are without effect.
        brightness: float32, added to the image.
        contrast: float32, factor about the mean of each channel.
        saturation: float32, factor of the saturation of HSV.
        hue: float32 in turns, added to the hue of HSV.
        order: int32 in [0, 24), index into `itertools.permutations` of the four operations in the
            order of their fields.
        grey: bool.
        blur: bool.
        sigma: float32, standard deviation of the blur in pixels.
        solarise: bool.
    """

    flip: tf.Tensor
    jitter: tf.Tensor
    brightness: tf.Tensor
    contrast: tf.Tensor
    saturation: tf.Tensor
    hue: tf.Tensor
    order: tf.Tensor
    grey: tf.Tensor
    blur: tf.Tensor
    sigma: tf.Tensor
    solarise: tf.Tensor


def random_crop_box(
    seed: tf.Tensor, height: tf.Tensor, width: tf.Tensor, min_area: float
) -> tf.Tensor:
    """Draws a crop whose area is uniform in [min_area, 1] of the image's (A.1).

    The logarithm of the aspect ratio is uniform in [log 3/4, log 4/3]. Sides are rounded, then
    clamped to [1, side of the image]; there is no second draw. The place is uniform.

    Args:
        seed: int32 [2].
        height: int32 scalar, of the image in pixels.
        width: int32 scalar, of the image in pixels.
        min_area: smallest area relative to the image's, in (0, 1].

    Returns:
        int32 [4]: top, left, height, width, in pixels.

    Raises:
        ValueError: `min_area` is outside (0, 1].
    """
    if not 0 < min_area <= 1:
        raise ValueError(f"min_area = {min_area} is outside (0, 1].")
    sides = tf.stack([height, width])
    draw = tf.random.stateless_uniform([4], seed)
    area = _between(draw[0], min_area, 1.0) * tf.cast(height * width, tf.float32)
    log_aspect = _between(draw[1], *np.log(_ASPECT_RATIOS))
    crop = tf.sqrt(area * tf.exp(log_aspect * tf.constant([-1.0, 1.0])))
    crop = tf.clip_by_value(tf.cast(tf.round(crop), tf.int32), 1, sides)
    offset = tf.cast(draw[2:] * tf.cast(sides - crop + 1, tf.float32), tf.int32)
    return tf.concat([offset, crop], axis=0)


def decode_crop_and_resize(jpeg: tf.Tensor, box: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes only the crop of a JPEG image and resizes it; equals `crop_and_resize` of all of it.

    Where chroma is subsampled, its interpolation at a pixel takes in the neighbouring column, so
    one column more is decoded on either side. Rows need no margin: the decoder skips lines only
    after it has read what surrounds them.

    Args:
        jpeg: string scalar; greyscale and CMYK images are converted to RGB.
        box: int32 [4]: top, left, height, width, inside the image.
        size: side of the result in pixels.

    Returns:
        float32 [size, size, 3] in [0, 1].
    """
    top, left, height, width = tf.unstack(box)
    image_width = tf.io.extract_jpeg_shape(jpeg)[1]
    start = tf.maximum(left - 1, 0)
    stop = tf.minimum(left + width + 1, image_width)
    image = tf.io.decode_and_crop_jpeg(jpeg, [top, start, height, stop - start], channels=3)
    return _resize(image[:, left - start : left - start + width], size)


def crop_and_resize(image: tf.Tensor, box: tf.Tensor, size: int) -> tf.Tensor:
    """Crops an image and resizes the crop with bicubic interpolation (A.1), without antialiasing.

    Args:
        image: uint8 [H, W, 3].
        box: int32 [4]: top, left, height, width, inside the image.
        size: side of the result in pixels.

    Returns:
        float32 [size, size, 3] in [0, 1].
    """
    top, left, height, width = tf.unstack(box)
    return _resize(image[top : top + height, left : left + width], size)


def augment_views(
    views: tf.Tensor, seeds: tf.Tensor, policies: Sequence[ViewPolicy] = (A1, A2, A1)
) -> tf.Tensor:
    """Applies to each view a draw of its policy (A.1, items 2 to 6).

    A view depends on its pixels, its seed and its policy alone, not on the rest of the batch.

    Args:
        views: float32 [B, V, S, S, 3] in [0, 1], a static shape under XLA.
        seeds: int32 [B, V, 2].
        policies: at least V of them; view v follows `policies[v]`.

    Returns:
        float32 [B, V, S, S, 3] in [0, 1].

    Raises:
        ValueError: there are fewer policies than views.
    """
    num_views = views.shape[1]
    if len(policies) < num_views:
        raise ValueError(
            f"augment_views.policies has {len(policies)} entries for {num_views} views."
        )
    parameters = draw_parameters(seeds, policies[:num_views])
    flat = tf.nest.map_structure(lambda field: tf.reshape(field, [-1]), parameters)
    images = apply_parameters(tf.reshape(views, [-1, *views.shape[2:]]), flat)
    return tf.ensure_shape(tf.reshape(images, tf.shape(views)), views.shape)


def draw_parameters(seeds: tf.Tensor, policies: Sequence[ViewPolicy]) -> ViewParameters:
    """Draws the parameters of a batch of views (BYOL, table 6).

    Args:
        seeds: int32 [B, V, 2].
        policies: V of them.

    Returns:
        `ViewParameters` whose fields are [B, V].
    """
    draws = threefry.uniform(seeds, len(ViewParameters._fields))
    draw = ViewParameters(*tf.unstack(draws, axis=-1))
    policy = {
        field.name: tf.constant([getattr(policy, field.name) for policy in policies], tf.float32)
        for field in dataclasses.fields(ViewPolicy)
    }
    coins = {
        name: getattr(draw, name) < policy[name]
        for name in ("flip", "jitter", "grey", "blur", "solarise")
    }
    shifts = {
        name: centre + policy[name] * _between(getattr(draw, name), -1.0, 1.0)
        for name, centre in zip(_JITTER_OPS, _JITTER_NEUTRAL)
    }
    order = tf.cast(draw.order * math.factorial(len(_JITTER_OPS)), tf.int32)
    return ViewParameters(order=order, sigma=_between(draw.sigma, *_BLUR_SIGMAS), **coins, **shifts)


def apply_parameters(images: tf.Tensor, parameters: ViewParameters) -> tf.Tensor:
    """Transforms a batch of images as the parameters say (A.1, items 2 to 6).

    A step is skipped where no image of the batch asks for it.

    Args:
        images: float32 [N, S, S, 3] in [0, 1].
        parameters: fields of shape [N].

    Returns:
        float32 [N, S, S, 3] in [0, 1].
    """
    planes = tf.transpose(images, [0, 3, 1, 2])
    planes = tf.where(image_ops.per_image(parameters.flip), planes[..., ::-1], planes)
    planes = _jitter(planes, parameters)
    planes = _where(parameters.grey, image_ops.drop_colour, planes)
    planes = _where(parameters.blur, lambda x: image_ops.gaussian_blur(x, parameters.sigma), planes)
    planes = _where(parameters.solarise, image_ops.solarise, planes)
    return tf.transpose(tf.clip_by_value(planes, 0.0, 1.0), [0, 2, 3, 1])


def _between(draw: tf.Tensor, low: float, high: float) -> tf.Tensor:
    return low + (high - low) * draw


def _where(
    chosen: tf.Tensor, function: Callable[[tf.Tensor], tf.Tensor], planes: tf.Tensor
) -> tf.Tensor:
    """Applies `function` to the chosen images [N] of planes [N, 3, S, S].

    The conditional pays even if always taken: it keeps XLA from fusing the step with its
    neighbours, which on a CPU computes their values again and again.
    """
    return tf.cond(
        tf.reduce_any(chosen),
        lambda: tf.where(image_ops.per_image(chosen), function(planes), planes),
        lambda: planes,
    )


def _resize(crop: tf.Tensor, size: int) -> tf.Tensor:
    crop = tf.image.resize(tf.cast(crop, tf.float32), [size, size], tf.image.ResizeMethod.BICUBIC)
    return tf.clip_by_value(crop / 255.0, 0.0, 1.0)


def _slot_table() -> np.ndarray:
    """int32 [24, 4]: the slot of each jitter operation under each order.

    Images of a batch have different orders. Saturation and hue commute and stay in [0, 1], so they
    can share a slot, and each of the 24 orders is a part of the one sequence `_JITTER_SLOTS`.
    """
    table = []
    for order in itertools.permutations(range(len(_JITTER_OPS))):
        slots, slot = {}, -1
        for op in order:
            kind = _JITTER_KINDS[op]
            slot = _JITTER_SLOTS.index(kind, slot + 1 if kind == "affine" else max(slot, 0))
            slots[op] = slot
        table.append([slots[op] for op in range(len(_JITTER_OPS))])
    return np.array(table, np.int32)


def _jitter(planes: tf.Tensor, parameters: ViewParameters) -> tf.Tensor:
    """Colour jitter of planes [N, 3, S, S]: four operations in any order, a clip after each."""
    slots = tf.gather(_slot_table(), parameters.order)
    slots = tf.where(parameters.jitter[:, tf.newaxis], slots, -1)
    values = tf.stack([getattr(parameters, name) for name in _JITTER_OPS], axis=1)
    for slot, kind in enumerate(_JITTER_SLOTS):
        used = slots == slot
        brightness, contrast, saturation, hue = tf.unstack(
            tf.where(used, values, tf.constant(_JITTER_NEUTRAL)), axis=1
        )
        if kind == "affine":
            adjust = functools.partial(
                image_ops.adjust_brightness_and_contrast, brightness=brightness, contrast=contrast
            )
        else:
            adjust = functools.partial(
                image_ops.adjust_saturation_and_hue, saturation=saturation, hue=hue
            )
        planes = _where(tf.reduce_any(used, axis=1), adjust, planes)
    return planes
