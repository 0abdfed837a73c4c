# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Broken video files, made from small valid ones; a seed says how."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np

from tests.video import fake_videos

# Name, encoder and further arguments of `fake_videos.write_video`.
_KINDS: tuple[tuple[str, str, dict], ...] = (
    ("h264.mp4", "libx264", {"options": {"g": "10", "bf": "2"}}),
    ("ten_bit.mp4", "libx264", {"pix_fmt": "yuv420p10le"}),
    ("h264.mkv", "libx264", {"rate": Fraction(30000, 1001), "options": {"g": "5"}}),
    ("h264.ts", "libx264", {"options": {"g": "10"}}),
    ("h264.avi", "libx264", {}),
    ("hevc.mov", "libx265", {"num_frames": 12, "options": {"x265-params": "log-level=none"}}),
    ("vp8.webm", "libvpx", {}),
    ("vp9.mkv", "libvpx-vp9", {"num_frames": 12}),
    ("mpeg4.avi", "mpeg4", {}),
    ("mpeg4.mov", "mpeg4", {"options": {"bf": "2"}}),
    ("mpeg2.mpg", "mpeg2video", {}),
    ("mjpeg.avi", "mjpeg", {"pix_fmt": "yuvj420p"}),
    ("ffv1.mkv", "ffv1", {"pix_fmt": "yuv444p"}),
    ("raw.avi", "rawvideo", {"num_frames": 6, "size": (16, 12), "pix_fmt": "bgr24"}),
)

# What stands before the numbers that matter, in the containers above.
_FIELDS = re.compile(
    b"mvhd|tkhd|mdhd|elst|stts|ctts|stsc|stsz|stco|stss|avcC|hvcC|avc1|mp4v|"  # mov
    b"avih|strh|strf|indx|idx1|00dc|"  # avi
    b"\\x2a\xd7\xb1|\x44\x89|\x23\xe3\x83|\xb0\x81|\xba\x81|\x1f\x43\xb6\x75|"  # matroska
    b"\x00\x00\x01[\xb3\xb5\xb8\xba\xbb\xe0\x67\x68\x65\x00]"  # mpeg: start codes
)
_EXTREMES = (0, 1, 2, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)

_Generator = np.random.Generator
_Breakage = Callable[[bytearray, _Generator], bytearray]


def valid_videos(folder: str) -> list[bytes]:
    """Makes small videos in many containers and codecs in a folder; returns their contents."""
    contents = []
    for name, codec, arguments in _KINDS:
        path = fake_videos.write_video(
            f"{folder}/{name}", **{"codec": codec, "num_frames": 20, "size": (64, 48), **arguments}
        )
        with open(path, "rb") as file:
            contents.append(file.read())
    contents.append(_with_sound(f"{folder}/sound.mp4"))
    return contents


def _with_sound(path: str) -> bytes:
    """A fragmented mp4 file with a sound track."""
    with av.open(path, "w", options={"movflags": "frag_keyframe+empty_moov"}) as container:
        video = container.add_stream("libx264", rate=25, options={"g": "8"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=8000)
        for index in range(16):
            image = np.full([48, 64, 3], fake_videos.level(index), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        for _ in range(4):
            silence = av.AudioFrame.from_ndarray(np.zeros([1, 1024], np.float32), "fltp", "mono")
            silence.sample_rate = 8000
            container.mux(sound.encode(silence))
        container.mux(video.encode())
        container.mux(sound.encode())
    with open(path, "rb") as file:
        return file.read()


def break_video(videos: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """Breaks one of some videos in one to three ways.

    Args:
        videos: contents of valid files.
        seed: decides everything.

    Returns:
        The names of the ways, and the contents of the broken file.
    """
    rng = np.random.default_rng(seed)
    data = bytearray(videos[rng.integers(len(videos))])
    names = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        name = str(rng.choice([*_BREAKAGES, "splice"]))
        names.append(name)
        if name == "splice":
            data = _splice(data, videos[rng.integers(len(videos))], rng)
        else:
            data = _BREAKAGES[name](data, rng)
    return "+".join(names), bytes(data)


def _stretch(data: bytearray, rng: _Generator) -> slice:
    """Somewhere in the file, of any order of magnitude in length."""
    length = int(2 ** rng.uniform(0, np.log2(len(data) + 1)))
    start = int(rng.integers(max(len(data) - length, 0) + 1))
    return slice(start, start + length)


def _flip_bits(data: bytearray, rng: _Generator) -> bytearray:
    for place in rng.integers(len(data), size=rng.integers(1, 40)) if data else ():
        data[place] ^= 1 << rng.integers(8)
    return data


def _flip_bits_of_header(data: bytearray, rng: _Generator) -> bytearray:
    for place in rng.integers(min(len(data), 800), size=rng.integers(1, 8)) if data else ():
        data[place] ^= 1 << rng.integers(8)
    return data


def _truncate(data: bytearray, rng: _Generator) -> bytearray:
    return data[: rng.integers(len(data) + 1)]


def _zero(data: bytearray, rng: _Generator) -> bytearray:
    where = _stretch(data, rng)
    data[where] = bytes(len(data[where]))
    return data


def _scramble(data: bytearray, rng: _Generator) -> bytearray:
    where = _stretch(data, rng)
    data[where] = rng.bytes(len(data[where]))
    return data


def _remove(data: bytearray, rng: _Generator) -> bytearray:
    del data[_stretch(data, rng)]
    return data


def _repeat(data: bytearray, rng: _Generator) -> bytearray:
    where = _stretch(data, rng)
    data[where.stop : where.stop] = data[where] * int(rng.integers(1, 4))
    return data


def _append(data: bytearray, rng: _Generator) -> bytearray:
    return data + rng.bytes(rng.integers(1, 5000))


def _edit_number(data: bytearray, rng: _Generator) -> bytearray:
    """Sets a number of a header (a size, rate, duration, time scale, count…) to an extreme one."""
    fields = [match.end() for match in _FIELDS.finditer(bytes(data))]
    for _ in range(rng.integers(1, 4)) if fields else ():
        length = int(rng.choice([1, 2, 4, 8]))
        place = fields[rng.integers(len(fields))] + int(rng.integers(0, 40))
        value = int(rng.choice(_EXTREMES)) if rng.random() < 0.8 else int(rng.integers(1 << 32))
        order = "big" if rng.random() < 0.7 else "little"
        number = (value % (1 << 8 * length)).to_bytes(length, order)  # type: ignore[arg-type]
        data[place : place + length] = number
    return data


def _swap_parts(data: bytearray, rng: _Generator) -> bytearray:
    """Exchanges two parts that start with a header's name, such as atoms of an mp4 file."""
    starts = [match.start() for match in _FIELDS.finditer(bytes(data))]
    if len(starts) < 3:
        return data
    first, second, third = sorted(rng.choice(starts, 3, replace=False))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def _splice(data: bytearray, other: bytes, rng: _Generator) -> bytearray:
    return data[: rng.integers(len(data) + 1)] + other[rng.integers(len(other)) :]


_BREAKAGES: dict[str, _Breakage] = {
    "flip_bits": _flip_bits,
    "flip_bits_of_header": _flip_bits_of_header,
    "truncate": _truncate,
    "zero": _zero,
    "scramble": _scramble,
    "remove": _remove,
    "repeat": _repeat,
    "append": _append,
    "edit_number": _edit_number,
    "swap_parts": _swap_parts,
}
