# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Removal of near-duplicates, within the set and of what evaluation sets hold."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import gin
import numpy as np

from vito_tf.curation.classifiers import Classifier
from vito_tf.curation.folder_embeddings import EmbedFolders
from vito_tf.curation.name_order import name_key, name_of, place_in_order
from vito_tf.curation.similarity import Embedded, rounded, similarities, stacked
from vito_tf.video.video_rows import VideoRow

_ROWS_AT_ONCE = 256
_ROWS_PER_BLOCK = 20_000  # 50 MB at 1,280 dimensions, as the 16-bit numbers that are moved.
_ROWS_PER_CHUNK = 512
_ROWS_PER_TILE = 1024


@gin.configurable
@dataclasses.dataclass(frozen=True)
class NearDuplicates:
    """Drops videos that are too much like another.

    A video is dropped if one that comes before it in a pseudo-random order of all names is at
    least as similar as `threshold`, be that one kept or not: of a chain of videos, each like the
    next, those are kept that have no neighbour before them.

    Attributes:
        threshold: cosine between embeddings, in (0, 1). What it catches depends on the classifier;
            look at the pairs that the manifest names before you trust it.
        evaluation_folders: folders of images and videos on which the trained model will be
            evaluated; videos as similar to one of the images, or to 4 s of one of the videos, are
            dropped first.

    Raises:
        ValueError: the threshold is outside its range.
    """

    threshold: float = 0.95
    evaluation_folders: Sequence[str] = ()

    def __post_init__(self) -> None:
        if isinstance(self.evaluation_folders, str):
            raise ValueError("NearDuplicates.evaluation_folders must be a list of folders.")
        object.__setattr__(self, "evaluation_folders", tuple(self.evaluation_folders))
        if not 0 < self.threshold < 1:
            raise ValueError(f"NearDuplicates.threshold must be in (0, 1), got {self.threshold}.")

    def transform(self, classifier: Classifier) -> beam.PTransform:
        """The choice among rows; evaluation sets are embedded by the features of a classifier.

        Raises:
            ValueError: an evaluation folder holds neither images nor videos.
        """
        if not self.evaluation_folders:
            return DropNearDuplicates(self.threshold)
        binding = "NearDuplicates.evaluation_folders"
        folders = EmbedFolders(self.evaluation_folders, classifier, binding, videos=True)
        return DropNearDuplicates(self.threshold, folders)


class DropNearDuplicates(beam.PTransform):
    """PCollection of `VideoRow`s -> the same rows, some dropped.

    The reasons are `in_evaluation_set` and `near_duplicate`. Rows without an embedding and those
    dropped before pass through. All pairs are compared: rows are spread over blocks, and each task
    holds the embeddings of two blocks, however many rows there are.
    """

    def __init__(
        self,
        threshold: float,
        evaluation: beam.PTransform | None = None,
        rows_per_block: int = _ROWS_PER_BLOCK,
    ):
        """Takes settings.

        Args:
            threshold: smallest cosine of near-duplicates.
            evaluation: makes a PCollection of `Embedded` files from the pipeline.
            rows_per_block: bounds the memory of a task.
        """
        super().__init__()
        self._threshold = threshold
        self._evaluation = evaluation
        self._rows_per_block = rows_per_block

    def expand(self, rows: beam.PCollection[VideoRow]) -> beam.PCollection[VideoRow]:
        if self._evaluation is not None:
            files = rows.pipeline | "Evaluation sets" >> self._evaluation
            rows = (
                rows
                | "Batch" >> beam.BatchElements(max_batch_size=_ROWS_AT_ONCE)
                | "Compare with evaluation sets"
                >> beam.ParDo(_Evaluated(self._threshold), beam.pvalue.AsIter(files))
            )
        keyed = rows | "By name" >> beam.Map(lambda row: (name_key(row.name), row))
        duplicates = (
            rows
            | "Judged" >> beam.Filter(_is_judged)
            | "Duplicates" >> _FindDuplicates(self._threshold, self._rows_per_block)
        )
        return (
            {"rows": keyed, "duplicates": duplicates}
            | "Join" >> beam.CoGroupByKey()
            | "Drop" >> beam.FlatMapTuple(_drop_duplicate)
        )


def _is_judged(row: VideoRow) -> bool:
    return row.is_kept and bool(row.embedding)


class _Evaluated(beam.DoFn):
    """Batch of rows -> the same rows, those dropped that resemble evaluation files."""

    def __init__(self, threshold: float):
        super().__init__()
        self._threshold = threshold
        self._files: Embedded | None = None

    def process(self, rows: Sequence[VideoRow], files: Iterable[Embedded]) -> Iterator[VideoRow]:
        if self._files is None:
            self._files = stacked(files)
        judged = [row for row in rows if _is_judged(row)]
        yield from (row for row in rows if not _is_judged(row))
        if not judged or not self._files.names:
            yield from judged
            return
        scores = similarities(rounded([row.embedding for row in judged]), self._files.vectors)
        for row, file, score in zip(judged, scores.argmax(axis=1), scores.max(axis=1)):
            yield (
                row
                if score < self._threshold
                else row.drop(
                    "in_evaluation_set",
                    f"its similarity to {name_of(self._files.names[file])!r} is {score:.3f}",
                )
            )


