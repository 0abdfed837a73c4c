# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Benchmark `knn`: how well an image's nearest neighbours among labelled ones tell its class."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

import gin
import numpy as np
import tensorflow as tf
from matplotlib import figure as figures

from vito_tf import progress
from vito_tf.evaluation import benchmark, data_errors, nearest_neighbours, page
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.representation import bootstrap, labelled

_QUERIES_AT_ONCE = 1024


@gin.configurable
@dataclasses.dataclass(frozen=True)
class NearestNeighbourBenchmark(benchmark.Benchmark):
    """Weighted kNN classification of frozen features (Wu et al. 2018; DINO, Caron et al. 2021).

    The paper reports none; k = 20 and a temperature of 0.07 are DINO's. Features are of central
    crops, as BYOL evaluates.

    Attributes:
      k: neighbours of the figure that has an interval and is broken down by class.
      ks: all numbers of neighbours to try, `k` among them. Those that exceed the bank are left out.
      temperature: of the votes, > 0.
      bank: part of the data whose classes are given.
      queries: part that is classified.
      resamples: of the bootstrap over the queries.
      seed: of the bootstrap.

    Raises:
      ValueError: a value is outside its range.
    """

    NAME: ClassVar[str] = "knn"
    TITLE: ClassVar[str] = "Nearest neighbours"
    DATA: ClassVar[str] = labelled.DATA

    k: int = 20
    ks: Sequence[int] = (10, 20, 100, 200)
    temperature: float = 0.07
    bank: str = "train"
    queries: str = "val"
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not self.ks or min(self.ks) < 1:
            raise ValueError(f"{name}.ks must be numbers of at least 1, got {self.ks}.")
        if self.k not in self.ks:
            raise ValueError(f"{name}.k = {self.k} must be one of {name}.ks = {self.ks}.")
        if not self.temperature > 0:
            raise ValueError(f"{name}.temperature must be above 0, got {self.temperature}.")
        if self.bank == self.queries:
            raise ValueError(f"{name}.queries must be another part than {name}.bank, {self.bank}.")
        if self.resamples < 1:
            raise ValueError(f"{name}.resamples must be at least 1, got {self.resamples}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        sets = labelled.extract(encoder, data, (self.bank, self.queries), context.extractor)
        size = len(sets.train.values)
        ks = sorted(k for k in set(self.ks) if k <= size)
        left_out = [
            data_errors.LeftOut(f"k = {k}", f"{self.bank} has only {size} images")
            for k in sorted(set(self.ks) - set(ks))
        ]
        correct = self._correct(sets, ks)
        figures: dict[str, float | None] = {f"top_1_k{self.k}": None}
        if self.k in ks:
            right = correct[f"top_1_k{self.k}"]
            interval = bootstrap.mean_interval(right, self.seed, self.resamples)
            figures[f"top_1_k{self.k}"] = float(right.mean())
            figures[f"top_1_k{self.k}_low"] = interval.low
            figures[f"top_1_k{self.k}_high"] = interval.high
        figures.update({name: float(right.mean()) for name, right in correct.items()})
        return benchmark.Result(
            figures,
            labelled.by_class(sets.val.labels, sets.class_names, correct),
            {
                "accuracy_by_k": [[k, figures[f"top_1_k{k}"]] for k in ks],
                "bank_images": size,
                "query_images": len(sets.val.values),
                "classes": len(sets.class_names),
            },
            [*sets.left_out, *left_out],
            notes=[*sets.notes, *_without_direction(sets)],
        )

    def _correct(self, sets: labelled.Labelled, ks: Sequence[int]) -> dict[str, np.ndarray]:
        """For each k, bool [M]: which queries are classified rightly."""
        correct: dict[str, list[np.ndarray]] = {f"top_1_k{k}": [] for k in ks}
        starts = range(0, len(sets.val.values), _QUERIES_AT_ONCE) if ks else ()
        for start in progress.bar(starts, desc="Nearest neighbours", unit="block"):
            part = slice(start, start + _QUERIES_AT_ONCE)
            found = nearest_neighbours.nearest(sets.train.values, sets.val.values[part], max(ks))
            for k in ks:
                nearer = nearest_neighbours.Neighbours(*(values[:, :k] for values in found))
                classes = nearest_neighbours.vote(
                    nearer, tf.constant(sets.train.labels), len(sets.class_names), self.temperature
                )
                correct[f"top_1_k{k}"].append(classes.numpy() == sets.val.labels[part])
        return {name: np.concatenate(parts) for name, parts in correct.items()}

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = {name: one.result for name, one in finished.items()}
        yield page.Text(
            f"Top-1 accuracy in % of weighted kNN on frozen features (cosine, temperature "
            f"{self.temperature:g}; the paper reports none). The interval for k = {self.k} is the "
            "bootstrap's of 95 % over the queries."
        )
        yield page.Table("Accuracy of weighted kNN in %", self._header(), self._rows(results))
        yield page.Chart(_curves(results, self.k), "Accuracy against the number of neighbours.")

    def _header(self) -> list[str]:
        others = [f"k = {k}" for k in sorted(set(self.ks) - {self.k})]
        return ["", "bank", "queries", "classes", f"k = {self.k}", "95 % interval", *others]

    def _rows(self, results: Mapping[str, benchmark.Result]) -> list[page.Row]:
        rows = []
        for name, result in results.items():
            sizes = [result.details[key] for key in ("bank_images", "query_images", "classes")]
            percent = {k: labelled.in_percent(result.figures, f"top_1_k{k}") for k in self.ks}
            others = [percent[k] for k in sorted(set(self.ks) - {self.k})]
            interval = labelled.interval_in_percent(result.figures, f"top_1_k{self.k}")
            rows.append(page.Row((name, *sizes, percent[self.k], interval, *others)))
        return rows


def _without_direction(sets: labelled.Labelled) -> Iterator[str]:
    count = sum(int((~one.values.any(axis=1)).sum()) for one in (sets.train, sets.val))
    if count:
        yield f"The features of {count} images are all 0; their neighbours are arbitrary."


def _curves(results: Mapping[str, benchmark.Result], k: int) -> figures.Figure:
    figure = figures.Figure(figsize=(5.2, 3.2))
    axis = figure.subplots()
    ticks = set()
    for name, result in results.items():
        points = result.details["accuracy_by_k"]
        ticks |= {number for number, _ in points}
        (line,) = axis.plot(
            [number for number, _ in points],
            [100 * share for _, share in points],
            marker="o",
            markersize=4,
            label=name,
        )
        low, high = (result.figures.get(f"top_1_k{k}_{end}") for end in ("low", "high"))
        if low is not None and high is not None:
            axis.plot([k, k], [100 * low, 100 * high], color=line.get_color(), lw=6, alpha=0.3)
    axis.set_xscale("log")
    axis.set_xticks(sorted(ticks), [str(number) for number in sorted(ticks)])
    axis.minorticks_off()
    axis.set_xlabel("neighbours k")
    axis.set_ylabel("top-1 accuracy (%)")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure
