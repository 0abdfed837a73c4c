# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the source of image records."""

from __future__ import annotations

import gin
import numpy as np
import pytest
import tensorflow as tf

from vito_tf.video import decoding, skipped
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.clips import CLIP_SPEC, UNLABELLED
from vito_tf.video.image_records import image_records


def _jpeg(number):
    return tf.io.encode_jpeg(tf.fill([16, 24, 3], tf.cast(number * 10, tf.uint8))).numpy()


def _record(image, label=None, keys=("image/encoded", "image/class/label")):
    example = tf.train.Example()
    example.features.feature[keys[0]].bytes_list.value.append(image)
    example.features.feature["image/filename"].bytes_list.value.append(b"n0.JPEG")
    if label is not None:
        example.features.feature[keys[1]].int64_list.value.append(label)
    return example.SerializeToString()


@pytest.fixture
def folder(tmp_path):
    """Folder of train-0 (images 0 to 4) and train-1 (5 to 8), labelled by number."""
    for index, numbers in enumerate((range(5), range(5, 9))):
        records = [_record(_jpeg(number), number) for number in numbers]
        write_shard(str(tmp_path / f"train-{index}"), records)
    return tmp_path


def test_images_are_clips_of_one_frame(folder, tmp_path):
    clips = image_records("", str(folder / "train-*"), [str(label) for label in range(9)])
    assert (clips.num_clips, len(clips.class_names)) == (9, 9)
    dataset = clips.read()
    assert {k: (s.dtype, s.shape.rank) for k, s in dataset.element_spec.items()} == {
        k: (s.dtype, s.shape.rank) for k, s in CLIP_SPEC.items()
    }
    found = {clip["name"].decode(): clip for clip in dataset.as_numpy_iterator()}
    assert sorted(found) == [str(folder / f"train-{n // 5}#{n % 5}") for n in range(9)]
    for number, (_, clip) in enumerate(sorted(found.items())):
        assert clip["label"] == number
        assert (clip["timestamps"].tolist(), clip["end_timestamp"]) == ([0], 1)
        assert clip["images"].tolist() == [_jpeg(number)]
        assert clip["video"] == b""
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    frames = dataset.map(lambda clip: decoding.decode_frames(clip, tf.constant([0, 0]), log))
    levels = [frame.numpy().mean() for frame, decoded in frames if decoded]
    np.testing.assert_allclose(sorted(levels), 10 * np.arange(9), atol=1)


def test_shuffling_and_shards(folder):
    clips = image_records("", str(folder / "train-*"))
    names = sorted(clip["name"] for clip in clips.read().as_numpy_iterator())
    orders = [[c["name"] for c in clips.read(seed).as_numpy_iterator()] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    for num_shards in (2, 3):
        parts = [clips.read(3, num_shards, shard) for shard in range(num_shards)]
        assert sorted(c["name"] for part in parts for c in part.as_numpy_iterator()) == names


def test_labels_need_names(folder):
    clips = image_records("", str(folder / "train-0"))
    assert clips.class_names == ()
    assert {int(clip["label"]) for clip in clips.read()} == {UNLABELLED}


def test_keys_of_tensorflow_datasets_and_missing_labels(tmp_path):
    records = [_record(_jpeg(1), 1, ("image", "label")), _record(_jpeg(2), None, ("image", ""))]
    write_shard(str(tmp_path / "a.tfrecord-00000-of-00001"), records)
    clips = list(image_records("", str(tmp_path), ["a", "b"]).read().as_numpy_iterator())
    assert [clip["label"] for clip in clips] == [1, UNLABELLED]
    assert [clip["images"].tolist() for clip in clips] == [[_jpeg(1)], [_jpeg(2)]]


def test_records_without_an_image_are_passed_over(tmp_path):
    path = str(tmp_path / "a.tfrecord")
    write_shard(path, [_record(_jpeg(1)), _record(_jpeg(1), keys=("other", ""))])
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    frames = (
        image_records("", path)
        .read()
        .map(lambda clip: decoding.decode_frames(clip, tf.constant([0]), log))
    )
    assert [bool(decoded) for _, decoded in frames] == [True, False]
    assert log.reasons == {f"{path}#1": "its frame 0 is no whole JPEG image"}


PNG = b"\x89PNG\r\n"


@pytest.mark.parametrize(
    ("records", "kwargs", "message"),
    [
        ([], {}, r"No clips in the files of image_records.file_pattern"),
        ([b"\xff"], {}, r"a\.tfrecord does not begin with an Example"),
        ([_record(PNG)], {}, r"image/encoded of the first record of .*a\.tfrecord is no JPEG"),
        ([_record(PNG, keys=("audio", ""))], {}, r"a\.tfrecord are no images: .*\(audio, image/f"),
        ([_record(PNG)], {"shuffle_buffer": 0}, "image_records.shuffle_buffer"),
        ([_record(PNG)], {"file_pattern": "no/such"}, "image_records.file_pattern = 'no/such'"),
    ],
)
def test_errors_name_the_binding_or_file(tmp_path, records, kwargs, message):
    write_shard(str(tmp_path / "a.tfrecord"), records)
    with pytest.raises(ValueError, match=message):
        image_records("", **{"file_pattern": str(tmp_path), **kwargs})


def test_gin_names_the_files(folder):
    gin.parse_config(f"image_records.file_pattern = '{folder}/train-1'")
    assert image_records("").num_clips == 4
