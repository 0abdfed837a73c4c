# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the split, the shuffle, and the writing of shards."""

from __future__ import annotations

import collections
import json
import os
import pathlib

import apache_beam as beam
import pytest
import tensorflow as tf

from vito_tf.ingestion import engine, shards
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.workspace import Workspace
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.video_rows import ClipFigures, VideoRow

NUM_VIDEOS, CLIPS_PER_VIDEO = 40, 5


def _payload(video, clip):
    return f"clip {clip} of {video} ".encode() * (20 + clip)


def _clips(*sizes):
    return tuple(ClipFigures(size, 1, 1.0) for size in sizes)


@pytest.fixture
def written(tmp_path):
    """Rows of videos whose clips are in the workspace."""
    workspace = Workspace(str(tmp_path))
    rows = []
    for number in range(NUM_VIDEOS):
        name = f"video {number}"
        records = [_payload(name, clip) for clip in range(CLIPS_PER_VIDEO)]
        path = workspace.records_path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_shard(path, records)
        split = "train" if number % 4 else "held_out"
        rows.append(VideoRow(name, name, split=split, clips=_clips(*map(len, records))))
    return workspace, rows


def _run(workspace, rows, recipe):
    with engine.make_pipeline([], num_workers=1) as pipeline:
        lines = pipeline | beam.Create(rows) | shards.WriteShards(recipe, workspace)
        _ = lines | beam.io.WriteToText(os.path.join(workspace.folder, "shards"))
    paths = pathlib.Path(workspace.folder).glob("shards-*-of-*")
    text = "".join(path.read_text() for path in paths)
    return sorted(map(json.loads, text.splitlines()), key=lambda shard: shard["name"])


def _read(folder, shard):
    path = os.path.join(folder, shard["name"])
    return [bytes(r) for r in tf.data.TFRecordDataset(path).as_numpy_iterator()]


def test_every_clip_is_in_one_shard_of_its_split(written):
    workspace, rows = written
    found = _run(workspace, rows, Ingestion(shard_bytes=20_000))
    contents: dict[str, list] = collections.defaultdict(list)
    for shard in found:
        records = _read(workspace.output, shard)
        assert len(records) == shard["num_clips"]
        size = os.path.getsize(os.path.join(workspace.output, shard["name"]))
        assert size == shard["num_bytes"]
        contents[shard["split"]] += records
    for split, records in contents.items():
        expected = [
            _payload(row.name, clip)
            for row in rows
            if row.split == split
            for clip in range(CLIPS_PER_VIDEO)
        ]
        assert sorted(records) == sorted(expected)
        assert records != expected
    count = sum(shard["split"] == "train" for shard in found)
    total = sum(row.record_bytes + 16 * CLIPS_PER_VIDEO for row in rows if row.split == "train")
    assert count == round(total / 20_000) > 2
    assert [s["name"] for s in found if s["split"] == "train"] == [
        f"clips-train.tfrecord-{i:05d}-of-{count:05d}" for i in range(count)
    ]


def test_shards_depend_on_the_seed_and_not_on_the_order_of_the_rows(written):
    workspace, rows = written
    recipe = Ingestion(shard_bytes=20_000)
    first = [_read(workspace.output, shard) for shard in _run(workspace, rows, recipe)]
    for name in os.listdir(workspace.output):
        if name.startswith("clips-"):
            os.remove(os.path.join(workspace.output, name))
    again = [_read(workspace.output, shard) for shard in _run(workspace, rows[::-1], recipe)]
    assert again == first
    other = Ingestion(shard_bytes=20_000, seed=1)
    assert [_read(workspace.output, shard) for shard in _run(workspace, rows, other)] != first


def test_finished_shards_are_kept_and_broken_ones_replaced(written):
    workspace, rows = written
    recipe = Ingestion(shard_bytes=20_000)
    found = _run(workspace, rows, recipe)
    paths = [os.path.join(workspace.output, shard["name"]) for shard in found]
    with open(paths[0], "ab") as file:
        file.write(b"more")
    before = {path: os.stat(path).st_mtime_ns for path in paths}
    assert _run(workspace, rows, recipe) == found
    replaced = [path for path in paths if os.stat(path).st_mtime_ns != before[path]]
    assert replaced == paths[:1]
    assert os.path.getsize(paths[0]) == found[0]["num_bytes"]


def test_clips_of_a_video_are_spread_and_all_orders_are_likely():
    firsts: collections.Counter = collections.Counter()
    num_seeds, num_shards = 600, 3
    for seed in range(num_seeds):
        row = VideoRow("a", "a", clips=_clips(10, 10, 10))
        places = list(shards.clip_places(row, "path", seed))
        firsts[min(range(3), key=lambda i: places[i].order)] += 1
        firsts["shard", shards.shard_of(places[0], num_shards)] += 1
    for count in firsts.values():
        assert abs(count - num_seeds / 3) < 5 * (num_seeds * 2 / 9) ** 0.5


def test_places_of_clips_follow_each_other():
    row = VideoRow("a", "a", clips=_clips(10, 20, 30))
    places = list(shards.clip_places(row, "path", 0))
    assert [(p.offset, p.num_bytes) for p in places] == [(0, 26), (26, 36), (62, 46)]


def test_the_split_is_by_video_and_near_its_share():
    recipe = Ingestion(held_out_share=0.2, seed=3)
    splits = [shards.split_of(f"video {i}", recipe) for i in range(2000)]
    share = splits.count("held_out") / len(splits)
    assert abs(share - 0.2) < 5 * (0.2 * 0.8 / 2000) ** 0.5
    assert set(splits) == {"held_out", "train"}
    assert shards.split_of("video 7", Ingestion(seed=3)) == "train"


def test_shards_may_be_empty(written):
    workspace, rows = written
    found = _run(workspace, rows[1:2], Ingestion(shard_bytes=50))
    assert len(found) > CLIPS_PER_VIDEO
    assert sum(shard["num_clips"] for shard in found) == CLIPS_PER_VIDEO
    for shard in found:
        assert len(_read(workspace.output, shard)) == shard["num_clips"]
