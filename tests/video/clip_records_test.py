# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the source of clip records."""

from __future__ import annotations

import gin
import pytest
import tensorflow as tf

from vito_tf.video import ffmpeg
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_records import clip_records
from vito_tf.video.clip_shards import INFO_FILE, write_json, write_shard
from vito_tf.video.clips import CLIP_SPEC, UNLABELLED
from vito_tf.video.cutter import EncodedClip

COUNTS = (5, 1, 7, 4, 0, 3, 6)
TOTAL = sum(COUNTS)


def _record(number: int) -> bytes:
    return build_clip(EncodedClip((0,), 40_000, 8, 8, (b"jpeg",)), f"{number}", number % 3, "c")


@pytest.fixture
def folder(tmp_path):
    number = 0
    for index, count in enumerate(COUNTS):
        records = [_record(number + i) for i in range(count)]
        write_shard(str(tmp_path / f"clips-{index}.tfrecord"), records)
        number += count
    write_json(str(tmp_path / INFO_FILE), {"class_names": ["a", "b", "c"]})
    return tmp_path


def _numbers(dataset):
    assert dataset.element_spec == CLIP_SPEC
    return [int(clip["name"].split(b"#")[0]) for clip in dataset.as_numpy_iterator()]


def test_one_pass_reads_every_clip_once(folder):
    clips = clip_records("", str(folder))
    assert clips.num_clips == TOTAL
    assert clips.class_names == ("a", "b", "c")
    assert sorted(_numbers(clips.read())) == list(range(TOTAL))
    assert _numbers(clips.read()) == _numbers(clips.read())
    assert all(
        c["label"] == int(c["name"].split(b"#")[0]) % 3 for c in clips.read().as_numpy_iterator()
    )


def test_order_depends_on_the_seed_alone(folder):
    clips = clip_records("", str(folder))
    orders = []
    for global_seed in (1, 2):
        tf.random.set_seed(global_seed)
        orders.append([_numbers(clips.read(seed)) for seed in range(4)])
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders[0]}) == 4
    assert all(sorted(order) == list(range(TOTAL)) for order in orders[0])


def test_epochs_by_flat_map_equal_single_epochs(folder):
    clips = clip_records("", str(folder))
    epochs = tf.data.Dataset.range(3).flat_map(lambda seed: clips.read(seed=seed))
    assert _numbers(epochs) == [n for seed in range(3) for n in _numbers(clips.read(seed))]


@pytest.mark.parametrize("num_shards", [2, 3, 7, 10])
@pytest.mark.parametrize("seed", [None, 5])
def test_shards_divide_the_clips(folder, num_shards, seed):
    clips = clip_records("", str(folder), shuffle_buffer=4)
    parts = [_numbers(clips.read(seed, num_shards, shard)) for shard in range(num_shards)]
    assert sorted(n for part in parts for n in part) == list(range(TOTAL))


def test_a_wrong_shard_is_refused(folder):
    with pytest.raises(ValueError, match="shard must be in"):
        clip_records("", str(folder)).read(num_shards=2, shard=2)


def test_shuffle_buffer_bounds_how_far_clips_move(tmp_path):
    write_shard(str(tmp_path / "a.tfrecord"), [_record(i) for i in range(200)])
    order = _numbers(clip_records("", str(tmp_path), shuffle_buffer=10).read(seed=1))
    assert all(number <= position + 9 for position, number in enumerate(order))
    order = _numbers(clip_records("", str(tmp_path)).read(seed=1))
    assert max(number - position for position, number in enumerate(order)) > 100


def test_globs_lists_and_class_names(folder):
    clips = clip_records("", str(folder / "clips-[02].tfrecord"))
    assert clips.num_clips == COUNTS[0] + COUNTS[2]
    both = [str(folder / "clips-0.tfrecord"), str(folder)]
    assert clip_records("", both, class_names=["x", "y", "z"]).class_names == ("x", "y", "z")
    assert clip_records("", both).num_clips == TOTAL


@pytest.fixture
def folder_of_splits(folder):
    """Numbers 0 to 4 are in the split train, 5 in held_out, the others in no split."""
    names = {"clips-0.tfrecord": "train", "clips-1.tfrecord": "held_out"}
    shards = [
        {"name": n, "split": s, "num_clips": c, "num_bytes": (folder / n).stat().st_size}
        for (n, s), c in zip(names.items(), COUNTS)
    ]
    write_json(str(folder / INFO_FILE), {"splits": {"train": {}, "held_out": {}}, "shards": shards})
    return folder


