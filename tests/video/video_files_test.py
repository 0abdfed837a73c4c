# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the source of video files."""

import itertools
import os
import pathlib

import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.video import fake_videos
from vito_tf.video import clips, decoding, skipped
from vito_tf.video.video_files import expand_video_pattern, video_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of cat/a.mp4, cat/b.mkv, dog/c.webm, dog/d.avi of 40 frames each, and bad files."""
    root = tmp_path_factory.mktemp("videos")
    for name, codec, rate in [
        ("cat/a.mp4", "libx264", 10),
        ("cat/b.mkv", "libx264", 25),
        ("dog/c.webm", "libvpx", 24),
        ("dog/d.avi", "mpeg4", 15),
    ]:
        (root / name).parent.mkdir(exist_ok=True)
        fake_videos.write_video(root / name, 40, rate, codec=codec)
    (root / "empty.mov").write_bytes(b"")
    (root / "text.mp4").write_text("not a video")
    fake_videos.write_video(root / "short.mp4", 4)
    (root / "notes.txt").write_text("ignored")
    (root / ".hidden.mp4").write_bytes(b"")
    return root


@pytest.fixture
def good(folder):
    return [str(folder / name) for name in ("cat/a.mp4", "cat/b.mkv", "dog/c.webm", "dog/d.avi")]


def names(dataset):
    return [os.fsdecode(clip["name"].numpy()) for clip in dataset]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("cat", ["cat/a.mp4", "cat/b.mkv"]),
        ("**/*.mp4", ["cat/a.mp4", "short.mp4", "text.mp4"]),
        ("*o[gt]*", ["dog/c.webm", "dog/d.avi"]),
        ("*t*", ["cat/a.mp4", "cat/b.mkv", "empty.mov", "short.mp4", "text.mp4"]),
        ("dog/*", ["dog/c.webm", "dog/d.avi"]),
        ("short.mp4", ["short.mp4"]),
        (["dog", "dog/c.webm", "c*"], ["cat/a.mp4", "cat/b.mkv", "dog/c.webm", "dog/d.avi"]),
    ],
)
def test_expand_video_pattern(folder, pattern, expected):
    patterns = [pattern] if isinstance(pattern, str) else pattern
    full = [str(folder / each) for each in patterns]
    found = expand_video_pattern(full[0] if isinstance(pattern, str) else full)
    assert found == [str(folder / name) for name in expected]


def test_folder_names_are_no_globs(tmp_path):
    (tmp_path / "a[1]").mkdir()
    (tmp_path / "a[1]" / "V.MP4").touch()
    assert expand_video_pattern(str(tmp_path / "a[1]")) == [str(tmp_path / "a[1]" / "V.MP4")]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nothing/*.mp4", r"VIDEO = '.*nothing/\*.mp4' matches no file or folder"),
        ("*.txt", r"VIDEO = '.*\*.txt' matches no video; known suffixes are .avi"),
        ("none", r"VIDEO = '.*none' matches no video"),
    ],
)
def test_patterns_without_videos(folder, pattern, message):
    (folder / "none").mkdir(exist_ok=True)
    with pytest.raises(ValueError, match=message):
        expand_video_pattern([str(folder / "cat"), str(folder / pattern)], "VIDEO")


@pytest.mark.parametrize("pattern", ["", [], [""]])
def test_empty_pattern(pattern):
    with pytest.raises(ValueError, match=r"video_files.pattern is empty"):
        expand_video_pattern(pattern)


def test_usable_files_are_clips_and_the_rest_is_listed(folder, good, tmp_path, capfd):
    source = video_files(str(tmp_path), str(folder), min_seconds=0.5)
    assert isinstance(source, clips.Clips)
    assert (source.num_clips, source.class_names) == (4, ())
    listed = dict(line.split("\t") for line in (tmp_path / "skipped.tsv").read_text().splitlines())
    assert sorted(listed) == [str(folder / n) for n in ("empty.mov", "short.mp4", "text.mp4")]
    assert (
        "it lasts 0.16 s, less than video_files.min_seconds = 0.5"
        in (listed[str(folder / "short.mp4")])
    )
    assert "7/7" in capfd.readouterr().err

    dataset = source.read()
    assert {k: (s.dtype, s.shape.rank) for k, s in dataset.element_spec.items()} == {
        k: (s.dtype, s.shape.rank) for k, s in clips.CLIP_SPEC.items()
    }
    elements = list(dataset)
    assert names(elements) == good
    for clip, rate in zip(elements, (10, 25, 24, 15)):
        np.testing.assert_allclose(clip["timestamps"], np.arange(40) * 1e6 / rate, atol=1000)
        np.testing.assert_allclose(clip["end_timestamp"], 40e6 / rate, atol=1100)
        assert clip["video"].numpy() == pathlib.Path(names([clip])[0]).read_bytes()
        assert clip["label"] == clips.UNLABELLED
        assert clip["images"].shape == [0]


def test_labels_are_folders(folder, tmp_path):
    source = video_files(str(tmp_path), [str(folder / "dog"), str(folder / "cat")], "folder")
    assert source.class_names == ("cat", "dog")
    assert [int(clip["label"]) for clip in source.read()] == [0, 0, 1, 1]


def test_seeded_order(folder, good, tmp_path):
    source = video_files(str(tmp_path), [str(folder / "dog"), str(folder / "cat")])
    orders = {seed: names(source.read(seed)) for seed in range(8)}
    assert all(sorted(order) == good for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) > 3
    assert names(source.read(3)) == orders[3]
    epochs = tf.data.Dataset.range(8).flat_map(source.read)
    assert names(epochs) == list(itertools.chain(*orders.values()))


@pytest.mark.parametrize("seed", [None, 5])
def test_shards_divide_the_clips(folder, good, tmp_path, seed):
    source = video_files(str(tmp_path), [str(folder / "dog"), str(folder / "cat")])
    shards = [names(source.read(seed, num_shards=3, shard=shard)) for shard in range(3)]
    assert [len(shard) for shard in shards] == [2, 1, 1]
    assert sorted(itertools.chain(*shards)) == good


def test_frames_of_every_file(folder, tmp_path):
    source = video_files(str(tmp_path), [str(folder / "dog"), str(folder / "cat")])
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    indices = tf.constant([0, 11, 39])
    for frames, decoded in source.read().map(lambda c: decoding.decode_frames(c, indices, log)):
        assert decoded
        levels = frames.numpy()[:, -8:, -8:].mean((1, 2, 3))
        np.testing.assert_allclose(levels, [fake_videos.level(i) for i in (0, 11, 39)], atol=4)


def test_file_that_disappears_is_skipped(tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mp4", 40)
    source = video_files(str(tmp_path), path)
    os.remove(path)
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    (result,) = source.read().map(lambda c: decoding.decode_frames(c, tf.constant([0]), log))
    assert not result[1]
    assert log.reasons == {path: "it is empty or can no longer be read"}


def test_too_many_unusable_files(folder, tmp_path):
    with pytest.raises(skipped.TooManySkippedError, match=r"3 of 7 .*max_skipped_share = 0.4"):
        video_files(str(tmp_path), str(folder), min_seconds=0.5, max_skipped_share=0.4)
    with pytest.raises(skipped.TooManySkippedError, match=r"1 of 1 .*text.mp4: FFmpeg cannot"):
        video_files(str(tmp_path), str(folder / "text.mp4"), max_skipped_share=1.0)


def test_large_files_are_skipped_with_advice(folder, tmp_path):
    with pytest.raises(skipped.TooManySkippedError, match="cut it into clips"):
        video_files(str(tmp_path), str(folder / "cat"), max_decoded_bytes=100_000)


def test_widths_that_tensorflow_io_cannot_decode_are_skipped(tmp_path):
    (tmp_path / "videos").mkdir()
    path = fake_videos.write_video(tmp_path / "videos" / "odd.mp4", 40, size=(72, 48))
    fake_videos.write_video(tmp_path / "videos" / "v.mp4", 40)
    source = video_files(str(tmp_path), str(tmp_path / "videos"))
    assert source.num_clips == 1
    name, reason = (tmp_path / "skipped.tsv").read_text().rstrip().split("\t")
    assert name == path
    assert "it is 72 pixels wide" in reason
    assert "cut_videos" in reason


def test_gin_bindings(folder, tmp_path):
    gin.parse_config(f"video_files.pattern = '{folder}/cat'\nvideo_files.labels = 'folder'")
    assert video_files(str(tmp_path)).class_names == ("cat",)
    gin.bind_parameter("video_files.labels", "name")
    with pytest.raises(
        ValueError, match=r"video_files.labels must be None or 'folder', got 'name'"
    ):
        video_files(str(tmp_path))
