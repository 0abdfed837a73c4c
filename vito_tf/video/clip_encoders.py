# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The two encodings of a clip: JPEG frames, or H.264 in an mp4 file (libjpeg, PyAV)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import simplejpeg

from vito_tf.video.probing import VideoError

_MICROSECONDS = 1_000_000


def encode_jpeg(rgb: np.ndarray, quality: int) -> bytes:
    """Encodes an image, uint8 [H, W, 3], at libjpeg's quality 1 to 100, with halved chroma."""
    return simplejpeg.encode_jpeg(rgb, quality, "RGB", "420")


def encode_jpeg_planes(planes: Sequence[np.ndarray], quality: int) -> bytes:
    """Encodes an image that has the colours of JPEG files already.

    TurboJPEG, here and in `encode_jpeg`, takes its fast DCT up to quality 95, the exact one above.

    Args:
        planes: Y uint8 [H, W], Cb and Cr uint8 [⌈H/2⌉, ⌈W/2⌉], of full range (JFIF).
        quality: of libjpeg, 1 to 100.
    """
    luma, *chroma = planes
    return simplejpeg.encode_jpeg_yuv_planes(_with_even_sides(luma), *chroma, quality)


def _with_even_sides(plane: np.ndarray) -> np.ndarray:
    """The same plane, in memory where an odd last row and column are followed by their copy.

    libjpeg-turbo reads whole pairs of rows and columns, past the end of an odd plane.
    """
    height, width = plane.shape
    if height % 2 == width % 2 == 0:
        return plane
    padded = np.empty([height + height % 2, width + width % 2], np.uint8)
    padded[:height, :width] = plane
    padded[:height, width:] = plane[:, -1:]
    padded[height:] = padded[height - 1]
    return padded[:height, :width]


def crop_for_mp4(image: np.ndarray) -> np.ndarray:
    """Cuts a few columns and rows off the edges of an image, [H, W, 3].

    H.264's 4:2:0 needs even sides. tensorflow-io's decoder writes rows in steps of 16 pixels, past
    the end of its memory if the width is not a multiple.

    Raises:
        VideoError: nothing would be left.
    """
    full_height, full_width = image.shape[:2]
    height, width = full_height // 2 * 2, full_width // 16 * 16
    if not width or not height:
        raise VideoError(
            f"it is too small for mp4 clips ({full_width}x{full_height} pixels)", "too_small"
        )
    top, left = (full_height - height) // 2, (full_width - width) // 2
    return image[top : top + height, left : left + width]


class Mp4Encoder:
    """Encodes frames as an H.264 mp4 file of closed groups without B-frames, in memory."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._container = av.open(self._file, "w", format="mp4")
        self._stream: av.VideoStream | None = None
        self._origin = 0

    def add(self, rgb: np.ndarray, timestamp: int) -> None:
        """Encodes one frame, uint8 [H, W, 3], shown from `timestamp` (µs) on."""
        if self._stream is None:
            self._origin = timestamp
            self._stream = self._new_stream(rgb.shape[1], rgb.shape[0])
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
        frame.time_base = self._stream.codec_context.time_base
        frame.pts = timestamp - self._origin
        self._container.mux(self._stream.encode(frame))

    def _new_stream(self, width: int, height: int) -> av.VideoStream:
        # One thread: the bytes must not depend on the number of processors.
        options = {"preset": "veryfast", "crf": "18", "bf": "0", "x264-params": "open-gop=0"}
        stream = self._container.add_stream("libx264", options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _MICROSECONDS)
        stream.codec_context.thread_count = 1
        return stream

    def finish(self) -> bytes:
        """Returns the bytes of the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()
