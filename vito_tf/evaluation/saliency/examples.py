# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A few pictures with maps, kept as files for the report."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

_FOLDER = "examples"


class Example(NamedTuple):
    """A picture with maps of it.

    Attributes:
      name: of the picture.
      image: [S, S, 3] float32 in [0, 1].
      maps: by what they are of, [S, S] of any range.
      captions: for some of the maps.
    """

    name: str
    image: np.ndarray
    maps: Mapping[str, np.ndarray]
    captions: Mapping[str, str]


class Examples:
    """Chooses pictures by a hash of their names, so that all encoders show the same ones."""

    def __init__(self, count: int, seed: int):
        """Args:
        count: pictures to keep.
        seed: changes the choice.
        """
        self._count = count
        self._seed = seed
        self._kept: list[tuple[int, Example]] = []

    def offer(self, example: Example) -> None:
        """Keeps the example for as long as it is among the first by hash; names are unique."""
        digest = hashlib.sha256(f"{self._seed}:{example.name}".encode()).digest()
        heapq.heappush(self._kept, (-int.from_bytes(digest, "big"), example))
        if len(self._kept) > self._count:
            heapq.heappop(self._kept)

    def save(self, folder: str) -> list[dict[str, Any]]:
        """Writes the pictures as JPEG, and the maps, each stretched over its range, as grey PNG.

        Args:
          folder: gets a folder `examples`.

        Returns:
          For each example `name`, `image`, `maps` and `captions`, with paths below `folder`.
        """
        os.makedirs(os.path.join(folder, _FOLDER), exist_ok=True)
        return [
            self._save(folder, number, example)
            for number, (_, example) in enumerate(sorted(self._kept, key=lambda kept: -kept[0]))
        ]

    def _save(self, folder: str, number: int, example: Example) -> dict[str, Any]:
        image = f"{_FOLDER}/{number}.jpg"
        pixels = np.round(np.clip(example.image, 0, 1) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(os.path.join(folder, image), quality=90)
        maps = {}
        for order, (title, values) in enumerate(example.maps.items()):
            maps[title] = f"{_FOLDER}/{number}_{order}.png"
            Image.fromarray(stretched(values)).save(os.path.join(folder, maps[title]))
        return {
            "name": example.name,
            "image": image,
            "maps": maps,
            "captions": dict(example.captions),
        }


def stretched(values: np.ndarray) -> np.ndarray:
    """A map as grey levels, uint8, for looking at it.

    The lowest and highest hundredth of the pixels are cut off (our choice): single pixels of a
    gradient would darken all others.
    """
    low, high = np.quantile(values, [0.01, 0.99])
    if low == high:
        low, high = values.min(), values.max()
    share = (values - low) / max(float(high - low), np.finfo(np.float32).tiny)
    return np.round(np.clip(share, 0, 1) * 255).astype(np.uint8)


def load(folder: str, path: str) -> np.ndarray:
    """A saved picture or map, float32 in [0, 1]."""
    with Image.open(os.path.join(folder, path)) as image:
        return np.asarray(image, np.float32) / 255
