# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The manifest: a table of what became of each source video (Parquet or CSV)."""

from __future__ import annotations

import dataclasses
import itertools
import os
import tempfile
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import tensorflow as tf

from vito_tf.video.video_rows import VideoRow, printable

_ROWS_PER_BATCH = 10_000
_TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "float | None": pa.float64(),
}
_LEFT_OUT = ("clips", "embedding")
_TOTALS = {
    "num_clips": pa.int64(),
    "num_frames": pa.int64(),
    "clip_seconds": pa.float64(),
    "record_bytes": pa.int64(),
}

SCHEMA = pa.schema(
    [
        pa.field(field.name, _TYPES[str(field.type)], nullable="None" in str(field.type))
        for field in dataclasses.fields(VideoRow)
        if field.name not in _LEFT_OUT
    ]
    + [pa.field(name, kind, nullable=False) for name, kind in _TOTALS.items()]
)
"""Columns: those of `VideoRow` but for `embedding`, and with totals in place of `clips`; texts
without control characters and undecodable bytes (`printable`)."""


def write_manifest(path: str, rows: Iterable[VideoRow]) -> None:
    """Writes rows in their order, holding no more than some thousands of them at a time.

    Args:
        path: local or remote (`tf.io.gfile`), replaced when it exists; ends in `.parquet` or
            `.csv`.
        rows: may be drawn from a generator.

    Raises:
        ValueError: the path ends otherwise.
    """
    suffix = _suffix(path)
    rows = iter(rows)
    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, "manifest" + suffix)
        with _writer(local, suffix) as writer:
            while batch := list(itertools.islice(rows, _ROWS_PER_BATCH)):
                columns = [_column(field, batch) for field in SCHEMA]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        tf.io.gfile.copy(local, path + ".partial", overwrite=True)
    tf.io.gfile.rename(path + ".partial", path, overwrite=True)


def read_manifest(path: str) -> pa.Table:
    """Reads what `write_manifest` has written; `.to_pandas()` makes a data frame of it.

    Raises:
        ValueError: the path ends neither in `.parquet` nor in `.csv`.
    """
    suffix = _suffix(path)
    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, "manifest" + suffix)
        tf.io.gfile.copy(path, local)
        if suffix == ".parquet":
            return pa.parquet.read_table(local)
        types = pa.csv.ConvertOptions(column_types=SCHEMA)
        return pa.csv.read_csv(local, convert_options=types).cast(SCHEMA)


def _suffix(path: str) -> str:
    suffix = os.path.splitext(path)[1]
    if suffix not in (".parquet", ".csv"):
        raise ValueError(f"A manifest must end in .parquet or .csv, which {path} does not.")
    return suffix


def _writer(path: str, suffix: str) -> pa.parquet.ParquetWriter | pa.csv.CSVWriter:
    if suffix == ".parquet":
        return pa.parquet.ParquetWriter(path, SCHEMA, compression="zstd")
    return pa.csv.CSVWriter(path, SCHEMA)


def _column(field: pa.Field, rows: Sequence[VideoRow]) -> pa.Array:
    values = [getattr(row, field.name) for row in rows]
    if field.type == pa.string():
        values = [text if text.isprintable() else printable(text) for text in values]
    return pa.array(values, field.type)
