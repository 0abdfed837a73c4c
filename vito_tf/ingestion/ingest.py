# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A whole ingestion: lists the videos, runs the pipeline, and documents what came of it."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import gin
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems

from vito_tf.folder_lock import locked
from vito_tf.ingestion import pipeline, progress_log
from vito_tf.ingestion.contact_sheet import write_contact_sheet
from vito_tf.ingestion.dataset_card import write_dataset_card
from vito_tf.ingestion.dataset_info import describe, write_dataset_info
from vito_tf.ingestion.manifest import write_manifest
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.sources import SourceList, list_sources
from vito_tf.ingestion.summary import Summary
from vito_tf.ingestion.workspace import Workspace, refuse_other_plan
from vito_tf.video.clip_shards import INFO_FILE, files_of_split, read_info, write_file
from vito_tf.video.video_rows import VideoRow

MANIFEST_FILE = "manifest.parquet"
CONFIG_FILE = "operative_config.gin"


def ingest(recipe: Ingestion, videos: str, output: str, p: beam.Pipeline) -> dict[str, Any]:
    """Turns videos into a data set, or goes on where an interrupted ingestion stopped.

    Args:
        recipe: what to do.
        videos: a folder, a glob, or a CSV file; see `vito_tf.ingestion.sources.list_sources`.
        output: folder of the data set.
        p: an empty pipeline of `vito_tf.ingestion.engine`, by whose runner the work is done.

    Returns:
        The contents of `dataset_info.json`.

    Raises:
        ValueError: there are no videos, the classifier cannot be loaded, the folder holds another
            data set, or nothing was kept.
        RuntimeError: the pipeline failed; what is done stays done.
    """
    _check_output(output)
    sources = list_sources(videos, recipe.labels, recipe.query)
    plan = {"recipe": recipe.as_dict(), "sources": _digest(sources)}
    with _exclusively(output):
        if tf.io.gfile.exists(os.path.join(output, INFO_FILE)):
            info = read_info(output)
            refuse_other_plan(info.get("settings", {}), plan, output)
            for split in info.get("splits", {}):
                files_of_split(output, split)  # Raises if one is missing.
            Workspace(output).remove()
            return info
        if recipe.classifier is not None:
            recipe.classifier.load()  # Here its errors are plain; workers load their own.
        workspace = Workspace(output)
        workspace.check_plan(plan)
        _run(recipe, sources, workspace, p)
        info = _document(recipe, sources, workspace, plan)
        workspace.remove()
    return info


def _check_output(output: str) -> None:
    """Refuses what would fail at the very end."""
    if set(output) & set("*?[]"):
        raise ValueError(f"--output={output} must not hold any of the characters * ? [ ].")
    try:
        FileSystems.get_filesystem(output)
    except ValueError as error:
        raise ValueError(f"--output={output} is on a file system that Beam lacks here.") from error


def _exclusively(output: str) -> contextlib.AbstractContextManager[None]:
    if "://" not in output:
        return locked(output, "--output")
    tf.io.gfile.makedirs(output)
    return contextlib.nullcontext()


def _digest(sources: SourceList) -> str:
    """Stands for the list of sources; changes when any of it does."""
    digest = hashlib.sha256(json.dumps(sources.class_names).encode())
    for source in sources.sources:
        facts = [source.name, source.path, source.labels, _size(source.path)]
        digest.update(json.dumps(facts).encode())
    return f"{len(sources.sources)} videos, {digest.hexdigest()[:16]}"


def _run(recipe: Ingestion, sources: SourceList, workspace: Workspace, p: beam.Pipeline) -> None:
    """Runs the pipeline."""
    for path in tf.io.gfile.glob(os.path.join(workspace.folder, "*-of-*.jsonl")):
        tf.io.gfile.remove(path)
    files = workspace.write_sources(sources.sources)
    with progress_log.shown(workspace.output, len(sources.sources)), p:
        pipeline.build(p, recipe, files, sources.class_names, workspace)


def _size(path: str) -> int | None:
    """Size of a local file; None if there is none."""
    try:
        return None if "://" in path else os.stat(path).st_size
    except (OSError, ValueError):
        return None


def _document(
    recipe: Ingestion, sources: SourceList, workspace: Workspace, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Writes everything beside the shards; `dataset_info.json`, which marks the end, last."""
    output = workspace.output
    shards = sorted(map(json.loads, _lines(workspace, "shards")), key=lambda s: s["name"])
    rows = map(VideoRow.from_json, sorted(_lines(workspace, "rows")))
    candidates = collections.Counter(label for s in sources.sources for label in s.labels)
    summary = Summary(sources.class_names, candidates)
    write_manifest(os.path.join(output, MANIFEST_FILE), summary.counting(rows))
    if not summary.total.num_clips:
        raise ValueError(_nothing_kept(summary, output))
    info = describe(shards, summary, recipe.cut, settings)
    write_contact_sheet(output, info)
    command = shlex.join(["python", "-m", "vito_tf.ingest", *sys.argv[1:]])
    write_dataset_card(output, info, summary, command)
    write_file(os.path.join(output, CONFIG_FILE), gin.operative_config_str().encode())
    write_dataset_info(output, info)
    return info


def _nothing_kept(summary: Summary, output: str) -> str:
    reasons = ", ".join(f"{name} {totals.num_videos}" for name, totals in summary.dropped.items())
    return (
        f"None of the {summary.num_videos} videos was kept ({reasons}); "
        f"{os.path.join(output, MANIFEST_FILE)} says why of each."
    )


def _lines(workspace: Workspace, name: str) -> Iterator[str]:
    for path in sorted(tf.io.gfile.glob(os.path.join(workspace.folder, f"{name}-*.jsonl"))):
        with tf.io.gfile.GFile(path) as file:
            for line in file:
                yield line.rstrip("\n")
