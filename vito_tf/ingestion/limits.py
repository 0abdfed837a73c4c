# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How much one video file may take before it is given up."""

from __future__ import annotations

import dataclasses

import gin

_LEAST = {
    "max_file_bytes": 1,
    "max_frame_pixels": 1,
    "max_frames": 1,
    "max_seconds": 0.1,
    "max_memory_bytes": 1 << 29,  # Python with its libraries takes half of that.
    "max_clip_bytes": 1,
}


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits for each file, so that a hostile or absurd one costs little.

    The defaults let films of some hours and frames of 8K pass.

    Attributes:
        max_file_bytes: size of the file.
        max_frame_pixels: width by height of a decoded frame; checked before it is allocated.
        max_frames: number of decoded frames.
        max_seconds: time spent on reading and decoding the file. The time that the caller takes
            for what it is given does not count.
        max_memory_bytes: address space of the process that decodes.
        max_clip_bytes: encoded size of one clip; a record of `tf.train.SequenceExample` cannot hold
            more than 2 GiB.

    Raises:
        ValueError: a limit is too low to be met by any video.
    """

    max_file_bytes: int = 64 << 30
    max_frame_pixels: int = 8192 * 8192
    max_frames: int = 4_000_000
    max_seconds: float = 3600.0
    max_memory_bytes: int = 4 << 30
    max_clip_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not least <= value < 1 << 62:
                raise ValueError(f"Limits.{name} must be at least {least}, got {value!r}.")
