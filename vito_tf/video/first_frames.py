# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The first frames of a video as small squares, by which a classifier judges it (§3.2)."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import Interpolation

from vito_tf.video.pixels import FramePixels


@dataclasses.dataclass(frozen=True)
class FirstFrames:
    """Which frames are looked at, and how large.

    Attributes:
        count: so many decoded frames from the start, at the rate of the source.
        size: side of the squares in pixels.
        crop_share: the square's side by the shorter side of the frame, in (0, 1].

    Raises:
        ValueError: a number is outside its range.
    """

    count: int = 100
    size: int = 224
    crop_share: float = 0.875

    def __post_init__(self) -> None:
        if not (self.count >= 1 and self.size >= 1 and 0 < self.crop_share <= 1):
            raise ValueError(
                "FirstFrames needs count >= 1, size >= 1 and crop_share in (0, 1], got "
                f"{self.count}, {self.size} and {self.crop_share}."
            )


class FirstFramesCollector:
    """Gathers the squares while a video is decoded."""

    def __init__(self, first: FirstFrames):
        self._first = first
        self._pixels: FramePixels | None = None
        self._squares: list[np.ndarray] = []

    @property
    def is_full(self) -> bool:
        """Whether there are as many as were asked for."""
        return len(self) == self._first.count

    def add(self, frame: av.VideoFrame, pixel_aspect: Fraction | None) -> None:
        """Takes the next decoded frame.

        It is shown upright and scaled by bicubic interpolation to a shorter side of
        `round(size / crop_share)`, enlarged if need be; the square is cut from the centre.
        """
        size = self._first.size
        if self._pixels is None:
            short_side = round(size / self._first.crop_share)
            self._pixels = FramePixels(
                pixel_aspect, short_side, enlarge=True, interpolation=Interpolation.BICUBIC
            )
        image = self._pixels.rgb(frame)
        top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
        self._squares.append(image[top : top + size, left : left + size].copy())

    def __len__(self) -> int:
        return len(self._squares)

    def take(self) -> np.ndarray:
        """Returns uint8 [n, size, size, 3] of the n >= 1 frames so far."""
        return np.stack(self._squares)
