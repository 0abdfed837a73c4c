# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Clips in TFRecord files, whatever their records hold: finding, counting, shuffling, dividing."""

from __future__ import annotations

import abc
import fnmatch
import os
from collections.abc import Sequence

import tensorflow as tf

from vito_tf.video.clip_shards import INFO_FILE, files_of_split, find_shards
from vito_tf.video.clips import UNLABELLED, Clips, Seed

_FILES_READ_TOGETHER = 8
_READ_BUFFER_BYTES = 4 * 2**20
_SHUFFLE_BYTES = 512 * 2**20
_FOLDER_PATTERN = "*.tfrecord*"

TRAIN = "train"
"""The split that is read of a folder that has splits."""


class RecordFiles(Clips):
    """TFRecord files in which every record is a clip; a subclass parses the records.

    Sharded reading divides the files where every shard gets as many of them, and otherwise the
    clips one by one (each shard then reads all files).

    Attributes:
        first_path: the first file that is not empty.
        first_record: its first record, from which a subclass tells what the files hold.
    """

    def __init__(
        self,
        source: str,
        file_pattern: str | Sequence[str],
        class_names: Sequence[str] | None,
        shuffle_buffer: int | None,
        split: str = TRAIN,
    ):
        """Finds the files, and counts the records of those that no `dataset_info.json` describes.

        Args:
            source: gin name of the source, for messages.
            file_pattern: a folder, a glob, or a list of these. Of a folder, the files of the split
                are read or, if its `dataset_info.json` names no splits, all `*.tfrecord*` files.
            class_names: names of the classes, by label; None for those of `dataset_info.json`.
                Without either the clips count as unlabelled.
            shuffle_buffer: number of clips held in memory to shuffle them, at least 1; None for as
                many as fit into 512 MiB. The order of the files is shuffled, too.
            split: which split of the folders is read.

        Raises:
            ValueError: no file matches, a file is damaged, there is no clip in them, there is no
                such split, or the buffer is below 1. The message names the file or binding.
        """
        if shuffle_buffer is not None and shuffle_buffer < 1:
            raise ValueError(f"{source}.shuffle_buffer must be at least 1, got {shuffle_buffer}.")
        binding = f"{source}.file_pattern"
        shards, found_names = find_shards(_expand(file_pattern, split, source))
        self._shards = [shard for shard in shards if shard.num_clips]
        if not self._shards:
            raise ValueError(f"No clips in the files of {binding} = {file_pattern!r}.")
        self.num_clips = sum(shard.num_clips for shard in self._shards)
        self.class_names = tuple(found_names if class_names is None else class_names)
        mean_bytes = sum(shard.num_bytes for shard in self._shards) / self.num_clips
        buffer = max(int(_SHUFFLE_BYTES / mean_bytes), 1)
        self._shuffle_buffer = min(shuffle_buffer or buffer, self.num_clips)
        self.first_path = self._shards[0].path
        self.first_record = _first_record(self.first_path)

    @abc.abstractmethod
    def parse(self, serialized: tf.Tensor, record_id: tf.Tensor) -> dict[str, tf.Tensor]:
        """Parses a record, in a graph.

        Args:
            serialized: string scalar, the record.
            record_id: string scalar that says where it is: `path#index`.

        Returns:
            The undecoded clip (`vito_tf.video.clips.CLIP_SPEC`), with its label.
        """

    def read(
        self, seed: Seed | None = None, num_shards: int = 1, shard: int = 0
    ) -> tf.data.Dataset:
        """See `Clips.read`."""
        if not 0 <= shard < num_shards:
            raise ValueError(f"shard must be in [0, num_shards = {num_shards}), got {shard}.")
        # The function of flat_map is a graph of its own, in which the global seed can be set aside.
        epochs = tf.data.Dataset.from_tensors(tf.cast(0 if seed is None else seed, tf.int64))
        shuffle = seed is not None
        records = epochs.flat_map(
            lambda s: self._records(s if shuffle else None, num_shards, shard)
        )
        return records.map(self._clip, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def _records(self, seed: tf.Tensor | None, num_shards: int, shard: int) -> tf.data.Dataset:
        paths = tf.constant([shard.path for shard in self._shards])
        counts = tf.constant([shard.num_clips for shard in self._shards], tf.int64)
        order = tf.range(len(self._shards))
        if seed is not None:
            # Dataset.shuffle mixes its seed with the graph's; the order must depend on ours alone.
            tf.compat.v1.get_default_graph().seed = 1
            order = tf.random.experimental.stateless_shuffle(order, tf.stack([seed, 0]))
        files = tf.data.Dataset.from_tensor_slices(
            (tf.gather(paths, order), tf.gather(counts, order))
        )
        by_file = len(self._shards) % num_shards == 0
        if by_file:
            files = files.shard(num_shards, shard)
        records = files.interleave(
            _read_file,
            cycle_length=_FILES_READ_TOGETHER,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        if not by_file:
            records = records.shard(num_shards, shard)
        if seed is not None:
            records = records.shuffle(
                self._shuffle_buffer, seed=seed, reshuffle_each_iteration=False
            )
        return records

    def _clip(self, serialized: tf.Tensor, record_id: tf.Tensor) -> dict[str, tf.Tensor]:
        clip = self.parse(serialized, record_id)
        if not self.class_names:
            clip["label"] = tf.constant(UNLABELLED, tf.int64)
        return clip


def _expand(file_pattern: str | Sequence[str], split: str, source: str) -> list[str]:
    """Files of a folder, glob, or list of these, sorted, each once."""
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    if not patterns:
        raise ValueError(f"{source}.file_pattern is empty.")
    paths: set[str] = set()
    for pattern in patterns:
        is_folder = tf.io.gfile.isdir(pattern)
        matched = files_of_split(pattern, split) if is_folder else None
        if matched is None:
            if split != TRAIN:
                raise ValueError(
                    f"{source}.split = {split!r} needs a folder whose {INFO_FILE} names splits; "
                    f"{source}.file_pattern = {pattern!r} is none."
                )
            matched = _record_files(pattern) if is_folder else tf.io.gfile.glob(pattern)
            matched = [path for path in matched if _is_whole_file(path)]
        if not matched:
            asked = os.path.join(pattern, _FOLDER_PATTERN) if is_folder else pattern
            raise ValueError(f"No file matches {source}.file_pattern = {asked!r}.")
        paths.update(matched)
    return sorted(paths)


def _record_files(folder: str) -> list[str]:
    names = fnmatch.filter(tf.io.gfile.listdir(folder), _FOLDER_PATTERN)
    return [os.path.join(folder, name) for name in names]


def _is_whole_file(path: str) -> bool:
    return not path.endswith(".partial") and not tf.io.gfile.isdir(path)


def _first_record(path: str) -> bytes:
    try:
        return next(tf.data.TFRecordDataset(path).take(1).as_numpy_iterator())
    except tf.errors.OpError as error:
        raise ValueError(
            f"{path} is damaged: its first record cannot be read. Make it afresh."
        ) from error


def _read_file(path: tf.Tensor, count: tf.Tensor) -> tf.data.Dataset:
    """Records of a file and their ids; fewer than `count` readable ones give an error naming it."""
    message = tf.strings.join([path, " is damaged: a record in it cannot be read. Make it afresh."])

    def check(index: tf.Tensor, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.control_dependencies([tf.debugging.Assert(tf.not_equal(record, ""), [message])]):
            return tf.identity(record), tf.strings.join([path, "#", tf.strings.as_string(index)])

    records = tf.data.TFRecordDataset(path, buffer_size=_READ_BUFFER_BYTES)
    readable = records.ignore_errors(log_warning=True)
    padded = readable.concatenate(tf.data.Dataset.from_tensors("")).take(count)
    return padded.enumerate().map(check)
