# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Retrieval of the videos nearest to target images, the paper's future work (§3.2).

As in the making of LVD-142M (Oquab et al., DINOv2, 2023): for each image of a curated set, its k
nearest neighbours in embedding space are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import gin
import numpy as np

from vito_tf.curation.classifiers import Classifier
from vito_tf.curation.folder_embeddings import EmbedFolders
from vito_tf.curation.name_order import name_key
from vito_tf.curation.similarity import Embedded, rounded, similarities, stacked
from vito_tf.video.video_rows import VideoRow

_ROWS_AT_ONCE = 256


@gin.configurable
@dataclasses.dataclass(frozen=True)
class NearestToTargets:
    """Keeps the videos that are among the nearest neighbours of a target image.

    Attributes:
        images: folder of the target images, searched with its sub-folders.
        neighbours: k, videos retrieved for each image (4 in DINOv2); of equally near ones, those
            first by name.
        min_similarity: cosine below which a video is never retrieved, in [-1, 1].

    Raises:
        ValueError: a setting is outside its range.
    """

    images: str = gin.REQUIRED
    neighbours: int = 4
    min_similarity: float = -1.0

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise ValueError(
                f"NearestToTargets.neighbours must be at least 1, got {self.neighbours}."
            )
        if not -1 <= self.min_similarity <= 1:
            raise ValueError(
                f"NearestToTargets.min_similarity must be in [-1, 1], got {self.min_similarity}."
            )

    def transform(self, classifier: Classifier) -> beam.PTransform:
        """The choice among rows, with targets embedded by the features of a classifier.

        Raises:
            ValueError: the folder holds no image.
        """
        targets = EmbedFolders((self.images,), classifier, "NearestToTargets.images")
        return Retrieve(self, targets)


class Retrieve(beam.PTransform):
    """PCollection of `VideoRow`s -> the same rows with `score`, those not retrieved dropped.

    The score is the largest cosine between the video and a target. Rows without an embedding are
    dropped, too (`no_embedding`); those dropped before pass through.
    """

    def __init__(self, settings: NearestToTargets, targets: beam.PTransform):
        """Takes a transform that makes a PCollection of `Embedded` targets from the pipeline."""
        super().__init__()
        self._settings = settings
        self._targets = targets

    def expand(self, rows: beam.PCollection[VideoRow]) -> beam.PCollection[VideoRow]:
        targets = rows.pipeline | "Targets" >> self._targets
        scored = (
            rows
            | "Batch" >> beam.BatchElements(max_batch_size=_ROWS_AT_ONCE)
            | "Score"
            >> beam.ParDo(
                _Score(self._settings.neighbours), beam.pvalue.AsIter(targets)
            ).with_outputs("nearest", main="rows")
        )
        retrieved = scored.nearest | "Nearest" >> beam.CombineGlobally(
            _Retrieved(self._settings.min_similarity)
        )
        return scored.rows | "Decide" >> beam.Map(
            _decide, beam.pvalue.AsSingleton(retrieved), self._settings
        )


@dataclasses.dataclass(frozen=True)
class Nearest:
    """The k nearest videos of each of T targets, the nearest first.

    Attributes:
        scores: float32 [T, k], -inf where there are fewer videos.
        names: object [T, k] of bytes, empty where there are fewer videos.
    """

    scores: np.ndarray
    names: np.ndarray


def nearest(scores: np.ndarray, names: Sequence[bytes], neighbours: int) -> Nearest:
    """The nearest of n videos, by their similarities [n, T] to the targets; ties by name."""
    by_name = sorted(range(len(names)), key=names.__getitem__)
    missing = max(0, neighbours - len(names))
    padded = np.pad(scores[by_name], [(0, missing), (0, 0)], constant_values=-np.inf).T
    padded_names = np.array([*(names[index] for index in by_name), *[b""] * missing], object)
    order = np.argsort(-padded, axis=1, kind="stable")[:, :neighbours]
    return Nearest(np.take_along_axis(padded, order, axis=1), padded_names[order])


def merge(parts: Sequence[Nearest]) -> Nearest:
    """The nearest of disjoint sets of videos; the same in whatever order they are merged."""
    scores = np.concatenate([part.scores for part in parts], axis=1)
    names = np.concatenate([part.names for part in parts], axis=1)
    ranks = np.unique(names, return_inverse=True)[1].reshape(names.shape)
    order = np.lexsort((ranks, -scores), axis=1)[:, : parts[0].scores.shape[1]]
    return Nearest(np.take_along_axis(scores, order, 1), np.take_along_axis(names, order, 1))


class _Score(beam.DoFn):
    """Batch of rows -> the rows with their score; under `nearest`, the `Nearest` among them."""

    def __init__(self, neighbours: int):
        super().__init__()
        self._neighbours = neighbours
        self._targets: np.ndarray | None = None

    def process(self, rows: Sequence[VideoRow], targets: Iterable[Embedded]) -> Iterator[Any]:
        if self._targets is None:
            self._targets = stacked(targets).vectors
        judged = [row for row in rows if row.is_kept and row.embedding]
        yield from (row for row in rows if not (row.is_kept and row.embedding))
        if not judged:
            return
        if not len(self._targets):
            raise ValueError("NearestToTargets.images: none of the images can be read.")
        scores = similarities(rounded([row.embedding for row in judged]), self._targets)
        for row, score in zip(judged, scores.max(axis=1)):
            yield dataclasses.replace(row, score=float(score))
        names = [name_key(row.name) for row in judged]
        yield beam.pvalue.TaggedOutput("nearest", nearest(scores, names, self._neighbours))


class _Retrieved(beam.CombineFn):
    """`Nearest` of disjoint sets of videos -> names of all that are retrieved."""

    def __init__(self, min_similarity: float):
        super().__init__()
        self._min_similarity = min_similarity

    def create_accumulator(self) -> list[Nearest]:
        return []

    def add_input(self, accumulator: list[Nearest], element: Nearest) -> list[Nearest]:
        return [merge([*accumulator, element])]

    def merge_accumulators(self, accumulators: Iterable[list[Nearest]]) -> list[Nearest]:
        parts = [part for accumulator in accumulators for part in accumulator]
        return [merge(parts)] if parts else []

    def extract_output(self, accumulator: list[Nearest], *_: Any) -> frozenset[bytes]:
        return frozenset(
            name
            for found in accumulator
            for name in found.names[found.scores >= self._min_similarity].tolist()
        )


def _decide(row: VideoRow, retrieved: frozenset[bytes], settings: NearestToTargets) -> VideoRow:
    if not row.is_kept or name_key(row.name) in retrieved:
        return row
    if not row.embedding:
        return row.drop("no_embedding", "none of its frames could be embedded")
    return row.drop(
        "not_retrieved",
        f"it is not among the {settings.neighbours} videos nearest to any target image; its "
        f"largest similarity is {row.score:.3f}",
    )
