# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Totals over the rows of a manifest, counted in one pass and in little memory."""

from __future__ import annotations

import array
import bisect
import collections
import dataclasses
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vito_tf.video.record_files import TRAIN
from vito_tf.video.video_rows import VideoRow

BALANCE_REASON = "class_is_full"
"""Code of the videos that the balance dropped, after all other choices."""


@dataclasses.dataclass(frozen=True)
class Bins:
    """Intervals of a quantity.

    Attributes:
        starts: where each bin after the first begins, ascending.
        labels: of the bins, one more than `starts`.
    """

    starts: tuple[float, ...]
    labels: tuple[str, ...]

    def label(self, value: float) -> str:
        """The bin of a value."""
        return self.labels[bisect.bisect_right(self.starts, value)]


BINS = {
    "duration": Bins(
        (2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600),
        (
            *("below 2 s", "2–5 s", "5–10 s", "10–20 s", "20–30 s", "30–60 s", "1–2 min"),
            *("2–5 min", "5–10 min", "10–30 min", "30–60 min", "1 h and more"),
        ),
    ),
    "shorter side": Bins(
        (144, 240, 360, 480, 720, 1080, 2160),
        (
            *("below 144", "144–239", "240–359", "360–479", "480–719", "720–1079"),
            *("1080–2159", "2160 and more"),
        ),
    ),
    "frame rate": Bins(
        (9.5, 19.5, 23.5, 24.5, 25.5, 29.5, 30.5, 49.5, 60.5),
        ("below 10", "10–19", "20–23", "24", "25", "26–29", "30", "31–49", "50–60", "above 60"),
    ),
}
"""Binned properties of a video: seconds; pixels; frames per second, rounded."""

CLASS_SIZES = Bins(
    (1, 10, 50, 100, 500, 1000, 5000),
    ("0", "1–9", "10–49", "50–99", "100–499", "500–999", "1000–4999", "5000 and more"),
)
"""Clips a class."""


@dataclasses.dataclass
class SplitTotals:
    """What a split holds."""

    num_videos: int = 0
    num_clips: int = 0
    num_frames: int = 0
    clip_seconds: float = 0.0


@dataclasses.dataclass
class ReasonTotals:
    """How many videos have a reason, and the first of them."""

    num_videos: int = 0
    example: str = ""
    detail: str = ""


@dataclasses.dataclass
class ClassTotals:
    """A class on its way through the choices.

    Attributes:
        candidates: videos that may show it, by title or label.
        passed_videos: videos that passed all choices before the balance.
        passed_clips: their clips.
        videos: videos that are kept.
        clips: their clips.
    """

    candidates: int = 0
    passed_videos: int = 0
    passed_clips: int = 0
    videos: int = 0
    clips: int = 0


class VideoTotals:
    """Properties of some source videos.

    Attributes:
        seconds: duration of each video.
        counts: by property, the number of videos by value or by label of the bin.
    """

    def __init__(self) -> None:
        self.seconds = array.array("d")
        self.counts: dict[str, collections.Counter[str]] = collections.defaultdict(
            collections.Counter
        )

    def add(self, row: VideoRow) -> None:
        """Counts a video that has been probed."""
        self.seconds.append(row.seconds)
        values = {
            "duration": BINS["duration"].label(row.seconds),
            "shorter side": BINS["shorter side"].label(min(row.width, row.height)),
            "orientation": _orientation(row),
            "frame rate": BINS["frame rate"].label(row.frame_rate),
            "codec": row.codec,
            "container": row.container,
            "pixel format": row.pixel_format,
        }
        for name, value in values.items():
            self.counts[name][value] += 1

    @property
    def median_seconds(self) -> float:
        """Median duration; 0 without videos."""
        return statistics.median(self.seconds) if self.seconds else 0.0


class Summary:
    """Totals of a data set, for its info and its card.

    Args:
        class_names: names of the classes by label; empty if unlabelled.
        candidates: by label, the number of videos that may show the class before any choice. A
            video may be a candidate of several classes.

    Attributes:
        class_names: as given.
        num_videos: number of rows.
        dropped: by reason.
        remarks: by reason, kept videos with which something is wrong all the same.
        classes: by label.
        probed: properties of the videos that could be opened.
        kept: properties of those that were kept.
    """

    def __init__(self, class_names: Sequence[str] = (), candidates: Mapping[int, int] = {}):
        self.class_names = tuple(class_names)
        self.num_videos = 0
        self._splits: dict[str, SplitTotals] = {}
        self.dropped: dict[str, ReasonTotals] = {}
        self.remarks: dict[str, ReasonTotals] = {}
        self.classes = [ClassTotals(candidates.get(i, 0)) for i in range(len(self.class_names))]
        self.probed, self.kept = VideoTotals(), VideoTotals()

    def counting(self, rows: Iterable[VideoRow]) -> Iterator[VideoRow]:
        """Counts rows and hands them on, for another reader in the same pass."""
        for row in rows:
            self.add(row)
            yield row

    def add(self, row: VideoRow) -> None:
        """Counts a row."""
        self.num_videos += 1
        if row.container:
            self.probed.add(row)
        if row.is_kept:
            self._keep(row)
        else:
            _note(self.dropped, row)
        if row.label >= 0 and (row.is_kept or row.reason == BALANCE_REASON):
            totals = self.classes[row.label]
            totals.passed_videos += 1
            totals.passed_clips += row.num_clips

    def _keep(self, row: VideoRow) -> None:
        self.kept.add(row)
        if row.reason:
            _note(self.remarks, row)
        if row.label >= 0:
            self.classes[row.label].videos += 1
            self.classes[row.label].clips += row.num_clips
        split = self._splits.setdefault(row.split, SplitTotals())
        split.num_videos += 1
        split.num_clips += row.num_clips
        split.num_frames += row.num_frames
        split.clip_seconds += row.clip_seconds

    @property
    def splits(self) -> dict[str, SplitTotals]:
        """The splits that have clips, by name, `train` first."""
        return dict(sorted(self._splits.items(), key=lambda item: (item[0] != TRAIN, item[0])))

    @property
    def total(self) -> SplitTotals:
        """All splits together."""
        total = SplitTotals()
        for split in self._splits.values():
            total.num_videos += split.num_videos
            total.num_clips += split.num_clips
            total.num_frames += split.num_frames
            total.clip_seconds += split.clip_seconds
        return total


def _orientation(row: VideoRow) -> str:
    width, height = (row.height, row.width) if row.rotation % 180 else (row.width, row.height)
    if width == height:
        return "square"
    return "landscape" if width > height else "portrait"


def _note(reasons: dict[str, ReasonTotals], row: VideoRow) -> None:
    totals = reasons.setdefault(row.reason, ReasonTotals(0, row.name, row.detail))
    totals.num_videos += 1
