# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What may become of any file at all: valid clips, or a reason that is known."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
from PIL import Image

from vito_tf.ingestion.sandbox import CODES, FirstFrames, Sandbox
from vito_tf.video.cutter import CutSettings, EncodedClip
from vito_tf.video.probing import VideoError

FIRST = FirstFrames(count=4, size=16)
SETTINGS = (
    CutSettings(clip_seconds=0.4, min_seconds=0.0, short_side=32),
    CutSettings(clip_seconds=0.4, min_seconds=0.1, short_side=32, stride_seconds=0.2),
    CutSettings(clip_seconds=0.08, min_seconds=0.0, short_side=32, stride_seconds=1.5),
    CutSettings(clip_seconds=0.4, min_seconds=0.0, frame_rate=40, repeat_frames=True),
    CutSettings(clip_seconds=0.4, min_seconds=0.0, short_side=32, encoding="mp4"),
)


class InvalidOutcomeError(Exception):
    """A clip that is wrong, or a reason that is unknown."""


def outcome(sandbox: Sandbox, path: str, settings: CutSettings) -> str:
    """Probes and cuts a file as ingestion does, and checks whatever comes.

    Returns:
        `clips`, a code of `CODES`, or both where clips came before the failure.

    Raises:
        InvalidOutcomeError: for what must never come.
    """
    try:
        info = sandbox.probe(path)
    except VideoError as error:
        return _checked(error)
    _require(info.width > 0 and info.height > 0 and info.seconds >= 0, "the probe is wrong")
    _require(bool(np.all(np.diff(info.timestamps) >= 0)), "the probe's times do not ascend")
    shown: list[np.ndarray] = []
    num_clips, last = 0, None
    try:
        for clip in sandbox.cut(path, settings, FIRST, shown.append):
            _check_clip(clip, settings)
            # Overlapping clips may start with the same frame, where the next one is far off.
            _require(last is None or last <= clip.timestamps[0], "clips do not ascend")
            num_clips, last = num_clips + 1, clip.timestamps[0]
    except VideoError as error:
        code = _checked(error)
        return f"clips+{code}" if num_clips else code
    _require(num_clips > 0, "there are neither clips nor a reason")
    _require(len(shown) == 1, "the first frames were not shown")
    _require(shown[0].dtype == np.uint8 and 1 <= len(shown[0]) <= FIRST.count, "wrong frames")
    return "clips"


def _checked(error: VideoError) -> str:
    _require(error.code in CODES, f"the code {error.code!r} is unknown")
    _require(bool(str(error)), "the reason is empty")
    return error.code


def _check_clip(clip: EncodedClip, settings: CutSettings) -> None:
    times = (*clip.timestamps, clip.end_timestamp)
    _require(all(a < b for a, b in zip(times, times[1:])), "timestamps do not ascend")
    _require(all(abs(time) < 1 << 63 for time in times), "a timestamp does not fit int64")
    longest = round(settings.clip_seconds * settings.frame_rate)
    _require(len(clip.timestamps) <= longest, "a clip has too many frames")
    if settings.repeat_frames:
        step = 1_000_000 / settings.frame_rate
        gaps = np.diff(times)
        _require(bool(np.all(np.abs(gaps - step) <= 1)), "the rate is not constant")
    sizes = _frame_sizes(clip)
    _require(len(sizes) == len(clip.timestamps), "frames are missing")
    _require(set(sizes) == {(clip.width, clip.height)}, "frames differ in size")


def _frame_sizes(clip: EncodedClip) -> list[tuple[int, int]]:
    """Decodes all frames; none may be damaged."""
    if clip.video:
        with av.open(io.BytesIO(clip.video), "r") as container:
            return [(frame.width, frame.height) for frame in container.decode(video=0)]
    sizes = []
    for data in clip.images:
        image: Any = Image.open(io.BytesIO(data))
        image.load()
        _require(image.mode == "RGB", "a frame is not RGB")
        sizes.append(image.size)
    return sizes


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidOutcomeError(message)
