# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From decoded frames to upright RGB images (PyAV, Pillow)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image, ImageOps

from vito_tf.video.probing import VideoError, quarter_turns

_LARGEST_SIDE = 65500  # of a JPEG image
_STRANGEST_ASPECT = 8  # of a pixel
_UNSPECIFIED, _LIMITED, _FULL = 0, 1, 2  # av.VideoFrame.color_range
_BT601 = 5  # av.VideoFrame.colorspace
_MATRICES = {1: 1, 4: 4, 5: _BT601, 6: _BT601, 7: 7, 9: 9}  # swscale's names of colour spaces
_OTHER_MATRIX = 1

# Counterclockwise quarter turns.
_TURNS = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}
# PyAV 17 and later scale in several threads unless told otherwise.
_ONE_THREAD = (
    {"threads": 1} if "threads" in (inspect.getdoc(VideoReformatter.reformat) or "") else {}
)


class FramePixels:
    """Turns decoded frames into upright images, resized by bicubic interpolation.

    Frames are shown as a player would. The rotation that the file asks for is applied; pixels that
    are not square are squared by shrinking; the colour matrix and range that the frame is flagged
    with are honoured (BT.601 and limited if it is not); alpha is dropped, deep colours are rounded
    to 8 bits, fields of interlaced frames stay woven.

    The first frame decides the size of all images: when the size changes in mid-stream, later
    frames are scaled to cover it and cropped in the centre.
    """

    def __init__(self, pixel_aspect: Fraction | None, short_side: int, enlarge: bool = False):
        """Takes what holds for the whole video.

        Args:
          pixel_aspect: width of a pixel by its height; absurd or missing ones count as 1.
          short_side: the shorter side of the images in pixels.
          enlarge: whether smaller frames are enlarged to it, or else keep their size.
        """
        aspect = float(pixel_aspect or 1)
        absurd = not 1 / _STRANGEST_ASPECT <= aspect <= _STRANGEST_ASPECT
        self._pixel_aspect = 1.0 if absurd else aspect
        self._short_side = short_side
        self._enlarge = enlarge
        self._kind: tuple | None = None
        self._steps: list[Callable[[av.VideoFrame], av.VideoFrame]] = []
        self._size: tuple[int, int] | None = None

    def __call__(self, frame: av.VideoFrame) -> Image.Image:
        """Returns the RGB image of a frame.

        Raises:
          VideoError: it is too long for an image.
        """
        kind = (
            frame.format.name,
            frame.width,
            frame.height,
            frame.colorspace,
            frame.color_range,
        )
        if kind != self._kind:
            self._kind, self._steps = kind, self._plan(frame)
        packed = frame
        for step in self._steps:
            packed = step(packed)
        plane = packed.planes[0]
        image = Image.frombuffer(
            "RGB",
            (packed.width, packed.height),
            memoryview(plane),
            "raw",
            "RGB",
            plane.line_size,
            1,
        )
        turns = quarter_turns(frame)
        if turns:
            image = image.transpose(_TURNS[turns])
        self._size = self._size or image.size
        if image.size != self._size:
            image = ImageOps.fit(image, self._size, Image.Resampling.BICUBIC)
        return image

    def _scaled_size(self, width: int, height: int) -> tuple[int, int]:
        aspect = self._pixel_aspect
        display_width, display_height = width * min(aspect, 1.0), height / max(aspect, 1.0)
        scale = self._short_side / min(display_width, display_height)
        scale = scale if self._enlarge else min(scale, 1.0)
        scaled = max(round(display_width * scale), 1), max(round(display_height * scale), 1)
        if max(scaled) > _LARGEST_SIDE:
            raise VideoError(
                f"its frames of {width}x{height} are too long for images", "frame_too_large"
            )
        return scaled

    def _plan(self, frame: av.VideoFrame) -> list[Callable[[av.VideoFrame], av.VideoFrame]]:
        """How frames of this kind become RGB.

        The planes of YUV are scaled first, so that RGB is made of the few pixels that are left.
        """
        width, height = self._scaled_size(frame.width, frame.height)
        # Not the four bytes a pixel of rgb0, though Pillow could map them: FFmpeg 7.1 writes those
        # past the end of PyAV's buffer.
        if not _is_yuv(frame.format):
            return [_reformat(width, height, "rgb24")]
        jpeg_format = frame.format.name.startswith("yuvj")
        colour_range = _FULL if jpeg_format or frame.color_range == _FULL else _LIMITED
        matrix = _MATRICES.get(frame.colorspace, _BT601)
        return [
            _reformat(
                width,
                height,
                "yuvj420p" if jpeg_format else "yuv420p",
                src_color_range=colour_range,
                dst_color_range=colour_range,
            ),
            _reformat(
                width,
                height,
                "rgb24",
                src_colorspace=matrix,
                # RGB has no matrix; one unlike the source's makes PyAV 15 set the latter.
                dst_colorspace=_OTHER_MATRIX if matrix == _BT601 else _BT601,
                src_color_range=colour_range,
                dst_color_range=_FULL,
            ),
        ]


def _is_yuv(pixels: av.VideoFormat) -> bool:
    return not (pixels.is_rgb or pixels.has_palette) and len(pixels.components) >= 3


def _reformat(
    width: int, height: int, pixels: str, **colours: int
) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """A step of swscale for frames of one kind; it carries colours over to those of another."""
    settings: dict[str, Any] = {
        "width": width,
        "height": height,
        "format": pixels,
        "interpolation": Interpolation.BICUBIC,
        **colours,
        **_ONE_THREAD,
    }
    return functools.partial(VideoReformatter().reformat, **settings)
