# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of ingesting one video."""

from __future__ import annotations

import dataclasses
import os
from typing import cast

import numpy as np
import pytest
import tensorflow as tf

from tests.video import fake_videos
from vito_tf.curation.classifiers import EfficientNetLite, LoadedClassifier, Predictions
from vito_tf.curation.near_duplicates import NearDuplicates
from vito_tf.curation.query import TitleQuery
from vito_tf.curation.verification import Verification
from vito_tf.ingestion.limits import Limits
from vito_tf.ingestion.one_video import VideoIngester
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.sandbox import Sandbox
from vito_tf.video.cutter import CutSettings
from vito_tf.video.video_rows import Source

CUT = CutSettings(clip_seconds=0.8, min_seconds=0.4)
CLASSES = ("dark", "light")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits()) as sandbox:
        yield sandbox


@pytest.fixture
def video(tmp_path):
    return fake_videos.write_video(tmp_path / "a.mp4", 60)


def _darkness(images):
    """Stands for a network: the first class is the likelier the darker a picture is."""
    light = images.mean(axis=(1, 2, 3), dtype=np.float64) / 255
    return Predictions(np.stack([1 - light, light], 1).astype(np.float32), images[:, :2, 0, 0])


def _records(path):
    return [bytes(record) for record in tf.data.TFRecordDataset(path).as_numpy_iterator()]


def test_a_video_becomes_a_row_and_records(sandbox, video, tmp_path):
    ingest = VideoIngester(Ingestion(cut=CUT), CLASSES, sandbox, None)
    row = ingest(Source(video, "folder/a.mp4", "A title", (1,)), str(tmp_path / "a.tfrecord"))
    assert (row.status, row.name, row.title, row.label) == ("kept", "folder/a.mp4", "A title", 1)
    assert (row.class_name, row.codec, row.width, row.height) == ("light", "h264", 64, 48)
    assert (row.seconds, row.frame_rate, row.num_frames) == (2.4, 25.0, 60)
    assert row.clip_seconds == pytest.approx(2.4)
    assert row.num_bytes == os.path.getsize(video)
    records = _records(tmp_path / "a.tfrecord")
    assert [clip.num_bytes for clip in row.clips] == list(map(len, records))
    assert row.num_clips == 3


def test_other_file_systems_are_copied_from(sandbox, video, tmp_path):
    tf.io.gfile.copy(video, "ram://a.mp4")
    ingest = VideoIngester(Ingestion(cut=CUT), (), sandbox, None)
    local = ingest(Source(video, "a"), str(tmp_path / "local.tfrecord"))
    remote = ingest(Source("ram://a.mp4", "a"), str(tmp_path / "remote.tfrecord"))
    assert remote == dataclasses.replace(local, path="ram://a.mp4")
    assert _records(tmp_path / "remote.tfrecord") == _records(tmp_path / "local.tfrecord")
    missing = ingest(Source("ram://b.mp4", "b"), str(tmp_path / "b.tfrecord"))
    assert (missing.status, missing.reason) == ("dropped", "missing")
    limits = Limits(max_file_bytes=100)
    ingest = VideoIngester(Ingestion(cut=CUT, limits=limits), (), sandbox, None)
    assert ingest(Source("ram://a.mp4", "a"), "").reason == "file_too_large"


def test_clips_from_before_damage_stay(sandbox, video, tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mpg", 100, codec="mpeg2video")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) * 3 // 4)
        file.write(os.urandom(300))
    ingest = VideoIngester(Ingestion(cut=CUT), (), sandbox, None)
    row = ingest(Source(path, "a"), str(tmp_path / "a.tfrecord"))
    assert (row.status, row.reason) == ("kept", "damaged")
    assert 1 <= row.num_clips == len(_records(tmp_path / "a.tfrecord")) < 5


def test_accidents_leave_no_clips(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 1500, size=(160, 120))
    limits = Limits(max_seconds=0.1)
    with Sandbox(limits) as sandbox:
        ingest = VideoIngester(Ingestion(cut=CUT, limits=limits), (), sandbox, None)
        row = ingest(Source(path, "a"), str(tmp_path / "a.tfrecord"))
    assert (row.status, row.reason, row.clips) == ("dropped", "out_of_time", ())
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.mp4"]


def test_curation_labels_embeds_and_refuses(sandbox, tmp_path):
    light = fake_videos.write_images(tmp_path / "l.mp4", [np.full([48, 64, 3], 230, np.uint8)] * 30)
    recipe = Ingestion(
        cut=CUT,
        query=TitleQuery(),
        classifier=EfficientNetLite(),
        verification=Verification(num_frames=8),
        near_duplicates=NearDuplicates(),
    )
    ingest = VideoIngester(recipe, CLASSES, sandbox, cast(LoadedClassifier, _darkness))
    row = ingest(Source(light, "l", labels=(0, 1)), str(tmp_path / "l.tfrecord"))
    assert (row.label, row.class_name, row.score) == (1, "light", 1.0)
    assert np.linalg.norm(row.embedding) == pytest.approx(1, abs=1e-3)
    assert len(_records(tmp_path / "l.tfrecord")) == row.num_clips == 2
    refused = ingest(Source(light, "d", labels=(0,)), str(tmp_path / "d.tfrecord"))
    assert (refused.status, refused.reason, refused.score) == ("dropped", "not_verified", 0.0)
    assert refused.detail == "its first 8 frames do not show dark; 8 of them look like light"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.mp4", "l.tfrecord"]


def test_short_and_unwanted_videos_are_not_cut(sandbox, video, tmp_path):
    ingest = VideoIngester(Ingestion(cut=CUT, min_seconds=10.0), (), sandbox, None)
    row = ingest(Source(video, "a"), str(tmp_path / "a.tfrecord"))
    assert (row.reason, row.detail) == (
        "too_short",
        "it lasts 2.40 s, less than Ingestion.min_seconds = 10",
    )
    row = ingest(Source("/no/file", "a", dropped="no_category", detail="why"), "")
    assert (row.reason, row.detail, row.codec) == ("no_category", "why", "")
