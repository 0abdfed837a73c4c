# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Cuts one video file into short encoded clips, in one pass of decoding (PyAV).

Needs no TensorFlow, so that worker processes start quickly.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import gin
from av.video.reformatter import VideoReformatter
from PIL import Image

from vito_tf.video.frame_times import DisplayedFrame, displayed_frames, nearest_to_grid
from vito_tf.video.probing import VideoError, open_video

_MICROSECONDS = 1_000_000
ENCODINGS = ("jpeg", "mp4")

# Counterclockwise quarter turns, as `av.VideoFrame.rotation` counts them.
_TURNS = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}


@gin.configurable
@dataclasses.dataclass(frozen=True)
class CutSettings:
    """How videos are cut and encoded.

    Attributes:
        clip_seconds: length of a clip; a video is cut into consecutive pieces of it. The default
            leaves room to place the paper's T = 2.56 s window in four disjoint ways.
        frame_rate: largest number of frames per second that is kept; VITO's lengths T are whole
            numbers of frames at 25.
        short_side: the shorter side of a frame in pixels after resizing; smaller frames keep their
            size.
        min_seconds: a last piece (or a whole video) shorter than this is dropped. The default is
            the shortest T of the paper's ablation (Figure B.2). Clips shorter than T are sampled
            over their whole length.
        jpeg_quality: 1 to 100, for `encoding='jpeg'`.
        encoding: `jpeg`, one JPEG a frame, from which frames are decoded singly; or `mp4`, H.264,
            several times smaller, decoded as a whole, and cropped to a width of whole 16 pixels.

    Raises:
        ValueError: a setting is outside its range.
    """

    clip_seconds: float = 10.24
    frame_rate: float = 25.0
    short_side: int = 256
    min_seconds: float = 1.28
    jpeg_quality: int = 95
    encoding: str = "jpeg"

    def __post_init__(self) -> None:
        _require("frame_rate", self.frame_rate, 0 < self.frame_rate <= 1000, "in (0, 1000]")
        _require(
            "clip_seconds",
            self.clip_seconds,
            1 <= self.clip_seconds * self.frame_rate < math.inf,
            "at least one frame long",
        )
        _require("short_side", self.short_side, self.short_side >= 2, "at least 2")
        _require(
            "min_seconds",
            self.min_seconds,
            0 <= self.min_seconds <= self.clip_seconds,
            "in [0, clip_seconds]",
        )
        _require("jpeg_quality", self.jpeg_quality, 1 <= self.jpeg_quality <= 100, "in [1, 100]")
        _require("encoding", self.encoding, self.encoding in ENCODINGS, " or ".join(ENCODINGS))


def _require(name: str, value: object, holds: bool, meaning: str) -> None:
    if not holds:
        raise ValueError(f"CutSettings.{name} must be {meaning}, got {value!r}.")


@dataclasses.dataclass(frozen=True)
class EncodedClip:
    """A piece of a video.

    Attributes:
        timestamps: presentation time of each frame in the video, in microseconds, ascending.
        end_timestamp: end of the last frame, in microseconds.
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        images: the JPEG frames; empty when the clip is an mp4.
        video: an mp4 file of exactly `len(timestamps)` H.264 frames; empty when the clip is JPEGs.
    """

    timestamps: tuple[int, ...]
    end_timestamp: int
    height: int
    width: int
    images: tuple[bytes, ...] = ()
    video: bytes = b""

    @property
    def frame_rate(self) -> float:
        """Mean number of frames per second."""
        return len(self.timestamps) * _MICROSECONDS / (self.end_timestamp - self.timestamps[0])


def cut_video(path: str, settings: CutSettings) -> Iterator[EncodedClip]:
    """Decodes a video once, from start to end, and yields each clip as soon as it is complete.

    Of the frames of the source, those nearest to the points of a grid of `settings.frame_rate` are
    kept, each with its own timestamp. A source of a lower rate keeps all its frames and gets no
    duplicates: samplers go by timestamps. Frames are shown as a player would: the rotation that the
    file asks for is applied, and pixels that are not square are squared by shrinking.

    Memory is bounded by one clip, whatever the length of the video. The result depends on the
    bytes of the file and the settings only.

    Args:
        path: a local video file; opened by PyAV alone, never trusted.
        settings: see `CutSettings`.

    Yields:
        Clips in the order of time.

    Raises:
        VideoError: the file cannot be read, holds no video, is damaged, or is shorter than
            `settings.min_seconds`. Clips before the damage have been yielded by then.
    """
    try:
        with open_video(path) as container:
            stream = _video_stream(container)
            kept = nearest_to_grid(displayed_frames(container, stream), settings.frame_rate)
            pixels = _Pixels(stream.sample_aspect_ratio, settings)
            yield from _group(kept, pixels, settings)
    except VideoError:
        raise
    except (ValueError, MemoryError) as error:
        raise VideoError(f"it cannot be decoded ({error or type(error).__name__})") from error


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    cover_art = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & cover_art]
    if not streams:
        raise VideoError("it has no video stream")
    streams[0].codec_context.thread_count = 1  # Videos are cut in parallel, not frames.
    return streams[0]


