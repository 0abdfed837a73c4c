# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of views and of attention (Figure B.1), as matplotlib figures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from matplotlib import colormaps
from matplotlib import figure as figures


def picture_grid(rows: Mapping[str, Sequence[np.ndarray]]) -> figures.Figure:
    """Lays pictures out in titled rows.

    Args:
      rows: by title, images [H, W, 3] float in [0, 1]; all rows have as many.
    """
    columns = max(len(images) for images in rows.values())
    figure = figures.Figure(figsize=(1.2 * columns + 0.3, 1.2 * len(rows) + 0.1))
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for row, (title, images) in zip(axes, rows.items()):
        row[0].set_ylabel(title, fontsize=8)
        for axis, image in zip(row, images):
            axis.imshow(np.clip(image, 0, 1))
            axis.set_xticks([])
            axis.set_yticks([])
    figure.tight_layout(pad=0.3)
    return figure


def overlay(image: np.ndarray, mask: np.ndarray, strength: float = 0.6) -> np.ndarray:
    """Lays a mask over a darkened grey image: red where attention is highest, blue where lowest.

    Args:
      image: [H, W, 3] float in [0, 1].
      mask: [H, W] of any scale; its range is stretched over the colours.
      strength: share of the colour in the result, in [0, 1].
    """
    stretched = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-12)
    colours = colormaps["jet"](stretched)[..., :3]
    return (1 - strength) * image + strength * colours


def curves(series: Mapping[str, Sequence[tuple[float, float]]], xlabel: str) -> figures.Figure:
    """Draws named series of (x, y) in one diagram."""
    figure = figures.Figure(figsize=(4.6, 2.8))
    axis = figure.subplots()
    for name, points in series.items():
        axis.plot(*zip(*points), label=name, marker="." if len(points) < 30 else None)
    axis.set_xlabel(xlabel)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def png(figure: figures.Figure) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def html_image(figure: figures.Figure, description: str) -> str:
    """The figure as an HTML element that needs no other file."""
    data = base64.b64encode(png(figure)).decode("ascii")
    return f'<img alt="{description}" src="data:image/png;base64,{data}">'


def summary_image(figure: figures.Figure) -> tf.Tensor:
    """The figure as uint8 [1, H, W, 3], for `tf.summary.image`."""
    return tf.io.decode_png(png(figure), channels=3)[None]
