# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the folder of an ingestion under way."""

from __future__ import annotations

import os

import pytest

from vito_tf.ingestion.workspace import Workspace, read_sources
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.video_rows import ClipFigures, Source, VideoRow, printable

HOSTILE = [
    "\ud83d",
    "../../etc/passwd",
    "a\nb.mp4",
    "naïve 日本.mp4",
    "x\udcff.mp4",
    "/",
    ".",
    "a" * 5000,
]


def test_sources_come_back_as_they_were(tmp_path):
    sources = [Source(name, name, title=name, labels=(1, 7)) for name in HOSTILE * 100]
    files = Workspace(str(tmp_path)).write_sources(sources)
    assert len(files) > 1
    assert [source for file in files for source in read_sources(file)] == sources


@pytest.mark.parametrize("name", HOSTILE)
def test_rows_come_back_and_nothing_lies_outside(tmp_path, name):
    workspace = Workspace(str(tmp_path / "out"))
    assert workspace.read_row(name) is None
    row = VideoRow(name, name, score=0.5, clips=(ClipFigures(3, 25, 1.0),), embedding=(0.5, -0.25))
    write_shard(workspace.make_place(name), [b"abc"])
    workspace.write_row(row)
    assert workspace.read_row(name) == row
    os.truncate(workspace.records_path(name), 3)
    assert workspace.read_row(name) is None
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["work"]
    assert printable(name).isprintable()


def test_the_clips_of_a_dropped_video_go(tmp_path):
    workspace = Workspace(str(tmp_path))
    path = workspace.records_path("a")
    os.makedirs(os.path.dirname(path))
    open(path, "w").close()
    workspace.write_row(VideoRow("a", "a"))
    assert os.path.exists(path)
    workspace.write_row(VideoRow("a", "a").drop("damaged", "it ends too early"))
    assert not os.path.exists(path)
    found = workspace.read_row("a")
    assert found is not None
    assert (found.status, found.reason) == ("dropped", "damaged")


def test_another_plan_is_refused_with_the_difference(tmp_path):
    workspace = Workspace(str(tmp_path))
    workspace.check_plan({"recipe": {"cut": {"short_side": 256}}, "sources": "a"})
    workspace.check_plan({"recipe": {"cut": {"short_side": 256}}, "sources": "a"})
    with pytest.raises(ValueError, match=r"recipe.cut.short_side is 256 there and 128 now\."):
        workspace.check_plan({"recipe": {"cut": {"short_side": 128}}, "sources": "a"})
