# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The objects of the procedural videos: an outline, a texture and a palette make a class.

All coordinates are object coordinates: the outline fits the unit circle around (0, 0).
"""

from __future__ import annotations

import colorsys
import dataclasses
import functools
from typing import Callable

import numpy as np

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.hypot(u, v) - 1.0


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - 0.75


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(v, np.abs(u) * np.sqrt(0.75) - v * 0.5) - 0.5


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    # Five straight-edged points: fold the plane into one tenth, then one half-plane bounds it.
    angle = np.arctan2(u, -v)
    sector = 2.0 * np.pi / 5.0
    folded = np.abs((angle + sector / 2.0) % sector - sector / 2.0)
    radius = np.hypot(u, v)
    x, y = radius * np.cos(folded), radius * np.sin(folded)
    inner_x, inner_y = 0.45 * np.cos(sector / 2.0), 0.45 * np.sin(sector / 2.0)
    normal = np.hypot(inner_y, 1.0 - inner_x)
    return ((x - 1.0) * inner_y + y * (1.0 - inner_x)) / normal


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    upright = np.maximum(np.abs(u) - 0.32, np.abs(v) - 0.94)
    lying = np.maximum(np.abs(u) - 0.94, np.abs(v) - 0.32)
    return np.minimum(upright, lying)


def _ring(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.abs(np.hypot(u, v) - 0.72) - 0.28


SHAPES: dict[str, Field] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
}
"""Outline functions of object coordinates: negative inside, zero on the outline, slope about 1."""


def _striped(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    del v
    return np.sin(np.pi * u)


def _checked(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return 1.5 * np.sin(np.pi * u) * np.sin(np.pi * v)


def _dotted(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.cos(1.3 * np.pi * u) + np.cos(1.3 * np.pi * v) - 0.4


def _circled(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.sin(1.4 * np.pi * np.hypot(u, v))


def _zigzag(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    saw = np.abs((0.6 * v) % 2.0 - 1.0)
    return np.sin(np.pi * (u + 1.6 * saw))


def _plain(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    del v
    return np.full_like(u, -1.0)


TEXTURES: dict[str, Field] = {
    "striped": _striped,
    "checked": _checked,
    "dotted": _dotted,
    "circled": _circled,
    "zigzag": _zigzag,
    "plain": _plain,
}
"""Texture functions of texture coordinates (one period is 2): accent where positive, else base."""

PALETTES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "red": ((0.01, 0.70, 0.70), (0.06, 0.25, 0.90)),
    "green": ((0.36, 0.60, 0.55), (0.30, 0.25, 0.85)),
    "blue": ((0.60, 0.65, 0.65), (0.56, 0.25, 0.90)),
}
"""Base and accent colour of each palette as (hue, saturation, value), all in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class ObjectClass:
    """One class of objects: names of an outline, a texture and a palette."""

    palette: str
    texture: str
    shape: str

    @property
    def name(self) -> str:
        """Name of the class, which is also the name of the folder of its videos."""
        return f"{self.palette}_{self.texture}_{self.shape}"


CLASSES: tuple[ObjectClass, ...] = tuple(
    ObjectClass(*attributes.split())
    for attributes in (
        "red striped disc",
        "red checked cross",
        "red dotted square",
        "red circled star",
        "green checked disc",
        "green striped triangle",
        "green zigzag square",
        "green plain ring",
        "blue dotted cross",
        "blue circled triangle",
        "blue zigzag ring",
        "blue plain star",
    )
)
"""The classes: any two share at most one of palette, texture and shape, so that no single
attribute, colour least of all, tells a class."""


@dataclasses.dataclass(frozen=True)
class Appearance:
    """What tells one instance of a class from another; all angles in radians."""

    label: int
    colour_shift: np.ndarray  # [2, 3] added to the palette's (hue, saturation, value)
    texture_spacing: float  # half a period, in object coordinates
    texture_angle: float
    texture_phase: np.ndarray  # [2] in texture coordinates
    aspect: float  # width over height of the object, relative to its class


def _colours(appearance: Appearance) -> np.ndarray:
    palette = np.array(PALETTES[CLASSES[appearance.label].palette]) + appearance.colour_shift
    return np.array([colorsys.hsv_to_rgb(h % 1.0, *np.clip([s, v], 0, 1)) for h, s, v in palette])


@functools.cache
def shape_share(shape: str) -> float:
    """Area of an outline as a share of the 2 x 2 square around it."""
    u, v = np.meshgrid(*2 * [np.linspace(-1.0, 1.0, 257)])
    return float(np.mean(SHAPES[shape](u, v) < 0))


def draw_sprite(appearance: Appearance, radius: float) -> np.ndarray:
    """Draws an object, upright and facing the viewer.

    Args:
      appearance: the instance.
      radius: of the object's unit circle, in pixels.

    Returns:
      float32 [N, N, 4]: RGB in [0, 1] multiplied by alpha, and alpha in [0, 1]; N is odd, and the
      object's centre is the centre of the middle pixel.
    """
    half = int(np.ceil(radius * max(1.0, appearance.aspect))) + 2
    v, u = np.mgrid[-half : half + 1, -half : half + 1] / radius
    u = u / appearance.aspect
    kind = CLASSES[appearance.label]
    distance = SHAPES[kind.shape](u, v) * radius
    alpha = np.clip(0.5 - distance, 0.0, 1.0)
    cos, sin = np.cos(appearance.texture_angle), np.sin(appearance.texture_angle)
    u_texture = (cos * u - sin * v) / appearance.texture_spacing + appearance.texture_phase[0]
    v_texture = (sin * u + cos * v) / appearance.texture_spacing + appearance.texture_phase[1]
    sharpness = radius * appearance.texture_spacing / np.pi
    accent = np.clip(0.5 + sharpness * TEXTURES[kind.texture](u_texture, v_texture), 0.0, 1.0)
    base_colour, accent_colour = _colours(appearance)
    colour = base_colour + accent[..., np.newaxis] * (accent_colour - base_colour)
    # A darker rim separates the object from a background of the same lightness.
    rim = 1.0 - 0.45 * np.clip(1.0 + distance / 2.5, 0.0, 1.0)
    premultiplied = colour * (rim * alpha)[..., np.newaxis]
    return np.concatenate([premultiplied, alpha[..., np.newaxis]], axis=-1).astype(np.float32)
