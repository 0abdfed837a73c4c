# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The two encodings of a clip: JPEG frames, or H.264 in an mp4 file (Pillow, PyAV)."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from PIL import Image

from vito_tf.video.probing import VideoError

_MICROSECONDS = 1_000_000


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    """Encodes an RGB image at libjpeg's quality 1 to 100, with halved chroma."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return file.getvalue()


def crop_for_mp4(image: Image.Image) -> Image.Image:
    """Cuts a few columns and rows off the edges.

    H.264's 4:2:0 needs even sides. tensorflow-io's decoder writes rows in steps of 16 pixels, past
    the end of its memory if the width is not a multiple.

    Raises:
        VideoError: nothing would be left.
    """
    width, height = image.width // 16 * 16, image.height // 2 * 2
    if not width or not height:
        raise VideoError(
            f"it is too small for mp4 clips ({image.width}x{image.height} pixels)", "too_small"
        )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


class Mp4Encoder:
    """Encodes frames as an H.264 mp4 file of closed groups without B-frames, in memory."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._container = av.open(self._file, "w", format="mp4")
        self._stream: av.VideoStream | None = None
        self._origin = 0

    def add(self, image: Image.Image, timestamp: int) -> None:
        """Encodes one frame, shown from `timestamp` (µs) on."""
        if self._stream is None:
            self._origin = timestamp
            self._stream = self._new_stream(*image.size)
        frame = av.VideoFrame.from_image(image)
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
