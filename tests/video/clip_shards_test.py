# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of shard files and their description."""

from __future__ import annotations

import pytest
import tensorflow as tf

from vito_tf.video.clip_shards import (
    INFO_FILE,
    Shard,
    count_records,
    files_of_split,
    find_shards,
    read_info,
    write_file,
    write_json,
    write_shard,
)


def test_counting_agrees_with_tensorflow(tmp_path):
    path = str(tmp_path / "a.tfrecord")
    written = write_shard(path, (bytes(size) for size in [0, 1, 1000, 70_000, 3]))
    assert written == count_records(path)
    assert written.num_clips == 5 == len(list(tf.data.TFRecordDataset(path)))
    assert [p.name for p in tmp_path.iterdir()] == ["a.tfrecord"]


def test_an_empty_file_has_no_records(tmp_path):
    (tmp_path / "a.tfrecord").write_bytes(b"")
    assert count_records(str(tmp_path / "a.tfrecord")).num_clips == 0


@pytest.mark.parametrize("cut", [1, 4, 90, 105])
def test_truncation_is_found_while_counting(tmp_path, cut):
    path = tmp_path / "a.tfrecord"
    write_shard(str(path), [bytes(90)] * 3)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match=r"a\.tfrecord is truncated .* record 2 "):
        count_records(str(path))


def test_a_failed_shard_leaves_no_file_of_its_name(tmp_path):
    def records():
        yield b"first"
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_shard(str(tmp_path / "a.tfrecord"), records())
    assert not (tmp_path / "a.tfrecord").exists()


def test_info_spares_counting_unless_a_size_differs(tmp_path):
    paths = [str(tmp_path / name) for name in ("a.tfrecord", "b.tfrecord")]
    shards = [write_shard(path, [b"x"] * count) for path, count in zip(paths, (2, 3))]
    info = {
        "class_names": ["cat", "dog"],
        "shards": [
            {"name": "a.tfrecord", "num_clips": 20, "num_bytes": shards[0].num_bytes},
            {"name": "b.tfrecord", "num_clips": 30, "num_bytes": shards[1].num_bytes + 1},
        ],
    }
    write_json(str(tmp_path / INFO_FILE), info)
    found, class_names = find_shards(paths)
    assert class_names == ("cat", "dog")
    assert found == [Shard(paths[0], 20, shards[0].num_bytes), shards[1]]


def test_folders_that_disagree_about_classes_are_refused(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_json(str(tmp_path / folder / INFO_FILE), {"class_names": [folder]})
        paths.append(str(tmp_path / folder / "x.tfrecord"))
        write_shard(paths[-1], [b"x"])
    with pytest.raises(ValueError, match="class_names"):
        find_shards(paths)


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_broken_info_is_named(tmp_path, text):
    (tmp_path / INFO_FILE).write_text(text)
    with pytest.raises(ValueError, match=INFO_FILE):
        read_info(str(tmp_path))


INFO = {
    "splits": {"train": {}, "held_out": {}},
    "shards": [
        {"name": "b.tfrecord", "split": "train"},
        {"name": "a.tfrecord", "split": "train"},
        {"name": "c.tfrecord", "split": "held_out"},
    ],
}


def test_files_of_a_split(tmp_path):
    assert files_of_split(str(tmp_path), "train") is None
    write_json(str(tmp_path / INFO_FILE), INFO)
    for name in ("a.tfrecord", "b.tfrecord", "stray.tfrecord"):
        write_shard(str(tmp_path / name), [])
    paths = [str(tmp_path / name) for name in ("a.tfrecord", "b.tfrecord")]
    assert files_of_split(str(tmp_path), "train") == paths
    with pytest.raises(ValueError, match=r"no split 'test'; it has 'train', 'held_out'"):
        files_of_split(str(tmp_path), "test")
    with pytest.raises(ValueError, match=r"lacks c\.tfrecord, one of 1"):
        files_of_split(str(tmp_path), "held_out")


def test_other_file_systems(tmp_path):
    folder = "ram://" + str(tmp_path).strip("/")
    tf.io.gfile.makedirs(folder)
    written = write_shard(f"{folder}/a.tfrecord", [b"one", b"two"])
    assert written == count_records(f"{folder}/a.tfrecord")
    write_file(f"{folder}/b", b"old")
    write_file(f"{folder}/b", b"new")
    write_json(f"{folder}/{INFO_FILE}", {"class_names": ["é"]})
    with tf.io.gfile.GFile(f"{folder}/b", "rb") as file:
        assert file.read() == b"new"
    assert find_shards([written.path]) == ([written], ("é",))
    assert sorted(tf.io.gfile.listdir(folder)) == ["a.tfrecord", "b", INFO_FILE]
