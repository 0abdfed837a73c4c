# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows of videos, and pipelines in memory that choose among them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from vito_tf.video.video_rows import VideoRow


def embeddings(rng: np.random.Generator, count: int, dimensions: int = 16) -> np.ndarray:
    """Unit vectors, [count, dimensions] float64, a third of them close to another one."""
    vectors = rng.standard_normal([count, dimensions])
    copies = rng.integers(count, size=count)
    noise = 0.1 * rng.standard_normal([count, dimensions])
    is_copy = rng.random(count) < 1 / 3
    vectors[is_copy] = (vectors[copies] + noise)[is_copy]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows_of(vectors: np.ndarray) -> list[VideoRow]:
    """A kept row for each vector; the names of some are not UTF-8."""
    return [
        VideoRow(f"v{index}{chr(0xDCFF) * (index % 3 == 0)}.mp4", "", embedding=tuple(vector))
        for index, vector in enumerate(vectors.tolist())
    ]


def choose(
    transform: beam.PTransform, rows: Sequence[VideoRow], num_workers: int = 1
) -> dict[str, VideoRow]:
    """Runs a transform over rows, divided among workers, and returns the results by name."""
    options = PipelineOptions(direct_running_mode="multi_threading", direct_num_workers=num_workers)
    with tempfile.NamedTemporaryFile() as output:
        with beam.Pipeline(FnApiRunner(), options) as pipeline:
            _ = (
                pipeline
                | beam.Create(rows)
                | "Choose" >> transform
                | "Lines" >> beam.Map(_append, output.name)
            )
        chosen = [VideoRow.from_json(line) for line in output.read().decode().splitlines()]
    assert len(chosen) == len(rows)
    return {row.name: row for row in chosen}


def _append(row: VideoRow, path: str) -> None:
    with open(path, "a") as file:
        file.write(row.to_json() + "\n")
