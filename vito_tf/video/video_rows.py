# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What is known of a video before it is opened (`Source`), and what became of it (`VideoRow`)."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any, NamedTuple

KEPT, DROPPED = "kept", "dropped"


@dataclasses.dataclass(frozen=True)
class Source:
    """A video that is to be ingested.

    Attributes:
        path: where it is; a local path or one of `tf.io.gfile`'s. Names of local files need not be
            valid UTF-8 (undecodable bytes are surrogate escapes, as everywhere in Python).
        name: what it is called in records and manifest; one of a kind among the sources.
        title: what its publisher calls it; empty if unknown.
        labels: indices of the classes that it may belong to, ascending; empty if unlabelled.
        dropped: code of the reason why it need not be opened at all; empty if it is to be opened.
        detail: the reason, for a person.
    """

    path: str
    name: str
    title: str = ""
    labels: tuple[int, ...] = ()
    dropped: str = ""
    detail: str = ""


class ClipFigures(NamedTuple):
    """A clip that was cut from a video.

    Attributes:
        num_bytes: size of its record.
        num_frames: number of its frames.
        seconds: how long it is.
    """

    num_bytes: int
    num_frames: int
    seconds: float


@dataclasses.dataclass
class VideoRow:
    """What became of a source video: a row of the manifest.

    Attributes:
        name: of the source.
        path: of the source.
        title: of the source.
        status: `kept` or `dropped`.
        reason: code of why it was dropped, or of what is wrong with a video of which clips were
            kept all the same (such as `damaged`); empty otherwise.
        detail: the same for a person, with figures.
        label: class index; -1 if unlabelled.
        class_name: its name; empty if unlabelled.
        score: what the curation judged it by, in [-1, 1]; None without curation.
        container: FFmpeg's name of the file format.
        codec: FFmpeg's name of the video codec.
        pixel_format: FFmpeg's name of it.
        seconds: duration by its packets.
        frame_rate: mean number of frames per second.
        width: of a stored frame in pixels.
        height: of a stored frame in pixels.
        rotation: counterclockwise degrees by which a player turns the frames.
        num_video_streams: number of video streams; the first is used.
        num_audio_streams: number of audio streams.
        num_bytes: size of the file.
        split: `train` or `held_out`; empty if it was dropped.
        clips: cut from it, in the order of time.
        embedding: its feature vector, unit length; empty if none was computed.
    """

    name: str
    path: str
    title: str = ""
    status: str = KEPT
    reason: str = ""
    detail: str = ""
    label: int = -1
    class_name: str = ""
    score: float | None = None
    container: str = ""
    codec: str = ""
    pixel_format: str = ""
    seconds: float = 0.0
    frame_rate: float = 0.0
    width: int = 0
    height: int = 0
    rotation: int = 0
    num_video_streams: int = 0
    num_audio_streams: int = 0
    num_bytes: int = 0
    split: str = ""
    clips: tuple[ClipFigures, ...] = ()
    embedding: tuple[float, ...] = ()

    def drop(self, reason: str, detail: str) -> VideoRow:
        """The row of the same video, dropped."""
        return dataclasses.replace(self, status=DROPPED, reason=reason, detail=detail, split="")

    @property
    def is_kept(self) -> bool:
        """Whether its clips go into the data set."""
        return self.status == KEPT

    @property
    def num_clips(self) -> int:
        """Number of clips."""
        return len(self.clips)

    @property
    def num_frames(self) -> int:
        """Number of frames of all clips."""
        return sum(clip.num_frames for clip in self.clips)

    @property
    def clip_seconds(self) -> float:
        """How long all clips are together."""
        return math.fsum(clip.seconds for clip in self.clips)

    @property
    def record_bytes(self) -> int:
        """Size of all records."""
        return sum(clip.num_bytes for clip in self.clips)

    def to_json(self) -> str:
        """One line of JSON, all ASCII."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, line: str) -> VideoRow:
        """The inverse of `to_json`."""
        values: dict[str, Any] = json.loads(line)
        values["clips"] = tuple(ClipFigures(*clip) for clip in values["clips"])
        values["embedding"] = tuple(values["embedding"])
        return cls(**values)


def printable(text: str) -> str:
    """Text with control characters and undecodable bytes escaped, for tables and terminals."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
