# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The folder of an ingestion under way: what is to be done, and what has been done of it.

work/plan.json              the recipe and a digest of the sources
work/sources/00000.jsonl    the sources, some hundreds a file
work/videos/ab/abc….tfrecord, .json    clips and row of a video; the row is written last
work/rows-*.jsonl, shards-*.jsonl      the rows after all choices; the shards written
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from vito_tf.video.clip_shards import write_json
from vito_tf.video.video_rows import Source, VideoRow

_SOURCES_PER_FILE = 200
FRAMING_BYTES = 16
"""Of a TFRecord: the length, its checksum, and the checksum of the payload."""


class Workspace:
    """Paths and small files below `output/work`; any file system of `tf.io.gfile`.

    Attributes:
        output: the folder of the data set.
        folder: of the work.
    """

    def __init__(self, output: str):
        self.output = output
        self.folder = os.path.join(output, "work")

    def check_plan(self, plan: dict[str, Any]) -> None:
        """Notes the plan, or compares it with the one noted there.

        Raises:
            ValueError: another plan is under way, or there are shards of no known plan.
        """
        path = os.path.join(self.folder, "plan.json")
        if tf.io.gfile.exists(path):
            with tf.io.gfile.GFile(path) as file:
                refuse_other_plan(json.load(file), plan, self.output)
            return
        tf.io.gfile.makedirs(self.folder)
        if any(name.startswith("clips-") for name in tf.io.gfile.listdir(self.output)):
            raise ValueError(
                f"--output={self.output} holds shards of which nothing else is known. "
                "Remove the folder or name another one."
            )
        write_json(path, plan)

    def write_sources(self, sources: Sequence[Source]) -> list[str]:
        """Writes the sources, some hundreds a file, and returns the files."""
        folder = os.path.join(self.folder, "sources")
        tf.io.gfile.makedirs(folder)
        paths: list[str] = []
        for start in range(0, len(sources), _SOURCES_PER_FILE):
            paths.append(os.path.join(folder, f"{len(paths):05d}.jsonl"))
            with tf.io.gfile.GFile(paths[-1], "w") as file:
                for source in sources[start : start + _SOURCES_PER_FILE]:
                    file.write(json.dumps(dataclasses.asdict(source)) + "\n")
        return paths

    def records_path(self, name: str) -> str:
        """Where the clips of a video are kept."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return os.path.join(self.folder, "videos", digest[:2], digest + ".tfrecord")

    def make_place(self, name: str) -> str:
        """Makes the folder of a video's clips, and returns `records_path`."""
        path = self.records_path(name)
        tf.io.gfile.makedirs(os.path.dirname(path))
        return path

    def read_row(self, name: str) -> VideoRow | None:
        """The row of a video that has been done and whose clips are there, else None."""
        records = self.records_path(name)
        if not tf.io.gfile.exists(_row_path(records)):
            return None
        with tf.io.gfile.GFile(_row_path(records)) as file:
            row = VideoRow.from_json(file.read())
        framed = row.record_bytes + FRAMING_BYTES * row.num_clips
        return row if not row.is_kept or has_size(records, framed) else None

    def write_row(self, row: VideoRow) -> None:
        """Marks a video as done; its clips, if it was dropped, are removed."""
        records = self.make_place(row.name)
        if not row.is_kept and tf.io.gfile.exists(records):
            tf.io.gfile.remove(records)
        write_json(_row_path(records), json.loads(row.to_json()))

    def remove(self) -> None:
        """Removes all of it."""
        with contextlib.suppress(tf.errors.NotFoundError):
            tf.io.gfile.rmtree(self.folder)


def has_size(path: str, num_bytes: int) -> bool:
    """Whether there is a file of this size."""
    return tf.io.gfile.exists(path) and tf.io.gfile.stat(path).length == num_bytes


def read_sources(path: str) -> Iterator[Source]:
    """The sources of one of `Workspace.write_sources`' files."""
    with tf.io.gfile.GFile(path) as file:
        for line in file:
            values = json.loads(line)
            yield Source(**{**values, "labels": tuple(values["labels"])})


def refuse_other_plan(there: dict[str, Any], asked: dict[str, Any], output: str) -> None:
    """Raises a ValueError that says in what two plans differ, if they do."""
    differences = list(_differences(there, asked))
    if differences:
        raise ValueError(
            f"--output={output} holds another data set: {'; '.join(differences)}. "
            "Remove the folder or name another one."
        )


def _differences(there: Any, asked: Any, name: str = "") -> Iterator[str]:
    if isinstance(there, dict) and isinstance(asked, dict):
        for key in sorted({*there, *asked}):
            inner = f"{name}.{key}" if name else key
            yield from _differences(there.get(key), asked.get(key), inner)
    elif there != asked:
        yield f"{name} is {there!r} there and {asked!r} now"


def _row_path(records_path: str) -> str:
    return os.path.splitext(records_path)[0] + ".json"
