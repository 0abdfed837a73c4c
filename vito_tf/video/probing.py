# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a video file announces: its frame times, size and streams, read by PyAV."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from collections.abc import Iterator

import av
import av.container
import numpy as np

# Containers that hold the data themselves. Playlists and the like, which make FFmpeg open other
# files and addresses, are refused whatever the file is called.
_CONTAINERS = "mov,matroska,avi,asf,flv,ogg,mpeg,mpegts,mpegvideo"
_MICROSECONDS = 1_000_000
LONGEST = 7 * 24 * 3600 * _MICROSECONDS  # Longer than any video; damaged times exceed it by far.
_MOST_PACKETS_FOR_ROTATION = 64

_CODES_OF_OPENING = (
    (FileNotFoundError, "missing"),
    (PermissionError, "no_permission"),
    (IsADirectoryError, "not_a_file"),
)
_CODES = (
    (MemoryError, "out_of_memory"),
    (av.error.DecoderNotFoundError, "unknown_codec"),
    (av.error.PatchWelcomeError, "unknown_codec"),
)


class VideoError(ValueError):
    """A video file cannot be used; the message is the reason, without the file's name.

    Attributes:
      code: the kind of reason in snake case, such as `no_video`, `damaged` or `too_short`.
    """

    def __init__(self, message: str, code: str = "unreadable"):
        super().__init__(message)
        self.code = code


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What `probe_video` finds out about a file and its main video stream.

    Attributes:
      timestamps: int64 [F], ascending presentation times of the frames in microseconds; the first
        is 0.
      end_timestamp: end of the last frame in microseconds.
      width: of a stored frame, in pixels.
      height: of a stored frame, in pixels.
      container: FFmpeg's name of the file format; several names where one demuxer reads several.
      codec: FFmpeg's name of the video codec.
      pixel_format: FFmpeg's name of it; empty if only decoding tells.
      rotation: counterclockwise degrees, 0, 90, 180 or 270, by which a player turns the frames.
      num_video_streams: number of video streams, cover pictures not counted.
      num_audio_streams: number of audio streams.
      num_bytes: size of the file.
    """

    timestamps: np.ndarray
    end_timestamp: int
    width: int
    height: int
    container: str = ""
    codec: str = ""
    pixel_format: str = ""
    rotation: int = 0
    num_video_streams: int = 1
    num_audio_streams: int = 0
    num_bytes: int = 0

    @property
    def seconds(self) -> float:
        """Duration from the first frame to the end of the last."""
        return self.end_timestamp / _MICROSECONDS

    @property
    def frame_rate(self) -> float:
        """Mean number of frames per second; 0 for a file without duration."""
        return len(self.timestamps) / self.seconds if self.end_timestamp else 0.0

    @property
    def decoded_bytes(self) -> int:
        """Size of all frames as uint8 RGB."""
        return len(self.timestamps) * self.width * self.height * 3


@contextlib.contextmanager
def open_video(
    file: str | bytes, max_frame_pixels: int | None = None
) -> Iterator[av.container.InputContainer]:
    """Opens a video file by PyAV and turns whatever fails inside the block into `VideoError`.

    Args:
      file: path of the file, or its contents.
      max_frame_pixels: decoders refuse larger frames before they allocate them. Opening may decode
        some frames without this limit.

    Yields:
      The container; its main video stream is of a known codec, which decodes by one thread: videos
      are processed in parallel, not frames.

    Raises:
      VideoError: if the file cannot be read, is no video container, holds no video stream, or if
        FFmpeg fails inside the block.
    """
    source = io.BytesIO(file) if isinstance(file, bytes) else os.path.abspath(file)
    is_open = False
    try:
        with av.open(
            source,
            "r",
            container_options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            context = main_video_stream(container).codec_context
            if context is None:
                raise VideoError("FFmpeg has no decoder for it", "unknown_codec")
            if max_frame_pixels is not None:
                context.options = {"max_pixels": str(max_frame_pixels)}
            context.thread_count = 1
            is_open = True
            yield container
    except (av.error.FFmpegError, OSError) as error:
        code = _code(error, is_open)
        raise VideoError(f"FFmpeg cannot read it ({error.strerror or error})", code) from error


def _code(error: Exception, is_open: bool) -> str:
    """The kind of an error; decoders may raise system errors that do not mean what they say."""
    kinds = _CODES if is_open else _CODES + _CODES_OF_OPENING
    other = "damaged" if is_open else "unreadable"
    return next((code for kind, code in kinds if isinstance(error, kind)), other)


def main_video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The first video stream that is no cover picture.

    Raises:
      VideoError: there is none.
    """
    streams = _video_streams(container)
    if not streams:
        raise VideoError("it has no video stream", "no_video")
    return streams[0]