def test_of_a_folder_with_splits_one_is_read(folder_of_splits):
    train = clip_records("", str(folder_of_splits))
    assert (train.num_clips, _numbers(train.read())) == (5, [0, 1, 2, 3, 4])
    gin.parse_config("clip_records.split = 'held_out'")
    assert _numbers(clip_records("", str(folder_of_splits)).read()) == [5]
    with pytest.raises(ValueError, match=r"no split 'test'; it has 'train', 'held_out'"):
        clip_records("", str(folder_of_splits), split="test")


def test_a_glob_reads_across_splits(folder_of_splits):
    pattern = str(folder_of_splits / "clips-[01].tfrecord")
    assert clip_records("", pattern).num_clips == 6
    with pytest.raises(ValueError, match=r"clip_records\.split = 'held_out' needs a folder"):
        clip_records("", pattern, split="held_out")


def test_a_folder_without_splits_has_none_to_choose(folder):
    with pytest.raises(ValueError, match=r"clip_records\.split = 'held_out' needs a folder"):
        clip_records("", str(folder), split="held_out")


def test_folders_are_no_globs(folder):
    (folder / "a[b]*").mkdir()
    (folder / "a[b]*" / "folder.tfrecord").mkdir()
    write_shard(str(folder / "a[b]*" / "x.tfrecord"), [_record(0)])
    (folder / "a[b]*" / "x.tfrecord.partial").write_bytes(b"half")
    assert clip_records("", str(folder / "a[b]*")).num_clips == 1


def test_labels_without_names_count_as_unlabelled(folder):
    (folder / INFO_FILE).unlink()
    clips = clip_records("", str(folder))
    assert clips.class_names == ()
    assert {int(c["label"]) for c in clips.read().as_numpy_iterator()} == {UNLABELLED}


def test_damage_is_reported_with_the_file(folder):
    path = folder / "clips-2.tfrecord"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    clips = clip_records("", str(folder))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"clips-2\.tfrecord is damaged"):
        _numbers(clips.read())


def _write_other(folder):
    example = tf.train.SequenceExample()
    example.context.feature["audio"].int64_list.value.append(1)
    write_shard(str(folder / "a.tfrecord"), [example.SerializeToString()])


def _write_damaged(folder):
    write_shard(str(folder / "a.tfrecord"), [_record(0)])
    data = (folder / "a.tfrecord").read_bytes()
    (folder / "a.tfrecord").write_bytes(data[:-20] + bytes(20))


@pytest.mark.parametrize(
    ("prepare", "kwargs", "message"),
    [
        (None, {"file_pattern": "no/such/*"}, r"clip_records.file_pattern = 'no/such/\*'"),
        (None, {}, r"clip_records.file_pattern = .*tfrecord"),
        (None, {"file_pattern": []}, "clip_records.file_pattern is empty"),
        (lambda f: write_shard(str(f / "a.tfrecord"), []), {}, "No clips in the files"),
        (lambda f: write_shard(str(f / "a.tfrecord"), [b"\xff"]), {}, "a.tfrecord does not begin"),
        (_write_damaged, {}, r"a\.tfrecord is damaged: its first record"),
        (_write_other, {}, r"a\.tfrecord are no clips: .*\(audio\)"),
        (None, {"shuffle_buffer": 0}, "clip_records.shuffle_buffer"),
        (None, {"frame_rate": 0}, "clip_records.frame_rate"),
    ],
)
def test_errors_name_the_binding_or_file(tmp_path, prepare, kwargs, message):
    if prepare:
        prepare(tmp_path)
    with pytest.raises(ValueError, match=message):
        clip_records("", **{"file_pattern": str(tmp_path), **kwargs})


def test_videos_need_a_decoder_before_training(tmp_path, monkeypatch):
    clip = EncodedClip((0,), 40_000, 8, 8, (), b"mp4")
    write_shard(str(tmp_path / "a.tfrecord"), [build_clip(clip, "a.mp4")])
    assert clip_records("", str(tmp_path)).num_clips == 1

    def unavailable():
        raise ffmpeg.FFmpegUnavailableError("pip install")

    monkeypatch.setattr(ffmpeg, "load_ffmpeg_op", unavailable)
    with pytest.raises(ffmpeg.FFmpegUnavailableError):
        clip_records("", str(tmp_path))


def test_gin_names_the_files(folder):
    gin.parse_config(f"clip_records.file_pattern = '{folder}'")
    assert clip_records("").num_clips == TOTAL
