# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Balance of the classes: at most so many clips of each."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import gin

from vito_tf.curation.classifiers import Classifier
from vito_tf.curation.name_order import place_in_order
from vito_tf.video.clips import UNLABELLED
from vito_tf.video.video_rows import VideoRow

_CODE = "class_is_full"


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Balance:
    """Limits the number of clips of a class.

    The videos of a class are taken whole, in a pseudo-random order of their names, until it has
    its clips; the last of them is shortened to its first clips where it has too many.

    Attributes:
        max_clips_per_class: clips of a class, at least 1. Unlabelled videos are all kept.

    Raises:
        ValueError: the limit is below 1.
    """

    max_clips_per_class: int = gin.REQUIRED

    def __post_init__(self) -> None:
        if self.max_clips_per_class < 1:
            raise ValueError(
                f"Balance.max_clips_per_class must be at least 1, got {self.max_clips_per_class}."
            )

    def transform(self, classifier: Classifier | None = None) -> beam.PTransform:
        """The choice among rows; a classifier is not asked."""
        del classifier
        return BalanceClasses(self.max_clips_per_class)


class BalanceClasses(beam.PTransform):
    """PCollection of `VideoRow`s -> the same rows, some shortened, some dropped.

    The reason is `class_is_full`. A video that is shortened keeps its status and says so in
    `reason` and `detail`; its frames and seconds are then its clips' share of those before. No more
    than one short entry for each clip of a class that may be kept is held at once.
    """

    def __init__(self, max_clips: int):
        super().__init__()
        self._max_clips = max_clips

    def expand(self, rows: beam.PCollection[VideoRow]) -> beam.PCollection[VideoRow]:
        limits = (
            rows
            | "Labelled" >> beam.Filter(_is_balanced)
            | "By class" >> beam.Map(lambda row: (row.label, (_place(row), row.num_clips)))
            | "Limits" >> beam.CombinePerKey(_LastAdmitted(self._max_clips))
        )
        return rows | "Limit" >> beam.Map(_limit, beam.pvalue.AsDict(limits), self._max_clips)


def _is_balanced(row: VideoRow) -> bool:
    return row.is_kept and row.label != UNLABELLED


def _place(row: VideoRow) -> bytes:
    return place_in_order(row.name, "balance")


class _LastAdmitted(beam.CombineFn):
    """(place, number of clips) of videos -> place of the last one admitted, number of its clips."""

    def __init__(self, max_clips: int):
        super().__init__()
        self._max_clips = max_clips

    def create_accumulator(self) -> list[tuple[bytes, int]]:
        return []

    def add_input(
        self, accumulator: list[tuple[bytes, int]], element: tuple[bytes, int]
    ) -> list[tuple[bytes, int]]:
        accumulator.append(element)
        return self._first(accumulator) if len(accumulator) > 2 * self._max_clips else accumulator

    def merge_accumulators(
        self, accumulators: Iterable[list[tuple[bytes, int]]]
    ) -> list[tuple[bytes, int]]:
        merged: list[tuple[bytes, int]] = []
        for accumulator in accumulators:
            merged = self._first(merged + accumulator)
        return merged

    def compact(self, accumulator: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        return self._first(accumulator)

    def extract_output(self, accumulator: list[tuple[bytes, int]], *_: Any) -> tuple[bytes, int]:
        admitted = self._first(accumulator)
        before = sum(num_clips for _, num_clips in admitted[:-1])
        place, num_clips = admitted[-1]
        return place, min(num_clips, self._max_clips - before)

    def _first(self, videos: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """The first videos that together have enough clips, or all."""
        videos = sorted(videos)
        totals = list(itertools.accumulate(num_clips for _, num_clips in videos))
        return videos[: 1 + bisect.bisect_left(totals, self._max_clips)]


def _limit(row: VideoRow, limits: dict[int, tuple[bytes, int]], max_clips: int) -> VideoRow:
    if not _is_balanced(row):
        return row
    last, num_clips = limits[row.label]
    place = _place(row)
    if place > last:
        return row.drop(_CODE, f"Balance.max_clips_per_class = {max_clips} are reached without it")
    return _shortened(row, num_clips) if place == last and num_clips < row.num_clips else row


def _shortened(row: VideoRow, num_clips: int) -> VideoRow:
    """The row of a video of which only the first clips are kept."""
    detail = f"the class has room for {num_clips} of its {row.num_clips} clips"
    return dataclasses.replace(
        row,
        reason=row.reason or _CODE,
        detail="; ".join(filter(None, (row.detail, detail))),
        clips=row.clips[:num_clips],
    )
