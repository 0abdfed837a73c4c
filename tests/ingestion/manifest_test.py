# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the manifest."""

from __future__ import annotations

import csv
import dataclasses
import tracemalloc

import pyarrow.parquet
import pytest

from vito_tf.ingestion import manifest
from vito_tf.ingestion.manifest import SCHEMA, read_manifest, write_manifest
from vito_tf.video.video_rows import ClipFigures, VideoRow

HOSTILE = 'a "quoted", name\nwith\x00a\u202eb\udcff é日本.mp4'
SHOWN = r'a "quoted", name\nwith\x00a\u202eb\udcff é日本.mp4'

CLIPS = (ClipFigures(10, 25, 1.0), ClipFigures(32, 11, 0.5))
ROWS = [
    VideoRow("b.mp4", "/v/b.mp4", label=3, score=0.25, seconds=1.5, clips=CLIPS),
    VideoRow(HOSTILE, "/v", title="=1+1", embedding=(0.5, 0.5)).drop("no_video", "it has none"),
    VideoRow("", "gs://bucket/a"),
]


@pytest.fixture(params=["parquet", "csv"])
def path(request, tmp_path):
    return str(tmp_path / f"manifest.{request.param}")


def test_what_is_written_is_read(path, tmp_path):
    write_manifest(path, iter(ROWS))
    table = read_manifest(path)
    assert table.schema.equals(SCHEMA)
    first, second, third = table.to_pylist()
    expected = dataclasses.asdict(ROWS[0])
    del expected["clips"], expected["embedding"]
    totals = {"num_clips": 2, "num_frames": 36, "clip_seconds": 1.5, "record_bytes": 42}
    assert first == {**expected, **totals}
    assert (second["name"], second["title"]) == (SHOWN, "=1+1")
    assert (second["status"], second["reason"], second["score"]) == ("dropped", "no_video", None)
    assert (third["name"], third["path"], third["record_bytes"]) == ("", "gs://bucket/a", 0)
    assert [p.name for p in tmp_path.iterdir()] == [path.rsplit("/", 1)[1]]


def test_other_programs_read_it(tmp_path):
    write_manifest(str(tmp_path / "m.parquet"), ROWS)
    assert pyarrow.parquet.read_table(tmp_path / "m.parquet")["label"].to_pylist() == [3, -1, -1]
    write_manifest(str(tmp_path / "m.csv"), ROWS)
    with open(tmp_path / "m.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["name"] for line in lines] == ["b.mp4", SHOWN, ""]
    assert [line["score"] for line in lines] == ["0.25", "", ""]


def test_an_empty_manifest_has_columns(path):
    write_manifest(path, [])
    assert read_manifest(path).num_rows == 0


def test_an_older_manifest_is_replaced_when_the_new_one_is_whole(path):
    write_manifest(path, ROWS[:1])

    def failing():
        yield ROWS[1]
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_manifest(path, failing())
    assert read_manifest(path).num_rows == 1
    write_manifest(path, ROWS)
    assert read_manifest(path).num_rows == 3


def test_rows_are_not_gathered(path, monkeypatch):
    monkeypatch.setattr(manifest, "_ROWS_PER_BATCH", 50)

    def rows(number):
        for index in range(number):
            yield VideoRow(f"{index}", f"/v/{index}", title="x" * 20_000)

    write_manifest(path, rows(50))
    tracemalloc.start()
    write_manifest(path, rows(2000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10e6 < 2000 * 20_000
    names = read_manifest(path)["name"].to_pylist()
    assert names == [str(index) for index in range(2000)]


@pytest.mark.parametrize("function", [lambda p: write_manifest(p, []), read_manifest])
def test_other_formats_are_refused(function):
    with pytest.raises(ValueError, match=r"parquet or \.csv, which m\.json"):
        function("m.json")
