# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Small data sets for tests, cut from tiny videos, as an ingestion leaves them."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from tests.video.fake_videos import write_video
from vito_tf.ingestion.summary import Summary
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.video_rows import ClipFigures, VideoRow

CLASS_NAMES = ("cat", "dog")
NUM_FRAMES = 20
"""Frames of every clip; frame i is of `fake_videos.level(i)`."""

# name, size, number of clips, label, split
_VIDEOS = (
    ("wide.mp4", (64, 48), 2, 0, "train"),
    ("tall.mp4", (48, 80), 1, 1, "train"),
    ("other.mp4", (64, 48), 1, 1, "held_out"),
)


@dataclasses.dataclass
class DataSet:
    """A folder of shards and what is known of it.

    Attributes:
      folder: with three clips in two shards of the split train, and one in the split held_out.
      cut: how they were cut.
      rows: of the videos, one of them dropped.
      summary: of the rows.
      shards: as `dataset_info.describe` wants them.
    """

    folder: str
    cut: CutSettings
    rows: list[VideoRow]
    summary: Summary
    shards: list[dict[str, Any]]


def write_data_set(folder: str, encoding: str = "jpeg", labelled: bool = True) -> DataSet:
    """Writes the shards of a data set of three videos, whose clips last 0.8 s."""
    cut = CutSettings(clip_seconds=NUM_FRAMES / 25, min_seconds=0.0, encoding=encoding)
    rows: list[VideoRow] = []
    records: dict[str, list[bytes]] = {"train": [], "held_out": []}
    for name, size, num_clips, label, split in _VIDEOS:
        path = write_video(os.path.join(folder, name), num_clips * NUM_FRAMES, size=size)
        row = VideoRow(name, path, label=label if labelled else -1, split=split)
        row.class_name = CLASS_NAMES[label] if labelled else ""
        row.container, row.codec, row.pixel_format = "mov,mp4", "h264", "yuv420p"
        row.seconds, row.frame_rate, (row.width, row.height) = num_clips * 0.8, 25.0, size
        for clip in cut_video(path, cut):
            record = build_clip(clip, name, row.label, row.class_name)
            records[split].append(record)
            seconds = (clip.end_timestamp - clip.timestamps[0]) / 1e6
            row.clips += (ClipFigures(len(record), len(clip.timestamps), seconds),)
        rows.append(row)
    rows.append(VideoRow("bad.mp4", "/bad.mp4").drop("unreadable", "FFmpeg cannot read it"))
    train, held_out = records["train"], records["held_out"]
    shards = []
    for split, index, count, part in [
        ("train", 0, 2, train[:2]),
        ("train", 1, 2, train[2:]),
        ("held_out", 0, 1, held_out),
    ]:
        name = f"clips-{split}.tfrecord-{index:05d}-of-{count:05d}"
        shard = write_shard(os.path.join(folder, name), part)
        shards.append(
            {
                "name": name,
                "split": split,
                "num_clips": shard.num_clips,
                "num_bytes": shard.num_bytes,
            }
        )
    summary = Summary(CLASS_NAMES if labelled else (), {0: 1, 1: 3} if labelled else {})
    for row in rows:
        summary.add(row)
    return DataSet(folder, cut, rows, summary, shards)
