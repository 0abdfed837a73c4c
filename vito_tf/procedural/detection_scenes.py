# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of several procedural objects at once, with boxes around what is visible of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from vito_tf.procedural import backgrounds, objects, scenes

_TRIALS = 30


@dataclasses.dataclass(frozen=True)
class Options:
    """How hard the pictures are.

    Attributes:
      objects: smallest and largest number of objects.
      side: smallest and largest side of an object's bounding square, before it is turned, as shares
        of the picture's shorter side; drawn logarithmically.
      turn: largest turn in the image plane, in radians.
      hidden: largest share of an object's pixels that nearer ones may hide, and that may lie
        outside of the picture, each.
      illumination: largest relative change of brightness, between pictures and across one.
    """

    objects: tuple[int, int] = (1, 4)
    side: tuple[float, float] = (0.15, 0.6)
    turn: float = 0.5
    hidden: float = 0.3
    illumination: float = 0.25


class Picture(NamedTuple):
    """A picture and its truth.

    Attributes:
      pixels: uint8 RGB [H, W, 3].
      labels: int64 [M], indices into `objects.CLASSES`.
      masks: bool [M, H, W], the visible part of each object; never empty.
    """

    pixels: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def draw(image_size: Sequence[int], seed: Sequence[int], options: Options | None = None) -> Picture:
    """Draws a picture.

    An object for which no place is found where it, and those behind it, are visible enough is left
    out.

    Args:
      image_size: height and width in pixels, at least 32 each.
      seed: whole numbers; the same ones give the same picture.
      options: how hard; the defaults of `Options` when None.

    Raises:
      ValueError: the picture would be too small.
    """
    if min(image_size) < 32:
        raise ValueError(f"image_size must be two lengths of at least 32, not {list(image_size)}.")
    options = options or Options()
    rng = np.random.default_rng(seed)
    canvas = _background(rng, image_size)
    labels: list[int] = []
    masks: list[np.ndarray] = []
    areas: list[int] = []
    for _ in range(rng.integers(options.objects[0], options.objects[1] + 1)):
        label = int(rng.integers(len(objects.CLASSES)))
        sprite = _sprite(rng, label, min(image_size), options)
        for _ in range(_TRIALS):
            placed, area = _place(rng, sprite, image_size)
            mask = placed[..., 3] > 0.5
            left = [other & ~mask for other in masks]
            shares = [part.sum() / whole for part, whole in zip(left, areas)]
            if mask.sum() / area >= 1.0 - options.hidden and all(
                share >= 1.0 - options.hidden for share in shares
            ):
                canvas = canvas * (1.0 - placed[..., 3:]) + placed[..., :3]
                labels.append(label)
                masks = [*left, mask]
                areas.append(int(mask.sum()))
                break
    pixels = np.clip(canvas * _light(rng, image_size, options), 0.0, 1.0)
    return Picture(
        np.round(255.0 * pixels).astype(np.uint8),
        np.array(labels, np.int64),
        np.reshape(masks, [-1, *image_size]).astype(bool),
    )


def boxes(masks: np.ndarray) -> np.ndarray:
    """Tight boxes around masks.

    Args:
      masks: bool [M, H, W], none empty.

    Returns:
      int64 [M, 4] as [x, y, width, height], COCO's order.
    """
    corners = []
    for mask in masks:
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        corners.append([columns[0], rows[0], columns[-1], rows[-1]])
    x_min, y_min, x_max, y_max = np.reshape(corners, [-1, 4]).T
    return np.stack([x_min, y_min, x_max - x_min + 1, y_max - y_min + 1], axis=-1)


def _background(rng: np.random.Generator, image_size: Sequence[int]) -> np.ndarray:
    """A turned and scaled part of the world of the procedural videos, float32 [H, W, 3]."""
    height, width = image_size
    world = backgrounds.world(scenes.SceneOptions().background_contrast)
    angle, zoom = rng.uniform(0.0, 2.0 * np.pi), np.exp(rng.uniform(-0.3, 0.3))
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    corner = rng.uniform(0.0, backgrounds.PERIOD, 2)
    matrix = np.array([[cos, -sin, corner[0]], [sin, cos, corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(world, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_WRAP)


def _sprite(
    rng: np.random.Generator, label: int, shorter_side: int, options: Options
) -> np.ndarray:
    """An object that has been turned, float32 [N, N, 4] as of `objects.draw_sprite`."""
    appearance = scenes.draw_appearance(rng, label, scenes.SceneOptions())
    side = np.exp(rng.uniform(*np.log(options.side))) * shorter_side
    upright = objects.draw_sprite(appearance, side / 2.0 / max(1.0, appearance.aspect))
    size, half = upright.shape[0], upright.shape[0] // 2
    angle = np.degrees(rng.uniform(-options.turn, options.turn))
    # Room for the corners of what is turned.
    room = int(np.ceil(size * 0.21))
    padded = np.pad(upright, [(room, room), (room, room), (0, 0)])
    matrix = cv2.getRotationMatrix2D((half + room, half + room), angle, 1.0)
    return cv2.warpAffine(padded, matrix, padded.shape[1::-1], flags=cv2.INTER_LINEAR)


def _place(
    rng: np.random.Generator, sprite: np.ndarray, image_size: Sequence[int]
) -> tuple[np.ndarray, int]:
    """A sprite on an empty canvas, float32 [H, W, 4], and its own area in pixels."""
    centre = np.array([rng.integers(length) for length in image_size])
    corner = centre - sprite.shape[0] // 2
    first = np.maximum(corner, 0)
    last = np.minimum(corner + sprite.shape[0], image_size)
    canvas = np.zeros([*image_size, 4], np.float32)
    part = sprite[tuple(slice(a, b) for a, b in zip(first - corner, last - corner))]
    canvas[first[0] : last[0], first[1] : last[1]] = part
    return canvas, int((sprite[..., 3] > 0.5).sum())


def _light(rng: np.random.Generator, image_size: Sequence[int], options: Options) -> np.ndarray:
    """Factors on pixels, float32 [H, W, 1]."""
    brightness, *slopes = rng.uniform(-1.0, 1.0, 3) * options.illumination
    rows, columns = (np.linspace(-1.0, 1.0, length) for length in image_size)
    plane = 1.0 + brightness + slopes[0] * rows[:, np.newaxis] + slopes[1] * columns
    return np.maximum(plane, 0.0).astype(np.float32)[..., np.newaxis]
