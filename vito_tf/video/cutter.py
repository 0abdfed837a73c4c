# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Cuts one video file into short encoded clips, in one pass of decoding (PyAV).

Needs no TensorFlow, so that worker processes start quickly.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator

import av
import gin
import numpy as np

from vito_tf.video.clip_encoders import (
    Mp4Encoder,
    crop_for_mp4,
    encode_jpeg,
    encode_jpeg_planes,
)
from vito_tf.video.frame_times import (
    DisplayedFrame,
    displayed_frames,
    nearest_to_grid,
    repeated_on_grid,
)
from vito_tf.video.pixels import FramePixels
from vito_tf.video.probing import VideoError, check_frame_size, main_video_stream, open_video

_MICROSECONDS = 1_000_000
ENCODINGS = ("jpeg", "mp4")


@gin.configurable
@dataclasses.dataclass(frozen=True)
class CutSettings:
    """How videos are cut and encoded.

    Attributes:
        clip_seconds: length of a clip. The default leaves room to place the paper's T = 2.56 s
            window in four disjoint ways.
        frame_rate: largest number of frames per second that is kept; VITO's lengths T are whole
            numbers of frames at 25.
        short_side: the shorter side of a frame in pixels after resizing, bilinear without aliasing;
            smaller frames keep their size.
        min_seconds: a last piece (or a whole video) shorter than this is dropped. The default is
            the shortest T of the paper's ablation (Figure B.2). Clips shorter than T are sampled
            over their whole length.
        jpeg_quality: 1 to 100, for `encoding='jpeg'`.
        encoding: `jpeg`, one JPEG a frame, from which frames are decoded singly; or `mp4`, H.264,
            several times smaller, decoded as a whole, and cropped to a width of whole 16 pixels.
        stride_seconds: time from the start of a clip to the start of the next. None for
            `clip_seconds`, consecutive pieces; less for clips that overlap; more for gaps, which
            are not decoded where keyframes allow it.
        repeat_frames: whether clips have exactly `frame_rate`, with the times of its grid, for
            readers that assume a constant rate; slower videos then have frames repeated.

    Raises:
        ValueError: a setting is outside its range.
    """

    clip_seconds: float = 10.24
    frame_rate: float = 25.0
    short_side: int = 256
    min_seconds: float = 1.28
    jpeg_quality: int = 95
    encoding: str = "jpeg"
    stride_seconds: float | None = None
    repeat_frames: bool = False

    def __post_init__(self) -> None:
        _require("frame_rate", self.frame_rate, 0 < self.frame_rate <= 1000, "in (0, 1000]")
        lengths = {"clip_seconds": self.clip_seconds, "stride_seconds": self._stride}
        for name, seconds in lengths.items():
            is_long = 1 <= seconds * self.frame_rate < math.inf
            _require(name, seconds, is_long, "at least one frame long")
        _require("short_side", self.short_side, self.short_side >= 2, "at least 2")
        _require(
            "min_seconds",
            self.min_seconds,
            0 <= self.min_seconds <= self.clip_seconds,
            "in [0, clip_seconds]",
        )
        _require("jpeg_quality", self.jpeg_quality, 1 <= self.jpeg_quality <= 100, "in [1, 100]")
        _require("encoding", self.encoding, self.encoding in ENCODINGS, " or ".join(ENCODINGS))

    @property
    def frames_per_clip(self) -> int:
        """Length of a clip, in points of the grid."""
        return round(self.clip_seconds * self.frame_rate)

    @property
    def frames_per_stride(self) -> int:
        """From the start of a clip to the start of the next, in points of the grid."""
        return round(self._stride * self.frame_rate)

    @property
    def _stride(self) -> float:
        return self.clip_seconds if self.stride_seconds is None else self.stride_seconds


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


def cut_video(
    path: str,
    settings: CutSettings,
    watch: Callable[[av.VideoFrame, av.VideoStream], None] | None = None,
    num_watched: int = 0,
    max_frame_pixels: int | None = None,
) -> Iterator[EncodedClip]:
    """Decodes a video once, from start to end, and yields each clip as soon as it is complete.

    Of the frames of the source, those nearest to the points of a grid of `settings.frame_rate` are
    kept, each with its own timestamp. A source of a lower rate keeps all its frames and gets no
    duplicates: samplers go by timestamps (`settings.repeat_frames` changes both). Frames are shown
    as a player would, see `vito_tf.video.pixels.FramePixels`.

    A clip at the end of the video may be shorter than the others, and is left out if another one
    holds all its frames. Memory is bounded by one stride and clip, whatever the length of the
    video. The result depends on the bytes of the file and the settings only.

    Args:
        path: a local video file; opened by PyAV alone, never trusted.
        settings: see `CutSettings`.
        watch: is shown every decoded frame, and the stream, before anything is made of it, and may
            raise.
        num_watched: so many frames from the start are decoded even if no clip needs them.
        max_frame_pixels: larger frames are refused.

    Yields:
        Clips in the order of time.

    Raises:
        VideoError: the file cannot be read, holds no video, is damaged, or is shorter than
            `settings.min_seconds`. Clips before the damage have been yielded by then.
    """
    try:
        with open_video(path, max_frame_pixels) as container:
            stream = main_video_stream(container)
            context = stream.codec_context
            check_frame_size(context.width, context.height, max_frame_pixels)
            resume = _Resume(settings, num_watched)
            shown = displayed_frames(container, stream, resume if resume.has_gaps else None)
            shown = _watched(shown, resume, stream, watch)
            on_grid = repeated_on_grid if settings.repeat_frames else nearest_to_grid
            pixels = FramePixels(stream.sample_aspect_ratio, settings.short_side)
            yield from _clips(on_grid(shown, settings.frame_rate), pixels, settings)
    except VideoError:
        raise
    except MemoryError as error:
        raise VideoError("it takes too much memory", "out_of_memory") from error
    except ValueError as error:
        raise VideoError(
            f"it cannot be decoded ({error or type(error).__name__})", "damaged"
        ) from error


