# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From a data set's own files to shuffled TFRecord shards that Model Garden's tasks read."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple

import tensorflow as tf

from vito_tf import folder_lock, progress
from vito_tf.video import clip_shards

INFO_FILE = "dataset.json"
_PLAN_FILE = "conversion.json"
_SKIPPED_FILE = "skipped.tsv"


class ConversionError(ValueError):
    """A folder or file that is not what the data set should have; the message names it."""


class Item(NamedTuple):
    """One example to be.

    Attributes:
      name: unique in its split; the order of the records depends on it.
      make: reads the files and returns a serialised `tf.train.Example` or `SequenceExample`; raises
        `ConversionError` for a file that cannot be used.
    """

    name: str
    make: Callable[[], bytes]


class Split(NamedTuple):
    """A part of a data set.

    Attributes:
      name: such as 'train' or 'val'.
      items: what is there.
      published: how many its authors say there are; None where nobody says.
      missing: names that the set's own lists have and the folder has not.
      notes: what, and why, is left out of items whatever is allowed; `skipped.tsv` lists it.
      info: what else `dataset.json` is to say of the split.
      files: further files beside the records: their names, and what makes their contents.
      digest: of all but pictures and names that the records depend on.
    """

    name: str
    items: Sequence[Item]
    published: int | None = None
    missing: Sequence[str] = ()
    notes: Sequence[tuple[str, str]] = ()
    info: Mapping[str, Any] = {}
    files: Mapping[str, Callable[[], bytes]] = {}
    digest: str = ""


class DataSet(NamedTuple):
    """A data set as it lies on disk.

    Attributes:
      splits: its parts.
      class_names: by label.
      info: what else `dataset.json` is to say of it.
    """

    splits: Sequence[Split]
    class_names: Sequence[str]
    info: Mapping[str, Any] = {}


def convert(
    data_set: DataSet,
    output: str,
    items_per_shard: int,
    allow_partial: bool = False,
    num_workers: int = 1,
) -> dict[str, Any]:
    """Writes `<split>-00000-of-000NN.tfrecord` files, and `dataset.json` when all are there.

    The order of the records depends on their names alone. An interrupted conversion goes on with
    the shards that are not there yet.

    Args:
      data_set: what to convert.
      output: a local folder, made if needed.
      items_per_shard: records a file.
      allow_partial: whether missing and unusable items are listed in `skipped.tsv` and passed over,
        not refused.
      num_workers: threads that read and encode.

    Returns:
      What `dataset.json` holds: `class_names`, and by split `num_examples`, `published`, `skipped`
      and `files`; and what the data set and its splits add to it.

    Raises:
      ConversionError: items are missing or unusable, or `output` holds another conversion.
    """
    if not allow_partial:
        for split in data_set.splits:
            _check_count(split)
    with folder_lock.locked(output, "--output"):
        _check_plan(data_set, output, items_per_shard)
        skipped = _Skipped(os.path.join(output, _SKIPPED_FILE), allow_partial)
        info: dict[str, Any] = {
            "class_names": list(data_set.class_names),
            **data_set.info,
            "splits": {},
        }
        for split in data_set.splits:
            skipped.note(split.name, [(name, "is missing") for name in split.missing])
            skipped.note(split.name, split.notes)
            shards = _write_split(split, output, items_per_shard, skipped, num_workers)
            num_examples = sum(shard.num_clips for shard in shards)
            info["splits"][split.name] = {
                "num_examples": num_examples,
                "published": split.published,
                "skipped": len(split.items) - num_examples,
                "missing": len(split.missing),
                "files": [os.path.basename(shard.path) for shard in shards],
                **split.info,
            }
            for name, contents in split.files.items():
                clip_shards.write_file(os.path.join(output, name), contents())
        clip_shards.write_json(os.path.join(output, INFO_FILE), info)
    return info


