# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Masks laid over frames: a video of a whole sequence, and strips of a few of its frames."""

from __future__ import annotations

import os
from types import TracebackType

import av
import cv2
import numpy as np
from PIL import Image

from vito_tf.evaluation.video_segmentation import masks

FRAME_RATE = 24  # of the videos that DAVIS was cut from
STRIP_FRAMES = 5
_STRIP_WIDTH = 240
_ENCODER_OPTIONS = {"crf": "23", "preset": "veryfast"}


def overlay(frame: np.ndarray, mask: np.ndarray | None, caption: str = "") -> np.ndarray:
    """Colours the objects in a frame, and their outlines more.

    Args:
      frame: uint8 [H, W, 3].
      mask: uint8 [H, W] of the same size, or None.
      caption: to write into the corner.

    Returns:
      uint8 [H, W, 3].
    """
    picture = frame.copy()
    if mask is not None:
        colours = np.minimum(2 * masks.palette().astype(int), 255)[mask]
        inside = mask > 0
        picture[inside] = (frame[inside] + colours[inside]) // 2
        outline = inside & (cv2.erode(mask, np.ones((3, 3))) != cv2.dilate(mask, np.ones((3, 3))))
        picture[outline] = colours[outline]
    height = len(picture)
    for colour, thickness in (((0, 0, 0), 2 + height // 200), ((255, 255, 255), 1)):
        place = height // 40, height - height // 30
        scale = max(height / 600, 0.4)
        cv2.putText(picture, caption, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thickness, 16)
    return picture


def true_caption(mask: np.ndarray | None) -> str:
    """What is written below true masks, or in their place."""
    return "no true mask" if mask is None else "true"


class Video:
    """Writes pictures as they come into an H.264 .mp4: all of them or, after an error, none."""

    def __init__(self, path: str):
        """Args:
        path: of the file.
        """
        self._path = path
        self._container = av.open(f"{path}.partial", "w", format="mp4")
        self._stream = self._container.add_stream(
            "libx264", rate=FRAME_RATE, options=_ENCODER_OPTIONS
        )
        self._stream.pix_fmt = "yuv420p"

    def __enter__(self) -> Video:
        return self

    def add(self, picture: np.ndarray) -> None:
        """Appends uint8 [H, W, 3], of the same size every time; an odd row or column is cut off."""
        height, width = (side // 2 * 2 for side in picture.shape[:2])
        if not self._stream.codec_context.is_open:
            self._stream.height, self._stream.width = height, width
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(picture[:height, :width]), format="rgb24"
        )
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._container.mux(self._stream.encode())
        self._container.close()
        if kind is None:
            os.replace(f"{self._path}.partial", self._path)
        elif os.path.exists(f"{self._path}.partial"):
            os.remove(f"{self._path}.partial")


class Strips:
    """A few frames of a sequence side by side, with true masks, and with propagated ones."""

    def __init__(self, length: int):
        """Args:
        length: frames of the sequence.
        """
        places = np.linspace(0, length - 1, min(STRIP_FRAMES, length))
        self._wanted = set(np.round(places).astype(int).tolist())
        self._true: list[np.ndarray] = []
        self._propagated: list[np.ndarray] = []

    def add(
        self, index: int, frame: np.ndarray, true: np.ndarray | None, propagated: np.ndarray
    ) -> None:
        """Takes a frame, uint8 [H, W, 3], and its masks, uint8 [H, W], if it is one of the few."""
        if index not in self._wanted:
            return
        size = _STRIP_WIDTH, round(_STRIP_WIDTH * frame.shape[0] / frame.shape[1])
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        for strip, name, mask in (
            (self._true, true_caption(true), true),
            (self._propagated, "propagated", propagated),
        ):
            if mask is not None:
                mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
            strip.append(overlay(small, mask, f"{name}, frame {index}"))

    def write(self, true_path: str, propagated_path: str) -> None:
        """Writes both strips as JPEG files."""
        for strip, path in ((self._true, true_path), (self._propagated, propagated_path)):
            Image.fromarray(np.concatenate(strip, 1)).save(path, quality=88)
