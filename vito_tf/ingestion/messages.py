# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the processes of `sandbox` and `decoder` say to each other: JSON and raw bytes, no pickles.

A message is the length of its header (4 bytes, big-endian), the header (a JSON object in ASCII),
and the blobs, of which `sizes` in the header gives the lengths.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vito_tf.video.cutter import EncodedClip
from vito_tf.video.probing import VideoInfo

_LENGTH = struct.Struct(">I")
_LARGEST_HEADER = 64 << 20


class ProtocolError(Exception):
    """What was received is no message."""


def send(descriptor: int, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Writes a message.

    Raises:
        OSError: the other side is gone.
    """
    text = json.dumps({**header, "sizes": [len(blob) for blob in blobs]}).encode("ascii")
    for part in (_LENGTH.pack(len(text)) + text, *blobs):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def receive(read: Callable[[int], bytearray], max_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """Reads a message.

    Args:
        read: returns exactly as many bytes as it is asked for, or raises.
        max_bytes: largest sum of the blobs' lengths.

    Returns:
        Header, without the sizes, and blobs.

    Raises:
        ProtocolError: it is none, or too large.
    """
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    if length > _LARGEST_HEADER:
        raise ProtocolError("the header of a message is too long")
    try:
        header = json.loads(read(length))
        sizes = [int(size) for size in header.pop("sizes")]
    except (ValueError, TypeError, KeyError) as error:
        raise ProtocolError("the header of a message is damaged") from error
    if any(size < 0 for size in sizes) or sum(sizes) > max_bytes:
        raise ProtocolError("a message is too large")
    return header, [bytes(read(size)) for size in sizes]


def pack_clip(clip: EncodedClip) -> tuple[dict[str, Any], list[bytes]]:
    """Header and blobs of a clip."""
    header = {
        "timestamps": clip.timestamps,
        "end_timestamp": clip.end_timestamp,
        "height": clip.height,
        "width": clip.width,
    }
    return header, [clip.video, *clip.images]


def unpack_clip(header: dict[str, Any], blobs: list[bytes]) -> EncodedClip:
    """The inverse of `pack_clip`.

    Raises:
        ProtocolError: it cannot be a clip.
    """
    try:
        times = tuple(int(time) for time in header["timestamps"])
        clip = EncodedClip(
            times,
            int(header["end_timestamp"]),
            int(header["height"]),
            int(header["width"]),
            tuple(blobs[1:]),
            blobs[0],
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ProtocolError("a clip is damaged") from error
    ends = (*times, clip.end_timestamp)
    ascending = all(before < after for before, after in zip(ends, ends[1:]))
    if not times or not ascending or len(clip.images) != (0 if clip.video else len(times)):
        raise ProtocolError("a clip is damaged")
    return clip


def pack_info(info: VideoInfo) -> tuple[dict[str, Any], list[bytes]]:
    """Header and blobs of what probing found."""
    names = (field for field in VideoInfo.__dataclass_fields__ if field != "timestamps")
    header = {name: getattr(info, name) for name in names}
    return {"info": header}, [info.timestamps.astype("<i8").tobytes()]


def unpack_info(header: dict[str, Any], blobs: list[bytes]) -> VideoInfo:
    """The inverse of `pack_info`.

    Raises:
        ProtocolError: it cannot be one.
    """
    try:
        times = np.frombuffer(blobs[0], "<i8").astype(np.int64)
        return VideoInfo(timestamps=times, **header["info"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ProtocolError("a description is damaged") from error
