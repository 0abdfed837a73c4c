# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""When the frames of a video are on display, and which of them a lower frame rate keeps (PyAV)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import av

from vito_tf.video.packet_decoding import decode_packets
from vito_tf.video.probing import LONGEST, VideoError

_MICROSECONDS = 1_000_000
_LARGEST_TIME = 1 << 62  # Times are stored as int64.
_USUAL_RATE = 25
_WORTH_SKIPPING = _MICROSECONDS
_LONGEST_STILL = 600 * _MICROSECONDS


@dataclasses.dataclass
class DisplayedFrame:
    """A decoded frame.

    Attributes:
        start: when it comes on display, in microseconds.
        end: when it goes, in microseconds; after `start`.
        frame: its picture.
        point: the point of the grid of `nearest_to_grid` that is nearest to `start`.
    """

    start: int
    end: int
    frame: av.VideoFrame
    point: int = 0


def displayed_frames(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    resume_at: Callable[[int], int] | None = None,
) -> Iterator[DisplayedFrame]:
    """Decodes a stream; yields its frames in the order of presentation, each after the one before.

    Args:
        container: the open file.
        stream: one of its video streams.
        resume_at: takes the time of a frame since the first one and returns the time, not before
            it, from which frames are needed again; both in microseconds. What lies between may be
            left out where the file allows it, up to the last keyframe before that time. None for
            all frames.

    Raises:
        VideoError: there is no frame, or the timestamps are absurd.
        av.FFmpegError: the data are damaged.
    """
    clock = _Clock(stream)
    pending: DisplayedFrame | None = None
    for frame in decode_packets(container, stream, lambda: clock.resume_stamp(resume_at)):
        start = clock.start(frame)
        if pending is not None:
            pending.end = start
            yield pending
        pending = DisplayedFrame(start, start + clock.duration(frame), frame)
    if pending is None:
        raise VideoError("no frame of it can be decoded", "no_frames")
    yield pending


class _Clock:
    """Strictly ascending times of frames, whatever the timestamps of the file.

    Where presentation times go back more often than decoding times, the latter are used (files that
    were written without the former, in spite of B-frames). After a jump back by more than a second,
    as between joined recordings, time runs on. Frames without times follow each other at the usual
    rate.
    """

    def __init__(self, stream: av.VideoStream):
        self._scale = Fraction(stream.time_base or 0) * _MICROSECONDS
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        self._usual = max(round(_MICROSECONDS / rate), 1)
        self._first: int | None = None
        self._last: int | None = None
        self._shift = 0
        self._presentation, self._decoding = _Stamps(), _Stamps()

    def start(self, frame: av.VideoFrame) -> int:
        """Start of the next frame in microseconds."""
        self._presentation.note(frame.pts)
        self._decoding.note(frame.dts)
        stamp = frame.pts
        if stamp is None or self._presentation.num_faults > self._decoding.num_faults:
            stamp = frame.dts
        after = 0 if self._last is None else self._last + self._usual
        start = after if stamp is None else self._to_microseconds(stamp) + self._shift
        if self._last is not None and start <= self._last:
            if start < self._last - _MICROSECONDS:
                self._shift += after - start
                start = after
            else:
                start = self._last + 1
        self._first = start if self._first is None else self._first
        if start - self._first > LONGEST or abs(start) > _LARGEST_TIME:
            raise VideoError("its timestamps are damaged", "bad_timestamps")
        self._last = start
        return start

    def duration(self, frame: av.VideoFrame) -> int:
        """How long the file says that a frame is shown, in microseconds, at least 1."""
        stored = self._to_microseconds(frame.duration or 0)
        return stored if 0 < stored <= LONGEST else min(self._usual, LONGEST)

    def _to_microseconds(self, ticks: int) -> int:
        numerator, denominator = self._scale.numerator, self._scale.denominator
        return (2 * ticks * numerator + denominator) // (2 * denominator)

    def resume_stamp(self, resume_at: Callable[[int], int] | None) -> int | None:
        """Presentation time, in the file's units, from which frames are needed again.

        None if they are all needed, or if the timestamps so far do not let one foresee others.
        """
        sound = self._scale > 0 and not self._shift and not self._presentation.num_faults
        if resume_at is None or self._first is None or self._last is None or not sound:
            return None
        elapsed = self._last - self._first
        target = resume_at(elapsed)
        if target - elapsed < _WORTH_SKIPPING:
            return None
        return math.floor((self._first + target) / self._scale)


class _Stamps:
    """Counts how often timestamps of one kind are missing or do not ascend."""

    def __init__(self) -> None:
        self.num_faults = 0
        self._last: int | None = None

    def note(self, stamp: int | None) -> None:
        """Looks at the next frame's timestamp."""
        if stamp is None or (self._last is not None and stamp <= self._last):
            self.num_faults += 1
        if stamp is not None:
            self._last = stamp


def nearest_to_grid(
    frames: Iterable[DisplayedFrame], frame_rate: float
) -> Iterator[DisplayedFrame]:
    """Keeps each frame that is the nearest one to some point of the grid from the first frame on.

    The points nearest to a frame lie between the middles of its gaps to its neighbours. A frame
    that is kept stays on display until the next one that is kept.

    Args:
        frames: in the order of presentation.
        frame_rate: points per second.

    Yields:
        The frames that are kept, with `end` and `point` set.
    """
    origin, next_point = None, 0
    per_microsecond = frame_rate / _MICROSECONDS
    kept: DisplayedFrame | None = None
    for shown in frames:
        origin = shown.start if origin is None else origin
        first_after = math.ceil(((shown.start + shown.end) / 2 - origin) * per_microsecond)
        if first_after > next_point:
            next_point = first_after
            if kept is not None:
                kept.end = shown.start
                yield kept
            kept = shown
            kept.point = round((shown.start - origin) * per_microsecond)
        elif kept is not None:
            kept.end = shown.end
    if kept is not None:
        yield kept


def repeated_on_grid(
    frames: Iterable[DisplayedFrame], frame_rate: float
) -> Iterator[DisplayedFrame]:
    """Yields the nearest frame for every point of the grid from the first frame on.

    Args:
        frames: in the order of presentation.
        frame_rate: points per second.

    Yields:
        A frame a point, with the times of the grid: constant in rate, neighbours may share a
        picture.

    Raises:
        VideoError: a picture stays for more than ten minutes.
    """
    origin, next_point = 0, 0
    per_microsecond = frame_rate / _MICROSECONDS
    last: DisplayedFrame | None = None
    for shown in frames:
        origin = shown.start if last is None else origin
        first_after = math.ceil(((shown.start + shown.end) / 2 - origin) * per_microsecond)
        yield from _repeat(shown, next_point, first_after, origin, frame_rate)
        next_point = max(next_point, first_after)
        last = shown
    if last is not None:
        # To the end of the last frame; a point that it covers by less than half is left out.
        first_after = math.ceil((last.end - origin) * per_microsecond - 0.5)
        yield from _repeat(last, next_point, first_after, origin, frame_rate)


def _repeat(
    shown: DisplayedFrame, begin: int, end: int, origin: int, frame_rate: float
) -> Iterator[DisplayedFrame]:
    """One frame at the points `begin`, …, `end - 1`."""
    step = _MICROSECONDS / frame_rate
    if (end - begin) * step > _LONGEST_STILL:
        raise VideoError("a frame stays for more than ten minutes", "bad_timestamps")
    for point in range(begin, end):
        times = [origin + round(number * step) for number in (point, point + 1)]
        yield DisplayedFrame(times[0], times[1], shown.frame, point)
