# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Detections and annotated boxes over images."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_LONG_SIDE = 480  # at least, in pixels of the picture
_FONT_SIZE = 13
_DASH = 6
_MARGIN = 8
_COLUMNS = 4
_LEGEND = "solid: detected, with class and score     dashed white: annotated"
_Colour = tuple[int, int, int]


class Boxes(NamedTuple):
    """Boxes to draw.

    Attributes:
      boxes: [N, 4] (y_min, x_min, y_max, x_max) in pixels of the image.
      classes: int [N]; each has a colour.
      labels: N texts.
    """

    boxes: np.ndarray
    classes: np.ndarray
    labels: Sequence[str]


def draw(image: np.ndarray, found: Boxes, annotated: Boxes) -> np.ndarray:
    """Draws boxes over an image; small images are enlarged for their labels' sake.

    Args:
      image: uint8 [H, W, 3].
      found: detections from the highest score, drawn solid in their classes' colours, labelled.
      annotated: the data's own boxes, drawn dashed in white; labels at their lower edge.

    Returns:
      uint8 [m H, m W, 3] with a whole m.
    """
    factor = -(-_LONG_SIDE // max(image.shape[:2]))
    size = (image.shape[1] * factor, image.shape[0] * factor)
    picture = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for box, label in zip(annotated.boxes, annotated.labels):
        corners = _corners(box, factor, size)
        _dashed(pen, corners)
        _text(pen, (corners[0] + 2, corners[3] - 2), label, (255, 255, 255), size, "lb")
    for box, number, label in reversed(list(zip(found.boxes, found.classes, found.labels))):
        corners = _corners(box, factor, size)
        pen.rectangle(corners, outline=_colour(int(number)), width=2)
        _text(pen, corners[:2], label, _colour(int(number)), size, "lt")
    return np.asarray(picture)


def sheet(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Lays pictures out in rows of up to four, under a legend.

    Args:
      pictures: one or more, uint8 [h, w, 3].

    Returns:
      uint8 [H, W, 3] on white.
    """
    columns = min(_COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    height = max(picture.shape[0] for picture in pictures) + _MARGIN
    width = max(picture.shape[1] for picture in pictures) + _MARGIN
    top = _FONT_SIZE + 2 * _MARGIN
    page = Image.new("RGB", (columns * width + _MARGIN, rows * height + top), (255, 255, 255))
    ImageDraw.Draw(page).text((_MARGIN, _MARGIN), _LEGEND, (0, 0, 0), _font())
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        page.paste(Image.fromarray(picture), (column * width + _MARGIN, row * height + top))
    return np.asarray(page)


def _corners(box: np.ndarray, factor: int, size: tuple[int, int]) -> list[int]:
    """x_min, y_min, x_max, y_max within a picture."""
    limits = (size[1], size[0], size[1], size[0])
    y_min, x_min, y_max, x_max = (
        int(np.clip(round(float(value) * factor), 0, limit - 1))
        for value, limit in zip(box, limits)
    )
    return [x_min, y_min, max(x_min, x_max), max(y_min, y_max)]


def _dashed(pen: ImageDraw.ImageDraw, corners: Sequence[int]) -> None:
    """A line of white dashes with black between them, which is seen on whatever is below."""
    x_min, y_min, x_max, y_max = corners
    pen.rectangle(list(corners), outline=(0, 0, 0), width=1)
    for start in range(x_min, x_max + 1, 2 * _DASH):
        for y in (y_min, y_max):
            pen.line([start, y, min(start + _DASH, x_max), y], (255, 255, 255), 2)
    for start in range(y_min, y_max + 1, 2 * _DASH):
        for x in (x_min, x_max):
            pen.line([x, start, x, min(start + _DASH, y_max)], (255, 255, 255), 2)


def _text(
    pen: ImageDraw.ImageDraw,
    corner: Sequence[int],
    text: str,
    background: _Colour,
    size: tuple[int, int],
    anchor: str,
) -> None:
    """Writes on a background of its own, moved to lie within the picture."""
    left, top, right, bottom = pen.textbbox((corner[0], corner[1]), text, _font(), anchor)
    dx = min(0, size[0] - 2 - right)
    dy = max(0, 1 - top) + min(0, size[1] - 2 - bottom)
    pen.rectangle([left - 1 + dx, top - 1 + dy, right + 1 + dx, bottom + 1 + dy], background)
    ink = (0, 0, 0) if sum(background) > 330 else (255, 255, 255)
    pen.text((corner[0] + dx, corner[1] + dy), text, ink, _font(), anchor)


def _colour(number: int) -> _Colour:
    red, green, blue, _ = matplotlib.colormaps["tab10"](number % 10, bytes=True)
    return int(red), int(green), int(blue)


@functools.cache
def _font() -> ImageFont.FreeTypeFont:
    path = os.path.join(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(path, _FONT_SIZE)
