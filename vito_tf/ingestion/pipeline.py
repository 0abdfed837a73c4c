# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The Beam pipeline: sources -> rows and clips of each video -> choices among them -> shards."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils import shared

from vito_tf.curation.classifiers import LoadedClassifier
from vito_tf.ingestion.one_video import VideoIngester
from vito_tf.ingestion.progress_log import ProgressLog
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.sandbox import Sandbox
from vito_tf.ingestion.shards import WriteShards, split_of
from vito_tf.ingestion.workspace import Workspace, read_sources
from vito_tf.video.video_rows import Source, VideoRow

_METRICS = "ingestion"


def build(
    pipeline: beam.Pipeline,
    recipe: Ingestion,
    source_files: Sequence[str],
    class_names: Sequence[str],
    workspace: Workspace,
) -> None:
    """Adds all steps to a pipeline.

    It leaves the shards in the output folder, and in the workspace `rows-*.jsonl` (a `VideoRow` a
    line, without embedding) and `shards-*.jsonl`.

    Args:
        pipeline: to add to.
        recipe: what to do.
        source_files: of `Workspace.write_sources`.
        class_names: names of the classes by label; empty if unlabelled.
        workspace: where intermediate results are.
    """
    rows = (
        pipeline
        | "Files of sources" >> beam.Create(list(source_files))
        | "Spread files" >> beam.Reshuffle()
        | "Sources" >> beam.FlatMap(read_sources)
        | "Spread sources" >> beam.Reshuffle()
        | "Ingest" >> beam.ParDo(_Ingest(recipe, tuple(class_names), workspace))
    )
    for name in ("retrieval", "near_duplicates", "balance"):
        choice = getattr(recipe, name)
        if choice is not None:
            rows |= name >> choice.transform(recipe.classifier)
    rows |= "Split" >> beam.Map(_with_split, recipe)
    kept = rows | "Kept" >> beam.Filter(lambda row: row.is_kept)
    shards = kept | "Shards" >> WriteShards(recipe, workspace)
    _write_lines(rows | "As JSON" >> beam.Map(_slim_json), workspace, "rows")
    _write_lines(shards, workspace, "shards")


def _write_lines(lines: beam.PCollection[str], workspace: Workspace, name: str) -> None:
    prefix = os.path.join(workspace.folder, name)
    _ = lines | f"Write {name}" >> beam.io.WriteToText(prefix, file_name_suffix=".jsonl")


def _with_split(row: VideoRow, recipe: Ingestion) -> VideoRow:
    return dataclasses.replace(row, split=split_of(row.name, recipe)) if row.is_kept else row


def _slim_json(row: VideoRow) -> str:
    return dataclasses.replace(row, embedding=()).to_json()


class _Ingest(beam.DoFn):
    """Source -> VideoRow; a video that has been done is not done again."""

    def __init__(self, recipe: Ingestion, class_names: tuple[str, ...], workspace: Workspace):
        super().__init__()
        self._recipe = recipe
        self._class_names = class_names
        self._workspace = workspace
        self._shared_classifier = shared.Shared()

    def setup(self) -> None:
        self._sandbox = Sandbox(self._recipe.limits)
        self._ingest = VideoIngester(
            self._recipe, self._class_names, self._sandbox, self._load_classifier()
        )
        self._log = ProgressLog(self._workspace.output)

    def _load_classifier(self) -> LoadedClassifier | None:
        """One model a process, whatever the number of its threads."""
        classifier = self._recipe.classifier
        return None if classifier is None else self._shared_classifier.acquire(classifier.load)

    def process(self, source: Source) -> Iterator[VideoRow]:
        row = self._workspace.read_row(source.name)
        if row is None:
            row = self._ingest(source, self._workspace.make_place(source.name))
            self._workspace.write_row(row)
        outcome = "kept" if row.is_kept else row.reason
        Metrics.counter(_METRICS, outcome).inc()
        self._log.note_video(outcome)
        yield row

    def teardown(self) -> None:
        del self._ingest  # TensorFlow complains about functions that live until the process ends.
        self._sandbox.close()
