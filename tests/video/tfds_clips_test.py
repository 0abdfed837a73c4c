# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reads our records by stock TensorFlow Datasets."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from official.vision.configs import video_classification
from official.vision.dataloaders import video_input

from tests.ingestion.data_sets import NUM_FRAMES, write_data_set
from tests.video.fake_videos import level
from vito_tf.ingestion.dataset_info import describe
from vito_tf.video import clip_examples
from vito_tf.video.tfds_clips import ClipFeatures, write_tfds


def _builder(folder, encoding="jpeg", labelled=True, class_names=None):
    data = write_data_set(str(folder), encoding, labelled)
    info = describe(data.shards, data.summary, data.cut, {})
    info["class_names"] = info["class_names"] if class_names is None else class_names
    return tfds.builder_from_directory(write_tfds(data.folder, info))


@pytest.fixture(params=["jpeg", "mp4"])
def builder(request, tmp_path):
    return _builder(tmp_path, request.param)


def test_the_stock_reader_gives_every_clip(builder):
    assert builder.info.splits["train"].num_examples == 3
    assert builder.info.splits["held_out"].num_examples == 1
    assert builder.info.features["label"].names == ["cat", "dog"]
    dataset = builder.as_dataset(split="train")
    assert len(dataset) == 3
    assert dataset.element_spec["video"] == tf.TensorSpec([None, None, None, 3], tf.uint8)
    found = {clip["name"]: clip for clip in tfds.as_numpy(dataset)}
    assert sorted(found) == [b"tall.mp4#t=0", b"wide.mp4#t=0", b"wide.mp4#t=0.8"]
    late, tall = found[b"wide.mp4#t=0.8"], found[b"tall.mp4#t=0"]
    assert (late["label"], tall["label"]) == (0, 1)
    assert late["timestamps"].tolist() == [800_000 + 40_000 * i for i in range(NUM_FRAMES)]
    assert late["end_timestamp"] == 1_600_000
    assert (late["video"].shape, tall["video"].shape) == ((20, 48, 64, 3), (20, 80, 48, 3))
    levels = np.median(late["video"][:, 30:, 40:], axis=(1, 2, 3))
    np.testing.assert_allclose(levels, [level(i) for i in range(NUM_FRAMES)], atol=4)


def test_slices_pairs_and_shuffling(builder):
    assert len(builder.as_dataset(split="train[:1]+held_out")) == 2
    pairs = builder.as_dataset(split="train", as_supervised=True, shuffle_files=True)
    assert sorted(int(label) for _, label in pairs) == [0, 0, 1]
    with_ids = tfds.ReadConfig(add_tfds_id=True)
    clip = next(iter(builder.as_dataset(split="held_out", read_config=with_ids)))
    assert clip["tfds_id"] == b"clips-held_out.tfrecord-00000-of-00001__0"


def test_frames_can_stay_encoded(builder):
    decoders = {"video": tfds.decode.SkipDecoding()}
    clip = next(iter(builder.as_dataset(split="train", decoders=decoders)))
    if builder.info.features.to_json_content()["encoding"] == "jpeg":
        assert clip["video"].shape == (NUM_FRAMES,)
        assert clip["video"][0].numpy().startswith(b"\xff\xd8\xff")
    else:
        assert clip["video"].shape == ()
        assert b"ftyp" in clip["video"].numpy()[:16]


def test_the_folder_can_be_moved_and_loaded_by_name(tmp_path):
    (tmp_path / "before").mkdir()
    _builder(tmp_path / "before")
    os.rename(tmp_path / "before", tmp_path / "after")
    dataset = tfds.load("clips", data_dir=str(tmp_path / "after" / "tfds"), split="train")
    assert len(list(dataset)) == 3


def test_unlabelled_clips(tmp_path):
    builder = _builder(tmp_path, labelled=False)
    labels = [int(clip["label"]) for clip in builder.as_dataset(split="train")]
    assert labels == [-1, -1, -1]


def test_model_garden_takes_what_tfds_reads(tmp_path):
    dataset = _builder(tmp_path).as_dataset(split="held_out")
    config = video_classification.DataConfig(
        feature_shape=(4, 48, 64, 3), temporal_stride=2, num_classes=2, min_image_size=48
    )
    parse = video_input.Parser(config).parse_fn(is_training=False)
    features, label = parse(video_input.VideoTfdsDecoder().decode(next(iter(dataset))))
    assert label.numpy().tolist() == [0, 1]
    levels = np.median(features["image"].numpy()[:, 30:, 40:], axis=(1, 2, 3)) * 255
    np.testing.assert_allclose(levels, [level(i) for i in (6, 8, 10, 12)], atol=4)


def test_class_names_that_tfds_would_refuse(tmp_path):
    names = ["crane", "crane", "crane (1)", "", " two\nlines ", "bad \udcff", "3"]
    builder = _builder(tmp_path, class_names=names)
    assert builder.info.features["label"].names == [
        *("crane", "crane (1)", "crane (1) (2)", "3", "two lines", r"bad \udcff", "3 (6)"),
    ]


def test_parts_of_examples_are_refused(tmp_path):
    partial = tfds.decode.PartialDecoding({"label": True})
    with pytest.raises(ValueError, match="does not match"):
        _builder(tmp_path).as_dataset(split="train", decoders=partial)


def test_single_records_are_decoded(tmp_path):
    data = write_data_set(str(tmp_path))
    path = str(tmp_path / data.shards[0]["name"])
    record = next(iter(tf.data.TFRecordDataset(path)))
    clip = ClipFeatures("jpeg", 2).deserialize_example(record)
    assert clip["name"] == clip_examples.parse_clip(record)["name"]
    assert clip["video"].shape == (20, 48, 64, 3)