class _Resume:
    """Tells which stretches of a video no clip needs."""

    def __init__(self, settings: CutSettings, num_watched: int):
        self._step = _MICROSECONDS / settings.frame_rate
        self._clip, self._stride = settings.frames_per_clip, settings.frames_per_stride
        self.num_to_watch = num_watched
        self.has_gaps = self._stride > self._clip

    def __call__(self, elapsed: int) -> int:
        """Time from which frames are needed after the one at `elapsed`, both since the first."""
        number, point = divmod(elapsed / self._step, self._stride)
        if self.num_to_watch > 0 or point <= self._clip:
            return elapsed
        # Two points more: what is nearest to the first one depends on the frames before it.
        return max(elapsed, math.floor(((number + 1) * self._stride - 2) * self._step))


def _watched(
    frames: Iterable[DisplayedFrame],
    resume: _Resume,
    stream: av.VideoStream,
    watch: Callable[[av.VideoFrame, av.VideoStream], None] | None,
) -> Iterator[DisplayedFrame]:
    for shown in frames:
        resume.num_to_watch -= 1
        if watch is not None:
            watch(shown.frame, stream)
        yield shown


class _Clip:
    """A clip that is being filled."""

    def __init__(self, number: int, origin: int, settings: CutSettings):
        step = _MICROSECONDS / settings.frame_rate
        self.first_after = number * settings.frames_per_stride + settings.frames_per_clip
        self._boundary = origin + round(self.first_after * step)
        self._timestamps: list[int] = []
        self._end = 0
        self._size = (0, 0)
        self._images: list[bytes] = []
        self._mp4 = Mp4Encoder() if settings.encoding == "mp4" else None

    def add(self, shown: DisplayedFrame, picture: _Picture) -> None:
        """Appends a frame."""
        self._timestamps.append(shown.start)
        self._end = min(shown.end, self._boundary)
        if self._mp4 is None:
            self._images.append(picture.jpeg)
        else:
            self._mp4.add(picture.rgb, shown.start)
        self._size = picture.size

    def finish(self) -> EncodedClip:
        """Returns the clip, of at least one frame."""
        video = b"" if self._mp4 is None else self._mp4.finish()
        width, height = self._size
        times = tuple(self._timestamps)
        return EncodedClip(times, self._end, height, width, tuple(self._images), video)


class _Picture:
    """A frame that is converted once and encoded once, however many clips hold it."""

    def __init__(self, frame: av.VideoFrame, pixels: FramePixels, settings: CutSettings):
        self.frame = frame
        self._pixels = pixels
        self._settings = settings

    @functools.cached_property
    def rgb(self) -> np.ndarray:
        """The frame for an mp4 file."""
        return crop_for_mp4(self._pixels.rgb(self.frame))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is stored, once it is made."""
        if self._settings.encoding == "mp4":
            return self.rgb.shape[1], self.rgb.shape[0]
        return self._pixels.size

    @functools.cached_property
    def jpeg(self) -> bytes:
        """The frame as a JPEG file."""
        quality = self._settings.jpeg_quality
        planes = self._pixels.jpeg_planes(self.frame)
        if planes is None:
            return encode_jpeg(self._pixels.rgb(self.frame), quality)
        return encode_jpeg_planes(planes, quality)


def _clips(
    frames: Iterable[DisplayedFrame], pixels: FramePixels, settings: CutSettings
) -> Iterator[EncodedClip]:
    """Yields all clips that are long enough and hold something new."""
    min_duration = settings.min_seconds * _MICROSECONDS
    longest, covered = 0, None
    for clip in _all_clips(frames, pixels, settings):
        duration = clip.end_timestamp - clip.timestamps[0]
        longest = max(longest, duration)
        if duration >= min_duration and (covered is None or clip.end_timestamp > covered):
            covered = clip.end_timestamp
            yield clip
    if longest < min_duration:
        raise VideoError(
            f"it lasts {longest / _MICROSECONDS:.2f} s, less than CutSettings.min_seconds = "
            f"{settings.min_seconds:g}",
            "too_short",
        )


def _all_clips(
    frames: Iterable[DisplayedFrame], pixels: FramePixels, settings: CutSettings
) -> Iterator[EncodedClip]:
    """Yields a clip for each step of the stride that some frame falls into."""
    per_clip, stride = settings.frames_per_clip, settings.frames_per_stride
    origin, next_number, picture = None, 0, None
    open_clips: list[_Clip] = []
    for shown in frames:
        origin = shown.start if origin is None else origin
        while open_clips and shown.point >= open_clips[0].first_after:
            yield open_clips.pop(0).finish()
        # Clip n holds the points from n * stride to n * stride + per_clip - 1.
        next_number = max(next_number, (shown.point - per_clip) // stride + 1)
        while next_number * stride <= shown.point:
            open_clips.append(_Clip(next_number, origin, settings))
            next_number += 1
        if picture is None or picture.frame is not shown.frame:
            picture = _Picture(shown.frame, pixels, settings)
        for clip in open_clips:
            clip.add(shown, picture)
    while open_clips:
        yield open_clips.pop(0).finish()
