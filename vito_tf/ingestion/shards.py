# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Split by video, global shuffle, and the writing of shards (Beam)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator

import apache_beam as beam
import tensorflow as tf

from vito_tf.ingestion.progress_log import ProgressLog
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.workspace import FRAMING_BYTES, Workspace, has_size
from vito_tf.video.video_rows import VideoRow

TRAIN, HELD_OUT = "train", "held_out"
_LENGTH = struct.Struct("<Q")


@dataclasses.dataclass(frozen=True, order=True)
class ClipPlace:
    """Where the record of a clip lies.

    Attributes:
        order: pseudo-random; clips of a shard are sorted by it.
        path: of the TFRecord file.
        offset: of the record's frame in the file, in bytes.
        num_bytes: size of the frame.
    """

    order: str
    path: str
    offset: int
    num_bytes: int


def hash_of(*parts: object) -> str:
    """A pseudo-random number that depends on the parts alone, as 32 hexadecimal digits."""
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def unit_interval(digits: str) -> float:
    """A hash as a number in [0, 1)."""
    return int(digits[:13], 16) / 16**13


def split_of(name: str, recipe: Ingestion) -> str:
    """`held_out` with the recipe's probability, else `train`; depends on name and seed alone."""
    chance = unit_interval(hash_of(recipe.seed, "split", name))
    return HELD_OUT if chance < recipe.held_out_share else TRAIN


def clip_places(row: VideoRow, records_path: str, seed: int) -> Iterator[ClipPlace]:
    """The clips of a video, in their intermediate file."""
    offset = 0
    for index, clip in enumerate(row.clips):
        framed = clip.num_bytes + FRAMING_BYTES
        yield ClipPlace(hash_of(seed, "clip", row.name, index), records_path, offset, framed)
        offset += framed


def num_shards(num_bytes: int, recipe: Ingestion) -> int:
    """Number of shards of a split."""
    return max(1, round(num_bytes / recipe.shard_bytes))


def shard_of(place: ClipPlace, count: int) -> int:
    """The shard of a clip; independent of its order within the shard."""
    return int(place.order[16:], 16) % count


def shard_name(split: str, index: int, count: int) -> str:
    """File name, as TFDS forms it."""
    return f"clips-{split}.tfrecord-{index:05d}-of-{count:05d}"


class WriteShards(beam.PTransform):
    """PCollection of kept `VideoRow`s, with their split -> PCollection of JSON lines, one a shard.

    Every clip goes into a pseudo-random shard of its split and to a pseudo-random place in it: a
    uniformly random order of all clips, for which only the places of clips are moved.
    """

    def __init__(self, recipe: Ingestion, workspace: Workspace):
        super().__init__()
        self._recipe = recipe
        self._workspace = workspace

    def expand(self, rows: beam.PCollection[VideoRow]) -> beam.PCollection[str]:
        recipe, workspace = self._recipe, self._workspace
        places = rows | "Places" >> beam.FlatMap(_places, workspace, recipe.seed)
        counts = (
            places
            | "Sizes" >> beam.MapTuple(lambda split, place: (split, place.num_bytes))
            | "Sum" >> beam.CombinePerKey(sum)
            | "Counts" >> beam.MapTuple(lambda split, size: (split, num_shards(size, recipe)))
        )
        empty = counts | "Every shard" >> beam.FlatMapTuple(
            lambda split, count: [((split, index, count), None) for index in range(count)]
        )
        placed = places | "Shuffle" >> beam.Map(_to_shard, beam.pvalue.AsDict(counts))
        return (
            (empty, placed)
            | beam.Flatten()
            | beam.GroupByKey()
            | "Write" >> beam.Map(_write_shard, workspace.output)
        )


def _places(row: VideoRow, workspace: Workspace, seed: int) -> Iterator[tuple[str, ClipPlace]]:
    for place in clip_places(row, workspace.records_path(row.name), seed):
        yield row.split, place


def _to_shard(
    element: tuple[str, ClipPlace], counts: dict[str, int]
) -> tuple[tuple[str, int, int], ClipPlace]:
    split, place = element
    return (split, shard_of(place, counts[split]), counts[split]), place


def _write_shard(
    group: tuple[tuple[str, int, int], Iterable[ClipPlace | None]], output: str
) -> str:
    """Copies records into a shard, unless it is there; returns its description as JSON."""
    shard, places = group
    split, _, count = shard
    clips = sorted(place for place in places if place is not None)
    name = shard_name(*shard)
    num_bytes = sum(place.num_bytes for place in clips)
    path = os.path.join(output, name)
    if not has_size(path, num_bytes):
        with tf.io.gfile.GFile(path + ".partial", "wb") as file:
            file.write(b"")  # Without a write there would be no file, should the shard be empty.
            for place in clips:
                file.write(_read_frame(place))
        tf.io.gfile.rename(path + ".partial", path, overwrite=True)
    ProgressLog(output).note_shard(split, count)
    return json.dumps(
        {"name": name, "split": split, "num_clips": len(clips), "num_bytes": num_bytes}
    )


def _read_frame(place: ClipPlace) -> bytes:
    with tf.io.gfile.GFile(place.path, "rb") as file:
        file.seek(place.offset)
        frame = file.read(place.num_bytes)
    if len(frame) < place.num_bytes or _LENGTH.unpack(frame[:8])[0] + FRAMING_BYTES != len(frame):
        raise RuntimeError(f"{place.path} has changed since it was written. Remove it and rerun.")
    return frame
