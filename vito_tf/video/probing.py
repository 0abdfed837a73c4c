# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a video file announces: its frame times and size, read by PyAV without decoding it."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterator

import av
import av.container
import numpy as np

# Containers that hold the data themselves. Playlists and the like, which make FFmpeg open other
# files and addresses, are refused whatever the file is called.
_CONTAINERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo"
_MICROSECONDS = 1_000_000
_LONGEST = 7 * 24 * 3600 * _MICROSECONDS  # Longer than any video; damaged times exceed it by far.


class VideoError(ValueError):
    """A video file cannot be used; the message is the reason, without the file's name."""


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What `probe_video` finds out about the first video stream of a file.

    Attributes:
      timestamps: int64 [F], ascending presentation times of the frames in microseconds; the first
        is 0.
      end_timestamp: end of the last frame in microseconds.
      width: of a stored frame, in pixels.
      height: of a stored frame, in pixels.
    """

    timestamps: np.ndarray
    end_timestamp: int
    width: int
    height: int

    @property
    def seconds(self) -> float:
        """Duration from the first frame to the end of the last."""
        return self.end_timestamp / _MICROSECONDS

    @property
    def decoded_bytes(self) -> int:
        """Size of all frames as uint8 RGB."""
        return len(self.timestamps) * self.width * self.height * 3


@contextlib.contextmanager
def open_video(file: str | bytes) -> Iterator[av.container.InputContainer]:
    """Opens a video file by PyAV and turns whatever fails inside the block into `VideoError`.

    Args:
      file: path of the file, or its contents.

    Yields:
      The container; its first video stream is of a known codec.

    Raises:
      VideoError: if the file cannot be read, is no video container, holds no video stream, or if
        FFmpeg fails inside the block.
    """
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with av.open(
            source, "r", container_options=options, metadata_errors="replace"
        ) as container:
            if not container.streams.video:
                raise VideoError("it has no video stream")
            if container.streams.video[0].codec_context is None:
                raise VideoError("FFmpeg has no decoder for it")
            yield container
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"FFmpeg cannot read it ({error.strerror or error})") from error


def probe_video(path: str) -> VideoInfo:
    """Reads the frame times of a file's first video stream from its packets.

    Packets that carry no picture, and those that an edit list discards, are not frames. Where
    packets have no presentation times (B-frames in AVI), decoding times stand in for them, and
    where these are missing too, the announced frame rate.

    Raises:
      VideoError: with the reason why the file cannot be used.
    """
    with open_video(path) as container:
        stream = container.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if not (width and height):
            raise VideoError("its frame size is unknown")
        packets = [
            (packet.pts, packet.dts, packet.duration or 0)
            for packet in container.demux(stream)
            if packet.size and not packet.is_discard
        ]
        if stream.time_base is None:
            raise VideoError("its frames have no timestamps")
        rate = stream.average_rate or stream.guessed_rate
        ticks_per_frame = float(1 / (stream.time_base * rate)) if rate else None
        times = _frame_times(packets, ticks_per_frame)
        scale = float(stream.time_base * _MICROSECONDS)
    microseconds = np.rint((times - times[0]) * scale)
    if microseconds[-1] > _LONGEST:
        raise VideoError("its timestamps are damaged")
    microseconds = microseconds.astype(np.int64)
    return VideoInfo(microseconds[:-1], int(microseconds[-1]), width, height)


def _frame_times(packets: list, ticks_per_frame: float | None) -> np.ndarray:
    """Returns float64 [F + 1]: the frames' times in presentation order and the end, in ticks."""
    if not packets:
        raise VideoError("it has no frames")
    for column in (0, 1):
        if all(packet[column] is not None for packet in packets):
            shown = sorted((packet[column], packet[2]) for packet in packets)
            times = np.array([time for time, _ in shown], np.float64)
            duration = shown[-1][1] or ticks_per_frame or _mean_step(times)
            return np.append(times, times[-1] + duration)
    if ticks_per_frame is None:
        raise VideoError("its frames have no timestamps")
    return np.arange(len(packets) + 1) * ticks_per_frame


def _mean_step(times: np.ndarray) -> float:
    return (times[-1] - times[0]) / max(len(times) - 1, 1)