def _video_streams(container: av.container.InputContainer) -> list[av.VideoStream]:
    cover_art = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover_art]


def check_frame_size(width: int, height: int, max_frame_pixels: int | None) -> None:
    """Raises a `VideoError` for frames of no or of more than `max_frame_pixels` pixels."""
    if not (width and height):
        raise VideoError("its frame size is unknown", "no_frames")
    if max_frame_pixels is not None and width * height > max_frame_pixels:
        raise VideoError(
            f"its frames of {width}x{height} exceed {max_frame_pixels} pixels", "frame_too_large"
        )


def check_frame_count(count: int, max_frames: int | None) -> None:
    """Raises a `VideoError` for more than `max_frames` frames."""
    if max_frames is not None and count > max_frames:
        raise VideoError(f"it has more than {max_frames} frames", "too_many_frames")


def probe_video(
    path: str, max_frame_pixels: int | None = None, max_frames: int | None = None
) -> VideoInfo:
    """Reads the frame times of a file's main video stream from its packets.

    Packets that carry no picture, and those that an edit list discards, are not frames. Where
    packets have no presentation times (B-frames in AVI), decoding times stand in for them, and
    where these are missing too, the announced frame rate. Only one frame is decoded, for the
    rotation.

    Args:
      path: a local file.
      max_frame_pixels: larger frames are refused.
      max_frames: so are files of more frames.

    Raises:
      VideoError: with the reason why the file cannot be used.
    """
    with open_video(path, max_frame_pixels) as container:
        stream = main_video_stream(container)
        context = stream.codec_context
        width, height = context.width, context.height
        check_frame_size(width, height, max_frame_pixels)
        packets, rotation = _read_packets(container, stream, max_frames)
        times = _microseconds(packets, stream)
        return VideoInfo(
            times[:-1],
            int(times[-1]),
            width,
            height,
            container.format.name,
            context.codec.canonical_name,
            context.pix_fmt or "",
            rotation,
            len(_video_streams(container)),
            len(container.streams.audio),
            container.size,
        )


def quarter_turns(frame: av.VideoFrame) -> int:
    """How many quarter turns counterclockwise, 0 to 3, a player gives a frame."""
    return round(frame.rotation / 90) % 4


def _read_packets(
    container: av.container.InputContainer, stream: av.VideoStream, max_frames: int | None
) -> tuple[list, int]:
    """Presentation time, decoding time and duration of each packet in ticks, and the rotation."""
    packets: list[tuple] = []
    rotation: int | None = None
    for packet in container.demux(stream):
        if rotation is None and len(packets) < _MOST_PACKETS_FOR_ROTATION:
            with contextlib.suppress(av.error.FFmpegError):
                rotation = next((quarter_turns(frame) * 90 for frame in packet.decode()), None)
        if packet.size and not packet.is_discard:
            packets.append((packet.pts, packet.dts, packet.duration or 0))
        check_frame_count(len(packets), max_frames)
    return packets, rotation or 0


def _microseconds(packets: list, stream: av.VideoStream) -> np.ndarray:
    """Returns int64 [F + 1]: the frames' times from the first on, and the end."""
    if stream.time_base is None:
        raise VideoError("its frames have no timestamps", "bad_timestamps")
    rate = stream.average_rate or stream.guessed_rate
    ticks_per_frame = float(1 / (stream.time_base * rate)) if rate else None
    times = _frame_times(packets, ticks_per_frame)
    microseconds = np.rint((times - times[0]) * float(stream.time_base * _MICROSECONDS))
    if not 0 <= microseconds[-1] <= LONGEST:
        raise VideoError("its timestamps are damaged", "bad_timestamps")
    return microseconds.astype(np.int64)


def _frame_times(packets: list, ticks_per_frame: float | None) -> np.ndarray:
    """Returns float64 [F + 1]: the frames' times in presentation order and the end, in ticks."""
    if not packets:
        raise VideoError("it has no frames", "no_frames")
    for column in (0, 1):
        if all(packet[column] is not None for packet in packets):
            shown = sorted((packet[column], packet[2]) for packet in packets)
            times = np.array([time for time, _ in shown], np.float64)
            duration = shown[-1][1] or ticks_per_frame or _mean_step(times)
            return np.append(times, times[-1] + duration)
    if ticks_per_frame is None:
        raise VideoError("its frames have no timestamps", "bad_timestamps")
    return np.arange(len(packets) + 1) * ticks_per_frame


def _mean_step(times: np.ndarray) -> float:
    return (times[-1] - times[0]) / max(len(times) - 1, 1)
