# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Files of clip records (TFRecord shards) and what is known about them (`dataset_info.json`)."""

from __future__ import annotations

import dataclasses
import json
import os
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from vito_tf import progress

INFO_FILE = "dataset_info.json"
_HEADER = struct.Struct("<QI")  # length of the payload, masked CRC of the length
_FOOTER_BYTES = 4  # masked CRC of the payload


@dataclasses.dataclass(frozen=True)
class Shard:
    """A TFRecord file.

    Attributes:
        path: of the file.
        num_clips: number of records in it.
        num_bytes: its size.
    """

    path: str
    num_clips: int
    num_bytes: int


def count_records(path: str) -> Shard:
    """Counts the records of a TFRecord file by hopping from one length to the next.

    Args:
        path: a TFRecord file without compression.

    Raises:
        ValueError: the file is truncated, or no TFRecord file.
    """
    count, position = 0, 0
    num_bytes = tf.io.gfile.stat(path).length
    with tf.io.gfile.GFile(path, "rb") as file:
        while position < num_bytes:
            file.seek(position)
            header = file.read(_HEADER.size)
            if len(header) == _HEADER.size:
                position += _HEADER.size + _HEADER.unpack(header)[0] + _FOOTER_BYTES
            if len(header) < _HEADER.size or position > num_bytes:
                raise ValueError(
                    f"{path} is truncated or is no TFRecord file: record {count} does not end "
                    f"before the end of the file ({num_bytes} bytes)."
                )
            count += 1
    return Shard(path, count, num_bytes)


def find_shards(paths: Sequence[str]) -> tuple[list[Shard], tuple[str, ...]]:
    """Describes shards by the `dataset_info.json` beside them or, without one, by counting.

    A file whose size is not the one noted in `dataset_info.json` is counted, too.

    Args:
        paths: TFRecord files.

    Returns:
        The shards, in the order of `paths`, and the names of the classes (empty without
        `dataset_info.json`).

    Raises:
        ValueError: a file is damaged, or the folders disagree about the classes.
    """
    known: dict[str, Shard] = {}
    class_names: set[tuple[str, ...]] = set()
    for folder in sorted({os.path.dirname(path) for path in paths}):
        info = read_info(folder)
        class_names.add(tuple(info.get("class_names", ())))
        for shard in info.get("shards", ()):
            path = os.path.join(folder, shard["name"])
            known[path] = Shard(path, shard["num_clips"], shard["num_bytes"])
    if len(class_names) > 1:
        raise ValueError(
            f"The folders of the clip records differ in the class_names of their {INFO_FILE}."
        )
    uncounted = [
        path
        for path in paths
        if path not in known or known[path].num_bytes != tf.io.gfile.stat(path).length
    ]
    for path in progress.bar(uncounted, desc="Counting clips", unit="file", disable=not uncounted):
        known[path] = count_records(path)
    return [known[path] for path in paths], class_names.pop()


def read_info(folder: str) -> dict[str, Any]:
    """Returns the contents of the folder's `dataset_info.json`; empty when there is none.

    Raises:
        ValueError: the file is no JSON object.
    """
    path = os.path.join(folder, INFO_FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        text = file.read()
    try:
        info = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is no valid JSON: {error}") from error
    if not isinstance(info, dict):
        raise ValueError(f"{path} must hold a JSON object.")
    return info


def files_of_split(folder: str, split: str) -> list[str] | None:
    """The files of a split by the folder's `dataset_info.json`; None if that names no splits.

    Raises:
        ValueError: there are splits, but not this one, or a file of it is missing.
    """
    info = read_info(folder)
    if "splits" not in info:
        return None
    if split not in info["splits"]:
        known = ", ".join(map(repr, info["splits"]))
        raise ValueError(f"{folder} has no split {split!r}; it has {known}.")
    names = sorted(shard["name"] for shard in info["shards"] if shard["split"] == split)
    missing = sorted(set(names).difference(tf.io.gfile.listdir(folder)))
    if missing:
        raise ValueError(
            f"{folder} lacks {missing[0]}, one of {len(missing)} files that are in its {INFO_FILE} "
            "and not there."
        )
    return [os.path.join(folder, name) for name in names]


def write_shard(path: str, records: Iterable[bytes]) -> Shard:
    """Writes a shard under a temporary name and renames it once it is complete.

    Args:
        path: of a file, local or remote (`tf.io.gfile`), replaced when it exists.
        records: serialised clips; may be drawn from a generator, and when that fails nothing is
            left behind.

    Returns:
        What was written.
    """
    partial = path + ".partial"
    count = 0
    try:
        with tf.io.TFRecordWriter(partial) as writer:
            for record in records:
                writer.write(record)
                count += 1
    except BaseException:
        if tf.io.gfile.exists(partial):
            tf.io.gfile.remove(partial)
        raise
    num_bytes = tf.io.gfile.stat(partial).length
    tf.io.gfile.rename(partial, path, overwrite=True)
    return Shard(path, count, num_bytes)


def write_file(path: str, contents: bytes) -> None:
    """Writes a file under a temporary name and renames it, so that it is never half there.

    Args:
        path: local or remote (`tf.io.gfile`), replaced when it exists.
        contents: of the file.
    """
    partial = path + ".partial"
    with tf.io.gfile.GFile(partial, "wb") as file:
        file.write(contents)
    tf.io.gfile.rename(partial, path, overwrite=True)


def write_json(path: str, contents: Any) -> None:
    """Writes a JSON file as `write_file` does."""
    write_file(path, (json.dumps(contents, indent=1) + "\n").encode())
