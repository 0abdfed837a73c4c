# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the totals over a manifest."""

from __future__ import annotations

import dataclasses

import pytest

from vito_tf.ingestion.summary import BINS, CLASS_SIZES, Summary
from vito_tf.video.video_rows import ClipFigures, VideoRow


def _row(**values):
    row = VideoRow("a.mp4", "/a.mp4", container="mov,mp4", codec="h264", width=640, height=360)
    clips = (ClipFigures(10, 30, 2.0), ClipFigures(10, 20, 1.0))
    return dataclasses.replace(row, **{"split": "train", "clips": clips, **values})


def test_rows_are_handed_on_and_counted():
    rows = [_row(), _row(), _row().drop("too_short", "it lasts 1 s")]
    summary = Summary()
    assert list(summary.counting(iter(rows))) == rows
    assert summary.num_videos == 3
    assert summary.total.num_videos == 2
    assert summary.total.num_clips == 4
    assert summary.total.num_frames == 100


def test_splits_begin_with_train():
    summary = Summary()
    for split, seconds in [("held_out", 1.0), ("validation", 2.0), ("train", 4.0), ("train", 8.0)]:
        summary.add(_row(clips=(ClipFigures(1, 1, seconds),), split=split))
    assert {name: split.clip_seconds for name, split in summary.splits.items()} == {
        "train": 12.0,
        "held_out": 1.0,
        "validation": 2.0,
    }
    assert list(summary.splits) == ["train", "held_out", "validation"]
    assert summary.total.clip_seconds == 15.0


def test_reasons_keep_their_first_example():
    summary = Summary()
    summary.add(VideoRow("x", "/x").drop("empty_file", "it is empty"))
    summary.add(VideoRow("y", "/y").drop("empty_file", "it is empty, too"))
    summary.add(_row(reason="damaged", detail="after 2 clips"))
    assert dataclasses.astuple(summary.dropped["empty_file"]) == (2, "x", "it is empty")
    assert dataclasses.astuple(summary.remarks["damaged"]) == (1, "a.mp4", "after 2 clips")
    assert (list(summary.dropped), list(summary.remarks)) == (["empty_file"], ["damaged"])


def test_a_class_on_its_way_through_the_choices():
    summary = Summary(["cat", "dog"], {0: 7})
    summary.add(_row(label=0))
    summary.add(_row(label=0).drop("class_is_full", ""))
    summary.add(_row(label=0).drop("near_duplicate", ""))
    summary.add(_row().drop("not_verified", ""))
    assert dataclasses.astuple(summary.classes[0]) == (7, 2, 4, 1, 2)
    assert dataclasses.astuple(summary.classes[1]) == (0, 0, 0, 0, 0)


def test_properties_of_what_could_be_opened_and_of_what_was_kept():
    summary = Summary()
    summary.add(_row(seconds=12.0, frame_rate=29.97))
    summary.add(_row(seconds=3.0, frame_rate=23.976, rotation=-90))
    summary.add(dataclasses.replace(_row(seconds=900.0), width=360).drop("not_verified", ""))
    summary.add(VideoRow("x", "/x").drop("unreadable", ""))
    assert sorted(summary.probed.seconds) == [3.0, 12.0, 900.0]
    assert (summary.probed.median_seconds, summary.kept.median_seconds) == (12.0, 7.5)
    assert summary.probed.counts["orientation"] == {"landscape": 1, "portrait": 1, "square": 1}
    assert summary.kept.counts["orientation"] == {"landscape": 1, "portrait": 1}
    assert summary.kept.counts["frame rate"] == {"30": 1, "24": 1}
    assert summary.probed.counts["codec"] == {"h264": 3}
    assert Summary().kept.median_seconds == 0.0


@pytest.mark.parametrize(
    ("bins", "value", "label"),
    [
        (BINS["duration"], 0.0, "below 2 s"),
        (BINS["duration"], 9.99, "5–10 s"),
        (BINS["duration"], 10.0, "10–20 s"),
        (BINS["duration"], 7200.0, "1 h and more"),
        (BINS["shorter side"], 359, "240–359"),
        (BINS["shorter side"], 360, "360–479"),
        (BINS["shorter side"], 4320, "2160 and more"),
        (BINS["frame rate"], 25.0, "25"),
        (BINS["frame rate"], 59.94, "50–60"),
        (BINS["frame rate"], 0.0, "below 10"),
        (CLASS_SIZES, 0, "0"),
        (CLASS_SIZES, 500, "500–999"),
    ],
)
def test_bins(bins, value, label):
    assert len(bins.labels) == len(bins.starts) + 1
    assert bins.label(value) == label