class _FindDuplicates(beam.PTransform):
    """Rows with embeddings -> (key of a row, (place, key, similarity) of the first before it)."""

    def __init__(self, threshold: float, rows_per_block: int):
        super().__init__()
        self._threshold = threshold
        self._rows_per_block = rows_per_block

    def expand(self, rows: beam.PCollection[VideoRow]) -> beam.PCollection[Any]:
        num_blocks = (
            rows
            | "Count" >> beam.combiners.Count.Globally()
            | "Blocks" >> beam.Map(lambda count: max(1, -(-count // self._rows_per_block)))
        )
        num_blocks = beam.pvalue.AsSingleton(num_blocks)
        return (
            rows
            | "To block" >> beam.Map(_to_block, num_blocks)
            | "Blocks of rows" >> beam.GroupByKey()
            | "To pairs" >> beam.FlatMap(_to_pairs, num_blocks)
            | "Pairs of blocks" >> beam.GroupByKey()
            | "Compare" >> beam.FlatMap(_compare_blocks, self._threshold)
            | "First" >> beam.CombinePerKey(min)
        )


def _to_block(row: VideoRow, num_blocks: int) -> tuple[int, tuple[bytes, bytes, np.ndarray]]:
    place = place_in_order(row.name, "near duplicates")
    block = int.from_bytes(place[-8:], "big") % num_blocks
    return block, (place, name_key(row.name), rounded([row.embedding])[0])


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Some rows of a block, in no order.

    Attributes:
        block: which block.
        places: n places in the order of all rows, each with the row's key.
        vectors: int16 [n, D], embeddings.
    """

    block: int
    places: tuple[tuple[bytes, bytes], ...]
    vectors: np.ndarray


def _to_pairs(
    rows: tuple[int, Iterable[tuple[bytes, bytes, np.ndarray]]], num_blocks: int
) -> Iterator[tuple[tuple[int, int], Chunk]]:
    """Sends the rows of a block to all pairs that the block is in."""
    block, items = rows[0], iter(rows[1])
    while part := list(itertools.islice(items, _ROWS_PER_CHUNK)):
        places = tuple((place, key) for place, key, _ in part)
        chunk = Chunk(block, places, np.stack([vector for _, _, vector in part]))
        for other in range(num_blocks):
            yield (min(block, other), max(block, other)), chunk


def _compare_blocks(
    rows: tuple[tuple[int, int], Iterable[Chunk]], threshold: float
) -> Iterator[tuple[bytes, tuple[bytes, bytes, float]]]:
    """Compares every row of a block with every row of another, or of the same."""
    pair, chunks = rows[0], list(rows[1])
    (places, vectors), (other_places, other_vectors) = (
        _in_order([chunk for chunk in chunks if chunk.block == block]) for block in pair
    )
    if not places or not other_places:
        return
    for start in range(0, len(places), _ROWS_PER_TILE):
        tile = slice(start, start + _ROWS_PER_TILE)
        scores = similarities(vectors[tile], other_vectors)
        yield from _first_doubles(scores, places[tile], other_places, threshold)
        yield from _first_doubles(scores.T, other_places, places[tile], threshold)


def _in_order(chunks: Sequence[Chunk]) -> tuple[list[tuple[bytes, bytes]], np.ndarray]:
    """Places and vectors of the rows of some chunks, sorted."""
    places = [place for chunk in chunks for place in chunk.places]
    order = sorted(range(len(places)), key=places.__getitem__)
    vectors = [chunk.vectors for chunk in chunks] or [np.zeros([0, 0], np.int16)]
    return [places[index] for index in order], np.concatenate(vectors)[order]


def _first_doubles(
    scores: np.ndarray,
    places: Sequence[tuple[bytes, bytes]],
    others: Sequence[tuple[bytes, bytes]],
    threshold: float,
) -> Iterator[tuple[bytes, tuple[bytes, bytes, float]]]:
    """The first of `others` (sorted) that is near each of n rows, where it comes before it.

    Args:
        scores: [n, m] similarities.
        places: n, of the rows.
        others: m.
        threshold: smallest similarity of near-duplicates.
    """
    near = scores >= threshold
    first = near.argmax(axis=1)
    for row in np.flatnonzero(near[np.arange(len(near)), first]):
        if others[first[row]] < places[row]:
            yield places[row][1], (*others[first[row]], float(scores[row, first[row]]))


def _drop_duplicate(_: bytes, group: dict[str, Iterable[Any]]) -> Iterator[VideoRow]:
    (row,) = group["rows"]
    for _, double, score in group["duplicates"]:
        row = row.drop("near_duplicate", f"its similarity to {name_of(double)!r} is {score:.3f}")
    yield row