class _Skipped:
    """The list of what is left out, or the refusal of unusable items."""

    def __init__(self, path: str, allowed: bool):
        self._path = path
        self._allowed = allowed
        self._listed: set[str] = set()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self._listed.update(file)

    def add(self, split: str, item: Item, error: ConversionError) -> None:
        if not self._allowed:
            raise ConversionError(f"{error} (--allow_partial lists such files and goes on.)")
        self.note(split, [(item.name, str(error))])

    def note(self, split: str, entries: Sequence[tuple[str, str]]) -> None:
        """Lists names and reasons, each once."""
        lines = [f"{split}\t{name}\t{' '.join(reason.split())}\n" for name, reason in entries]
        new = [line for line in lines if line not in self._listed]
        if new:
            self._listed.update(new)
            with open(self._path, "a", encoding="utf-8") as file:
                file.writelines(new)


def _check_count(split: Split) -> None:
    """Refuses a split that is not whole."""
    if not split.missing and split.published in (None, len(split.items)):
        return
    counts = f"{len(split.items)} items here"
    if split.published is not None:
        counts += f" and {split.published} as published"
    if split.missing:
        counts += f"; of those it lists, {len(split.missing)} are missing, such as "
        counts += split.missing[0]
    raise ConversionError(
        f"The split {split.name} has {counts}. --allow_partial converts what there is."
    )


def _check_plan(data_set: DataSet, output: str, items_per_shard: int) -> None:
    """Notes what is being converted, or compares it with what was noted before."""
    digest = hashlib.sha256()
    for split in data_set.splits:
        digest.update(split.digest.encode())
        for item in split.items:
            digest.update(f"{split.name}/{item.name}\n".encode())
    plan = {"items": digest.hexdigest(), "items_per_shard": items_per_shard}
    path = os.path.join(output, _PLAN_FILE)
    if not os.path.exists(path):
        others = [name for name in os.listdir(output) if name.endswith(".tfrecord")]
        if others:
            raise ConversionError(f"--output={output} holds {others[0]} of another making.")
        clip_shards.write_json(path, plan)
        return
    with open(path, encoding="utf-8") as file:
        if json.load(file) != plan:
            raise ConversionError(
                f"--output={output} holds a conversion of other files; remove or rename it."
            )


def _write_split(
    split: Split, output: str, items_per_shard: int, skipped: _Skipped, num_workers: int
) -> list[clip_shards.Shard]:
    """Writes the shards that are not there, and describes all of them."""
    order = sorted(split.items, key=lambda item: hashlib.sha256(item.name.encode()).digest())
    parts = [
        order[start : start + items_per_shard] for start in range(0, len(order), items_per_shard)
    ]
    shards = []
    with concurrent.futures.ThreadPoolExecutor(num_workers) as pool:
        bar = progress.bar(total=len(order), desc=split.name, unit="item")
        with contextlib.closing(bar):
            for number, part in enumerate(parts):
                name = f"{split.name}-{number:05d}-of-{len(parts):05d}.tfrecord"
                path = os.path.join(output, name)
                if os.path.exists(path):
                    shards.append(clip_shards.count_records(path))
                    bar.update(len(part))
                else:
                    records = _records(split.name, part, skipped, pool, num_workers, bar)
                    shards.append(clip_shards.write_shard(path, records))
    return shards


def _records(
    split: str,
    items: Sequence[Item],
    skipped: _Skipped,
    pool: concurrent.futures.Executor,
    num_workers: int,
    bar: Any,
) -> Iterator[bytes]:
    """Makes records in order, at most some items ahead of what is written."""
    ahead = 4 * num_workers
    waiting: list[tuple[Item, concurrent.futures.Future[bytes]]] = []
    for position in range(len(items) + ahead):
        if position < len(items):
            waiting.append((items[position], pool.submit(items[position].make)))
        if position >= ahead and waiting:
            item, future = waiting.pop(0)
            try:
                yield future.result()
            except ConversionError as error:
                skipped.add(split, item, error)
            bar.update()


def bytes_feature(*values: bytes) -> tf.train.Feature:
    """A feature of byte strings."""
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def int64_feature(*values: int) -> tf.train.Feature:
    """A feature of integers."""
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
