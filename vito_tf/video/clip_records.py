# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Source of clips: TFRecord files of `SequenceExample`s (see `vito_tf.video.clip_examples`)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import gin
import tensorflow as tf

from vito_tf.video.clip_examples import parse_clip
from vito_tf.video.clip_shards import Shard, find_shards
from vito_tf.video.clips import UNLABELLED, Clips, Seed

_FILES_READ_TOGETHER = 8
_READ_BUFFER_BYTES = 4 * 2**20
_SHUFFLE_BYTES = 512 * 2**20


@gin.configurable
def clip_records(
    work_dir: str,
    file_pattern: str | Sequence[str] = gin.REQUIRED,
    shuffle_buffer: int | None = None,
    class_names: Sequence[str] | None = None,
    frame_rate: float = 25.0,
) -> Clips:
    """Clips from TFRecord files, our own (`cut_videos`, ingest) or those of Model Garden and DMVR.

    The number of clips and the names of the classes come from the `dataset_info.json` beside the
    files; files that it does not describe are counted once, which reads little.

    Args:
        work_dir: not used; reading leaves nothing behind.
        file_pattern: a folder (its `*.tfrecord*` files), a glob, or a list of these.
        shuffle_buffer: number of clips held in memory to shuffle them, at least 1; None for as many
            as fit into 512 MiB. The order of the files is shuffled, too.
        class_names: names of the classes, by label, in place of those of `dataset_info.json`.
            Without either the clips count as unlabelled.
        frame_rate: frames per second of records that do not say when their frames were.

    Returns:
        The clips. Sharded reading divides the files where every shard gets as many of them, and
        otherwise the clips one by one (each shard then reads all files).

    Raises:
        ValueError: no file matches, a file is damaged, there is no clip in them, the first record
            is no clip, or an argument is outside its range. The message names the file or binding.
    """
    del work_dir
    if shuffle_buffer is not None and shuffle_buffer < 1:
        raise ValueError(f"clip_records.shuffle_buffer must be at least 1, got {shuffle_buffer}.")
    if not frame_rate > 0:
        raise ValueError(f"clip_records.frame_rate must be above 0, got {frame_rate}.")
    shards, found_names = find_shards(_expand(file_pattern))
    shards = [shard for shard in shards if shard.num_clips]
    if not shards:
        raise ValueError(f"No clips in the files of clip_records.file_pattern = {file_pattern!r}.")
    _check_first_record(shards[0].path)
    names = tuple(found_names if class_names is None else class_names)
    return _ClipRecords(shards, names, shuffle_buffer, frame_rate)


def _expand(file_pattern: str | Sequence[str]) -> list[str]:
    """Files of a folder, glob, or list of these, sorted, each once."""
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    paths: set[str] = set()
    for pattern in patterns:
        is_folder = tf.io.gfile.isdir(pattern)
        glob = os.path.join(pattern, "*.tfrecord*") if is_folder else pattern
        matched = [
            path
            for path in tf.io.gfile.glob(glob)
            if not path.endswith(".partial") and not tf.io.gfile.isdir(path)
        ]
        if not matched:
            raise ValueError(f"No file matches clip_records.file_pattern = {glob!r}.")
        paths.update(matched)
    if not paths:
        raise ValueError("clip_records.file_pattern is empty.")
    return sorted(paths)


def _check_first_record(path: str) -> None:
    """Raises a ValueError if the first record of a file is not a clip."""
    try:
        serialized = next(tf.data.TFRecordDataset(path).take(1).as_numpy_iterator())
        example = tf.train.SequenceExample.FromString(serialized)
    except Exception as error:
        raise ValueError(f"{path} does not begin with a SequenceExample: {error}") from error
    lists = example.feature_lists.feature_list
    if "image/encoded" in lists:
        return
    context = example.context.feature
    if "video/encoded" in context and "image/timestamp" in lists:
        return
    raise ValueError(
        f"The records of {path} are no clips: neither the feature list image/encoded nor "
        f"video/encoded with the feature list image/timestamp is among their keys "
        f"({', '.join(sorted([*context, *lists])) or 'none'})."
    )


class _ClipRecords(Clips):
    def __init__(
        self,
        shards: Sequence[Shard],
        class_names: tuple[str, ...],
        shuffle_buffer: int | None,
        frame_rate: float,
    ):
        self.num_clips = sum(shard.num_clips for shard in shards)
        self.class_names = class_names
        self._shards = shards
        self._frame_rate = frame_rate
        mean_bytes = sum(shard.num_bytes for shard in shards) / self.num_clips
        buffer = max(int(_SHUFFLE_BYTES / mean_bytes), 1)
        self._shuffle_buffer = min(shuffle_buffer or buffer, self.num_clips)

    def read(
        self, seed: Seed | None = None, num_shards: int = 1, shard: int = 0
    ) -> tf.data.Dataset:
        if not 0 <= shard < num_shards:
            raise ValueError(f"shard must be in [0, num_shards = {num_shards}), got {shard}.")
        # The function of flat_map is a graph of its own, in which the global seed can be set aside.
        epochs = tf.data.Dataset.from_tensors(tf.cast(0 if seed is None else seed, tf.int64))
        shuffle = seed is not None
        records = epochs.flat_map(
            lambda s: self._records(s if shuffle else None, num_shards, shard)
        )
        return records.map(self._parse, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

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

    def _parse(self, serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        clip = parse_clip(serialized, self._frame_rate)
        if not self.class_names:
            clip["label"] = tf.constant(UNLABELLED, tf.int64)
        return clip


def _read_file(path: tf.Tensor, count: tf.Tensor) -> tf.data.Dataset:
    """Records of a file; one that has fewer than `count` readable ones gives an error naming it."""
    message = tf.strings.join([path, " is damaged: a record in it cannot be read. Make it afresh."])

    def check(record: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.debugging.Assert(tf.not_equal(record, ""), [message])]):
            return tf.identity(record)

    records = tf.data.TFRecordDataset(path, buffer_size=_READ_BUFFER_BYTES)
    readable = records.ignore_errors(log_warning=True)
    return readable.concatenate(tf.data.Dataset.from_tensors("")).take(count).map(check)
