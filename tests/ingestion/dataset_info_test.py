# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of `dataset_info.json`."""

from __future__ import annotations

import json
import os

import pytest
import tensorflow as tf

from tests.ingestion.data_sets import CLASS_NAMES, NUM_FRAMES, write_data_set
from vito_tf.ingestion.dataset_info import describe, write_dataset_info
from vito_tf.ingestion.summary import Summary
from vito_tf.video.clip_records import clip_records
from vito_tf.video.cutter import CutSettings


def _describe(data, settings=None):
    return describe(data.shards, data.summary, data.cut, settings or {})


def test_what_is_written(tmp_path):
    data = write_data_set(str(tmp_path))
    write_dataset_info(data.folder, _describe(data, {"recipe": {"seed": 0}}))
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    sizes = {shard["name"]: os.path.getsize(tmp_path / shard["name"]) for shard in info["shards"]}
    train_bytes = sum(size for name, size in sizes.items() if "train" in name)
    assert info["num_clips"] == 3
    assert info["splits"]["train"] == {
        "num_videos": 2,
        "num_clips": 3,
        "num_frames": 3 * NUM_FRAMES,
        "num_bytes": train_bytes,
    }
    assert info["splits"]["held_out"]["num_clips"] == 1
    assert info["class_names"] == list(CLASS_NAMES)
    assert (info["encoding"], info["frame_rate"], info["clip_seconds"]) == ("jpeg", 25.0, 0.8)
    assert info["frames_per_clip"] == {"mean": NUM_FRAMES, "max": NUM_FRAMES}
    assert info["settings"] == {"recipe": {"seed": 0}}
    assert info["shards"] == data.shards


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_keys_are_those_of_the_records(tmp_path, encoding, labelled):
    data = write_data_set(str(tmp_path), encoding, labelled)
    record = next(
        tf.data.TFRecordDataset(str(tmp_path / data.shards[0]["name"])).as_numpy_iterator()
    )
    example = tf.train.SequenceExample.FromString(record)
    found = {
        key: {"kind": "context", "dtype": feature.WhichOneof("kind").split("_")[0]}
        for key, feature in example.context.feature.items()
    }
    for key, steps in example.feature_lists.feature_list.items():
        dtype = steps.feature[0].WhichOneof("kind").split("_")[0]
        found[key] = {"kind": "feature_list", "dtype": dtype}
    assert _describe(data)["keys"] == found


def test_training_reads_the_folder(tmp_path):
    data = write_data_set(str(tmp_path))
    write_dataset_info(data.folder, _describe(data))
    train, held_out = (clip_records("", data.folder, split=s) for s in ("train", "held_out"))
    assert (train.num_clips, held_out.num_clips) == (3, 1)
    assert train.class_names == CLASS_NAMES
    names = {clip["name"] for clip in train.read().as_numpy_iterator()}
    assert names == {b"wide.mp4#t=0", b"wide.mp4#t=0.8", b"tall.mp4#t=0"}
    assert [c["name"] for c in held_out.read().as_numpy_iterator()] == [b"other.mp4#t=0"]


def test_nothing_to_train_on_is_an_error():
    with pytest.raises(ValueError, match="split 'train'"):
        describe([], Summary(), CutSettings(), {})
