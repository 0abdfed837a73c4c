# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From decoded frames to upright RGB images, or to the planes that a JPEG file holds (PyAV)."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image, ImageOps

from vito_tf.video.probing import VideoError, quarter_turns

_LARGEST_SIDE = 65500  # of a JPEG image
_STRANGEST_ASPECT = 8  # of a pixel
_UNSPECIFIED, _LIMITED, _FULL = 0, 1, 2  # av.VideoFrame.color_range
_BT601 = 5  # av.VideoFrame.colorspace
_MATRICES = {1: 1, 4: 4, 5: _BT601, 6: _BT601, 7: 7, 9: 9}  # swscale's names of colour spaces
_OTHER_MATRIX = 1

# PyAV 17 and later scale in several threads unless told otherwise.
_ONE_THREAD = (
    {"threads": 1} if "threads" in (inspect.getdoc(VideoReformatter.reformat) or "") else {}
)

_Step = Callable[[av.VideoFrame], av.VideoFrame]


class FramePixels:
    """Turns decoded frames into upright images, resized without aliasing.

    Frames are shown as a player would. The rotation that the file asks for is applied; pixels that
    are not square are squared by shrinking; the colour matrix and range that the frame is flagged
    with are honoured (BT.601 and limited if it is not); alpha is dropped, deep colours are rounded
    to 8 bits, fields of interlaced frames stay woven.

    The first frame decides the size of all images: when the size changes in mid-stream, later
    frames are scaled to cover it and cropped in the centre.

    Attributes:
      size: width and height of all images; zeros before the first.
    """

    def __init__(
        self,
        pixel_aspect: Fraction | None,
        short_side: int,
        enlarge: bool = False,
        interpolation: Interpolation = Interpolation.BILINEAR,
    ):
        """Takes what holds for the whole video.

        Args:
          pixel_aspect: width of a pixel by its height; absurd or missing ones count as 1.
          short_side: the shorter side of the images in pixels.
          enlarge: whether smaller frames are enlarged to it, or else keep their size.
          interpolation: of swscale; its filters grow with the factor by which a frame shrinks.
            `BICUBIC` is sharper, and takes up to twice as long.
        """
        aspect = float(pixel_aspect or 1)
        absurd = not 1 / _STRANGEST_ASPECT <= aspect <= _STRANGEST_ASPECT
        self.size = 0, 0
        self._pixel_aspect = 1.0 if absurd else aspect
        self._short_side = short_side
        self._enlarge = enlarge
        self._interpolation = interpolation
        self._kind: tuple | None = None
        self._plan: _Plan

    def rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Returns the image as uint8 [H, W, 3], to be read only; there may be gaps between rows.

        Raises:
          VideoError: it is too long for an image.
        """
        plan = self._plan_for(frame)
        packed = plan.scale(frame)
        if plan.to_rgb is not None:
            packed = plan.to_rgb(packed)
        (rows,) = _planes(packed)
        image = _turned(rows.reshape(len(rows), -1, 3), quarter_turns(frame))
        height, width = image.shape[:2]
        if not self._is_of_size(width, height):
            fitted = ImageOps.fit(Image.fromarray(image), self.size, Image.Resampling.BICUBIC)
            image = np.asarray(fitted)
        return image

    def jpeg_planes(self, frame: av.VideoFrame) -> list[np.ndarray] | None:
        """Returns the image as JPEG files hold it (JFIF: BT.601, full range), if that saves work.

        That spares a frame the way to RGB and back.

        Returns:
          Y uint8 [H, W], Cb and Cr uint8 [⌈H/2⌉, ⌈W/2⌉], to be read only; there may be gaps
          between rows. None for a frame that has to become RGB, which then `rgb` does.

        Raises:
          VideoError: it is too long for an image.
        """
        plan, turns = self._plan_for(frame), quarter_turns(frame)
        # Samples of chroma that lie across an odd edge would get out of step by a turn.
        if not plan.is_jpeg or (turns and (plan.width % 2 or plan.height % 2)):
            return None
        sides = (plan.height, plan.width) if turns % 2 else (plan.width, plan.height)
        if not self._is_of_size(*sides):
            return None
        return [_turned(plane, turns) for plane in _planes(plan.scale(frame))]

    def _is_of_size(self, width: int, height: int) -> bool:
        """Whether an image has the size of all, which the first one decides."""
        self.size = self.size if any(self.size) else (width, height)
        return self.size == (width, height)

    def _plan_for(self, frame: av.VideoFrame) -> _Plan:
        kind = (
            frame.format.name,
            frame.width,
            frame.height,
            frame.colorspace,
            frame.color_range,
        )
        if kind != self._kind:
            size = self._scaled_size(frame.width, frame.height)
            self._plan = _plan(frame, *size, self._interpolation)
            self._kind = kind
        return self._plan

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


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What frames of one kind go through.

    Attributes:
      width: after scaling.
      height: after scaling.
      scale: YUV becomes planes of full range, with halved chroma, of its own matrix; all else RGB.
      to_rgb: from these planes; None if it is done already.
      is_jpeg: whether these planes are what JPEG files hold.
    """

    width: int
    height: int
    scale: _Step
    to_rgb: _Step | None = None
    is_jpeg: bool = False


def _plan(frame: av.VideoFrame, width: int, height: int, interpolation: Interpolation) -> _Plan:
    reformat = functools.partial(_reformat, width, height, interpolation)
    # Not the four bytes a pixel of rgb0, though they are aligned: FFmpeg 7.1 writes those past the
    # end of PyAV's buffer.
    if not _is_yuv(frame.format):
        return _Plan(width, height, reformat("rgb24"))
    named_full = frame.format.name.startswith("yuvj")
    is_full = named_full or frame.color_range == _FULL
    scale = reformat(
        # PyAV 15 goes by the names of formats unless the two ranges differ.
        "yuv420p" if is_full and not named_full else "yuvj420p",
        src_color_range=_FULL if is_full else _LIMITED,
        dst_color_range=_FULL,
    )
    matrix = _MATRICES.get(frame.colorspace, _BT601)
    to_rgb = reformat(
        "rgb24",
        src_colorspace=matrix,
        # RGB has no matrix; one unlike the source's makes PyAV 15 set the latter.
        dst_colorspace=_OTHER_MATRIX if matrix == _BT601 else _BT601,
        src_color_range=_FULL,
        dst_color_range=_FULL,
    )
    return _Plan(width, height, scale, to_rgb, is_jpeg=matrix == _BT601)


def _is_yuv(pixels: av.VideoFormat) -> bool:
    return not (pixels.is_rgb or pixels.has_palette) and len(pixels.components) >= 3


def _reformat(
    width: int, height: int, interpolation: Interpolation, pixels: str, **colours: int
) -> _Step:
    """A step of swscale for frames of one kind; it carries colours over to those of another."""
    settings: dict[str, Any] = {
        "width": width,
        "height": height,
        "format": pixels,
        "interpolation": interpolation,
        **colours,
        **_ONE_THREAD,
    }
    return functools.partial(VideoReformatter().reformat, **settings)


def _turned(rows: np.ndarray, turns: int) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(rows, turns)) if turns else rows


def _planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """The rows of bytes of each plane, without copying."""
    bytes_per_pixel = 3 if frame.format.name == "rgb24" else 1
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[
            :, : plane.width * bytes_per_pixel
        ]
        for plane in frame.planes
    ]
