# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the source that cuts the user's videos."""

from __future__ import annotations

import json
import os
import threading

import gin
import pytest

from tests.video import fake_videos
from vito_tf.video import cutting
from vito_tf.video.clips import UNLABELLED
from vito_tf.video.cutter import CutSettings
from vito_tf.video.cutting import cut_videos
from vito_tf.video.skipped import TooManySkippedError

SETTINGS = CutSettings(clip_seconds=0.8, min_seconds=0.4)
CLASSES = ("cat", "dog")
NUM_VIDEOS = 20  # More than there are shards.
NUM_CLIPS = 40


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Folder of {cat,dog}/{0..9}.mp4, of 35 frames, two clips, each."""
    root = tmp_path_factory.mktemp("videos")
    first = fake_videos.write_video(root / "first.mp4", 35, size=(32, 32))
    for name in CLASSES:
        (root / name).mkdir()
        for index in range(NUM_VIDEOS // 2):
            os.link(first, root / name / f"{index}.mp4")
    os.remove(first)
    return root


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _cut(videos, folder, **kwargs):
    kwargs = {"labels": "folder", "settings": SETTINGS, **kwargs}
    return cut_videos("unused", str(videos), output_dir=str(folder), **kwargs)


@pytest.fixture(scope="module")
def finished(videos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    _cut(videos, folder, num_threads=1)
    return folder


def test_clips_labels_and_info(videos, finished):
    clips = _cut(videos, finished)
    assert clips.num_clips == NUM_CLIPS
    assert clips.class_names == CLASSES
    read = list(clips.read(seed=1).as_numpy_iterator())
    names = {clip["name"].decode() for clip in read}
    expected = {f"{c}/{i}.mp4#t={t}" for c in CLASSES for i in range(10) for t in ("0", "0.8")}
    assert names == expected
    for clip in read:
        assert CLASSES[clip["label"]] == clip["name"].decode().split("/")[0]
        assert len(clip["images"]) == len(clip["timestamps"]) in (20, 15)
    info = json.loads((finished / "dataset_info.json").read_text())
    assert info["num_clips"] == NUM_CLIPS == sum(s["num_clips"] for s in info["sources"])
    assert info["settings"]["clip_seconds"] == 0.8
    assert info["skipped"] == []
    assert len(info["sources"]) == NUM_VIDEOS


def test_only_records_and_notes_remain(finished):
    names = {name for name in _files(finished) if not name.endswith(".tfrecord")}
    assert names == {".lock", "cut_videos.json", "dataset_info.json"}


def test_threads_do_not_change_a_byte(videos, finished, tmp_path):
    _cut(videos, tmp_path, num_threads=4)
    assert _files(tmp_path) == _files(finished)


def test_a_finished_set_is_used_without_cutting(videos, finished, monkeypatch):
    def fail(*args):
        raise AssertionError("cut again")

    monkeypatch.setattr(cutting, "cut_video", fail)
    assert _cut(videos, finished).num_clips == NUM_CLIPS


@pytest.mark.parametrize("num_threads", [1, 3])
def test_an_interrupted_run_goes_on(videos, finished, tmp_path, monkeypatch, num_threads):
    cut_video, cut = cutting.cut_video, []

    def interrupted(path, settings):
        cut.append(path)
        if len(cut) > 12:
            raise KeyboardInterrupt
        return cut_video(path, settings)

    monkeypatch.setattr(cutting, "cut_video", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _cut(videos, tmp_path, num_threads=num_threads)
    assert not (tmp_path / "dataset_info.json").exists()
    done = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.json") if p.name[:5] == "clips"}
    assert done
    shards = {name: (tmp_path / f"{name[:-5]}.tfrecord").stat().st_mtime_ns for name in done}

    monkeypatch.setattr(cutting, "cut_video", cut_video)
    _cut(videos, tmp_path, num_threads=num_threads)
    assert _files(tmp_path) == _files(finished)
    for name, time in shards.items():
        assert (tmp_path / f"{name[:-5]}.tfrecord").stat().st_mtime_ns == time


def test_two_processes_do_not_cut_twice(videos, finished, tmp_path, monkeypatch):
    cut_video, cut = cutting.cut_video, []

    def counted(path, settings):
        cut.append(path)
        return cut_video(path, settings)

    monkeypatch.setattr(cutting, "cut_video", counted)
    threads = [threading.Thread(target=_cut, args=(videos, tmp_path)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cut) == NUM_VIDEOS
    assert _files(tmp_path) == _files(finished)


def test_other_settings_or_videos_are_refused_with_the_difference(videos, finished):
    with pytest.raises(ValueError, match=r"clip_seconds is 0\.8 there and 10\.24 now"):
        _cut(videos, finished, settings=CutSettings())
    with pytest.raises(ValueError, match="labels is 'folder' there and None now"):
        _cut(videos, finished, labels=None)
    with pytest.raises(ValueError, match=r"10 videos are new, as '0\.mp4'; 20 videos are gone"):
        _cut(videos / "cat", finished)


def test_unlabelled_videos_of_a_glob(videos, tmp_path):
    clips = _cut(videos / "cat" / "[0-2].mp4", tmp_path, labels=None)
    assert clips.num_clips == 6
    assert clips.class_names == ()
    read = list(clips.read().as_numpy_iterator())
    assert {clip["label"] for clip in read} == {UNLABELLED}
    assert {clip["name"].split(b"#")[0] for clip in read} == {b"0.mp4", b"1.mp4", b"2.mp4"}


def test_broken_videos_are_skipped_and_listed(tmp_path):
    videos, output = tmp_path / "videos", tmp_path / "output"
    videos.mkdir()
    fake_videos.write_video(videos / "a.mp4", 35, size=(32, 32))
    fake_videos.write_video(videos / "b ..\n\tc.mp4", 35, size=(32, 32))
    fake_videos.write_video(videos / "short.mp4", 5, size=(32, 32))
    (videos / "empty.mp4").write_bytes(b"")
    clips = _cut(videos, output, labels=None)
    assert clips.num_clips == 4
    lines = (output / "skipped.tsv").read_text().splitlines()
    listed = dict(line.split("\t") for line in lines)
    assert sorted(listed) == ["empty.mp4", "short.mp4"]
    assert "CutSettings.min_seconds" in listed["short.mp4"]
    info = json.loads((output / "dataset_info.json").read_text())
    assert [source["name"] for source in info["skipped"]] == ["empty.mp4", "short.mp4"]
    assert {path.name for path in tmp_path.iterdir()} == {"videos", "output"}


def test_too_many_broken_videos_stop_the_run(tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    fake_videos.write_video(videos / "a.mp4", 35, size=(32, 32))
    for index in range(3):
        (videos / f"{index}.mp4").write_bytes(b"")
    with pytest.raises(TooManySkippedError, match=r"cut_videos.max_skipped_share = 0\.5"):
        _cut(videos, tmp_path / "output")
    assert not (tmp_path / "output" / "dataset_info.json").exists()


def test_mp4_records(videos, tmp_path):
    settings = CutSettings(clip_seconds=0.8, min_seconds=0.4, encoding="mp4")
    clips = _cut(videos / "cat" / "0.mp4", tmp_path, settings=settings)
    for clip in clips.read().as_numpy_iterator():
        assert clip["images"].shape == (0,)
        assert clip["video"][4:8] == b"ftyp"
        assert len(clip["timestamps"]) in (20, 15)


def test_clips_of_others_are_not_overwritten(videos, tmp_path):
    (tmp_path / "dataset_info.json").write_text("{}")
    with pytest.raises(ValueError, match="not made by cut_videos"):
        _cut(videos, tmp_path)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"labels": "file"}, "cut_videos.labels"),
        ({"num_threads": 0}, "cut_videos.num_threads"),
        ({"max_skipped_share": 2}, "cut_videos.max_skipped_share"),
        ({"pattern": "/no/such/*.mp4"}, "cut_videos.pattern"),
        ({"output_dir": "gs://bucket/clips"}, "cut_videos.output_dir must be a local folder"),
        ({"output_dir": "/proc/clips"}, "cut_videos.output_dir = '/proc/clips' cannot be written"),
    ],
)
def test_errors_name_the_binding(videos, tmp_path, kwargs, message):
    kwargs = {"pattern": str(videos), "output_dir": str(tmp_path), **kwargs}
    with pytest.raises(ValueError, match=message):
        cut_videos("unused", **kwargs)


def test_gin_binds_source_and_settings(videos, tmp_path):
    gin.parse_config(
        f"cut_videos.pattern = '{videos}/cat/0.mp4'\n"
        "CutSettings.clip_seconds = 0.4\n"
        "CutSettings.min_seconds = 0.2"
    )
    assert cut_videos(str(tmp_path)).num_clips == 4
    assert (tmp_path / "clips" / "dataset_info.json").exists()