def _group(
    frames: Iterable[DisplayedFrame], pixels: _Pixels, settings: CutSettings
) -> Iterator[EncodedClip]:
    """Groups frames into clips, encoding each as it comes."""
    per_clip = round(settings.clip_seconds * settings.frame_rate)
    origin, longest = None, 0
    for number, piece in itertools.groupby(frames, lambda shown: shown.point // per_clip):
        timestamps, end = [], 0
        encoder = _JpegEncoder(settings) if settings.encoding == "jpeg" else _Mp4Encoder()
        for shown in piece:
            origin = shown.start if origin is None else origin
            image = pixels(shown.frame)
            encoder.add(image, shown.start)
            timestamps.append(shown.start)
            end = shown.end
        boundary = origin + round((number + 1) * per_clip * _MICROSECONDS / settings.frame_rate)
        end = min(end, boundary)
        longest = max(longest, end - timestamps[0])
        images, video = encoder.finish()
        if end - timestamps[0] >= settings.min_seconds * _MICROSECONDS:
            width, height = image.size
            yield EncodedClip(tuple(timestamps), end, height, width, images, video)
    if longest < settings.min_seconds * _MICROSECONDS:
        raise VideoError(
            f"it lasts {longest / _MICROSECONDS:.2f} s, less than CutSettings.min_seconds = "
            f"{settings.min_seconds:g}"
        )


class _Pixels:
    """Turns decoded frames into upright RGB images of one size, which the first frame decides."""

    def __init__(self, pixel_aspect: Fraction | None, settings: CutSettings):
        self._pixel_aspect = pixel_aspect or Fraction(1)
        self._settings = settings
        self._reformatter = VideoReformatter()
        self._size: tuple[int, int] | None = None

    def __call__(self, frame: av.VideoFrame) -> Image.Image:
        """Resizes and turns one frame."""
        if self._size is None:
            self._size = self._scaled_size(frame.width, frame.height)
        width, height = self._size
        # Planar: swscale writes it three times as fast as packed RGB.
        planar = self._reformatter.reformat(
            frame, width=width, height=height, format="gbrp", interpolation="BICUBIC"
        )
        green, blue, red = (
            Image.frombuffer("L", self._size, bytes(plane), "raw", "L", plane.line_size, 1)
            for plane in planar.planes
        )
        image = Image.merge("RGB", (red, green, blue))
        quarter_turns = round(frame.rotation / 90) % 4
        if quarter_turns:
            image = image.transpose(_TURNS[quarter_turns])
        return _crop_for_mp4(image) if self._settings.encoding == "mp4" else image

    def _scaled_size(self, width: int, height: int) -> tuple[int, int]:
        aspect = float(self._pixel_aspect)
        display_width, display_height = width * min(aspect, 1.0), height / max(aspect, 1.0)
        scale = min(self._settings.short_side / min(display_width, display_height), 1.0)
        return max(round(display_width * scale), 1), max(round(display_height * scale), 1)


def _crop_for_mp4(image: Image.Image) -> Image.Image:
    """Cuts a few columns and rows off the edges.

    H.264's 4:2:0 needs even sides. tensorflow-io's decoder writes rows in steps of 16 pixels, past
    the end of its memory if the width is not a multiple.
    """
    width, height = image.width // 16 * 16, image.height // 2 * 2
    if not width or not height:
        raise VideoError(f"it is too small for mp4 clips ({image.width}x{image.height} pixels)")
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


class _JpegEncoder:
    """Encodes every frame on its own."""

    def __init__(self, settings: CutSettings):
        self._quality = settings.jpeg_quality
        self._images: list[bytes] = []

    def add(self, image: Image.Image, timestamp: int) -> None:
        """Encodes one frame."""
        del timestamp
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=self._quality, subsampling="4:2:0")
        self._images.append(jpeg.getvalue())

    def finish(self) -> tuple[tuple[bytes, ...], bytes]:
        """Returns the JPEG frames and no video."""
        return tuple(self._images), b""


class _Mp4Encoder:
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

    def finish(self) -> tuple[tuple[bytes, ...], bytes]:
        """Returns no images and the bytes of the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return (), self._file.getvalue()
