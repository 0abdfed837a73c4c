# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny videos for tests, whose frames tell their number."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream


def write_video(
    path: str,
    num_frames: int = 20,
    rate: Fraction | int = 25,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> str:
    """Writes a video whose frame i is of grey level `level(i)`, white in its upper left quarter.

    Args:
      path: the file; its suffix chooses the container.
      num_frames: F.
      rate: frames per second.
      size: width and height.
      codec: FFmpeg's name of the encoder.
      pix_fmt: FFmpeg's name of the pixel format.
      options: of the encoder.

    Returns:
      The path.
    """
    width, height = size
    images = np.empty([num_frames, height, width, 3], np.uint8)
    for index, image in enumerate(images):
        image[:] = level(index)
        image[: height // 2, : width // 2] = 255
    return write_images(path, images, rate, codec, pix_fmt, options)


def write_images(
    path: str,
    images: Sequence[np.ndarray] | np.ndarray,
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> str:
    """Writes a video of given frames, uint8 [H, W, 3]; the rest is as for `write_video`."""
    with av.open(str(path), "w") as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=rate, options=options or {}))
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.bit_rate = 2_000_000
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return str(path)


def level(index: int) -> int:
    """Grey level of frame `index`; neighbours differ by 10, and the cycle has 20 frames."""
    return 10 + 10 * (index % 20)


def turn_clockwise(path: str) -> None:
    """Writes the display matrix of a quarter turn to the right into an mp4 or mov file."""
    with open(path, "rb") as file:
        data = file.read()
    one = 1 << 16
    upright = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    header = data.index(b"tkhd")
    start = data.index(upright, header)
    with open(path, "wb") as file:
        file.write(data[:start] + turned + data[start + len(upright) :])
