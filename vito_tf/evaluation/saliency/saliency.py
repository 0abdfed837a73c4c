# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Human alignment of saliency maps (§4.2, A.8, Table 2, Figure 3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, ClassVar, NamedTuple

import gin
import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.evaluation import benchmark, data_errors, page, paper_tables, pictures
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import (
    alignment,
    clickme,
    examples,
    human_maps,
    pair_folder,
    plots,
)
from vito_tf.evaluation.saliency import maps as maps_lib
from vito_tf.evaluation.saliency import pairs as pairs_lib

_HUMAN = "human"
_NOT_CLICKME = ", other images than ClickMe's"
_FIGURES = ("alignment", "alignment_low", "alignment_high", "spearman")


class _Batch(NamedTuple):
    names: list[str]
    images: np.ndarray
    human: np.ndarray
    labels: np.ndarray


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Saliency(benchmark.Benchmark):
    """Mean Spearman correlation of model maps with human ones, by that between people.

    Figures are `alignment` (Table 2, in [0, 1]), its bootstrap interval `alignment_low` and
    `alignment_high`, and `spearman`, of the first kind of maps; those of other kinds end with its
    name, such as `alignment_grad_cam`.

    Attributes:
      maps: kinds of model maps, of `maps.METHODS`, or `maps.AUTO`.
      image_size: S of pictures and maps; 224 in ClickMe's evaluation.
      batch_size: images a pass.
      examples: pictures for the report.
      resamples: of the bootstrap.
      seed: of the bootstrap and of the choice of examples.
    """

    maps: Sequence[str] = (maps_lib.AUTO,)
    image_size: int = 224
    batch_size: int = 32
    examples: int = 6
    resamples: int = 1000
    seed: int = 0

    NAME: ClassVar[str] = "saliency"
    TITLE: ClassVar[str] = "Alignment with human saliency"
    DATA: ClassVar[str] = f"Needs {clickme.LAYOUT}; or {pair_folder.LAYOUT}."

    def __post_init__(self):
        known = (*maps_lib.METHODS, maps_lib.AUTO)
        if not self.maps or isinstance(self.maps, str) or set(self.maps) - set(known):
            raise ValueError(f"Saliency.maps must name some of {known}, is {self.maps!r}.")
        for name in ("image_size", "batch_size", "examples", "resamples"):
            if getattr(self, name) < 1:
                raise ValueError(f"Saliency.{name} must be 1 or more, is {getattr(self, name)}.")

    def check(self, encoder: encoder_lib.Encoder) -> None:
        super().check(encoder)
        maps_lib.resolve(self.maps, encoder)

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        methods = maps_lib.resolve(self.maps, encoder)
        pairs = _find(data)
        left_out = list(pairs.unmatched)
        chosen = examples.Examples(self.examples, self.seed)
        items: list[dict[str, Any]] = []
        labels: list[int] = []
        compute = {method: _compiled(method, encoder, self.image_size) for method in methods}
        for batch in self._batches(pairs, left_out):
            given = tf.constant(batch.images), tf.constant(batch.labels)
            computed = {method: one(*given).numpy() for method, one in compute.items()}
            items += _compare(batch, computed, left_out, chosen)
            labels.extend(batch.labels)
        if not labels:
            raise data_errors.DataError(_nothing(data, left_out))
        return benchmark.Result(
            figures=self._figures(items, methods),
            items=items,
            details={
                "data_set": pairs.data_set,
                "methods": methods,
                "examples": chosen.save(context.folder),
            },
            left_out=left_out,
            partial=pairs.partial,
            notes=[*pairs.notes, *_score_notes(encoder, methods, labels.count(maps_lib.NO_LABEL))],
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        yield _beside_the_papers(finished)
        rows = []
        series = {}
        for name, one in finished.items():
            methods = one.result.details["methods"]
            for method in methods:
                title = f"{name} ({method})"
                own = [one.result.figures[_figure(figure, method, methods)] for figure in _FIGURES]
                values = _correlations(one.result.items, method)
                rows.append(page.Row((title, len(values), *own)))
                if values:
                    series[title] = values
        header = ("", "images", "alignment", "2.5 %", "97.5 %", "Spearman")
        caption = "Alignment: mean correlation (last) as a share of the agreement of people"
        yield page.Table(caption, header, rows, digits=3)
        yield page.Chart(
            plots.sheet(_sheet(finished)),
            "As Figure 3: pictures, where people clicked, and where each network looks",
        )
        if series:
            yield page.Chart(
                plots.histograms(series, alignment.HUMAN_CEILING, "agreement of people in ClickMe"),
                "Correlation of each image's maps",
            )

    def _batches(
        self, pairs: pairs_lib.Pairs, left_out: list[data_errors.LeftOut]
    ) -> Iterator[_Batch]:
        gathered: list[tuple[str, np.ndarray, np.ndarray, int]] = []
        read = progress.bar(pairs.read(), total=pairs.size, desc=self.NAME, unit="image")
        for pair in read:
            if isinstance(pair, data_errors.LeftOut):
                left_out.append(pair)
                continue
            human = human_maps.human_map(tf.constant(pair.heat_map), self.image_size).numpy()
            if human.min() == human.max():
                reason = f"nothing of the map is left at {human_maps.BLURRED_SIZE} pixels"
                left_out.append(data_errors.LeftOut(pair.name, reason))
                continue
            image = human_maps.view(tf.constant(pair.image), self.image_size).numpy()
            label = maps_lib.NO_LABEL if pair.label is None else pair.label
            gathered.append((pair.name, image, human, label))
            if len(gathered) == self.batch_size:
                yield _batch(gathered)
                gathered = []
        if gathered:
            yield _batch(gathered)

    def _figures(
        self, items: Sequence[Mapping[str, Any]], methods: Sequence[str]
    ) -> dict[str, float | None]:
        figures: dict[str, float | None] = {}
        for method in methods:
            values = _correlations(items, method)
            found: tuple[float | None, ...] = (None,) * len(_FIGURES)
            if values:
                found = alignment.of_images(np.array(values), self.resamples, self.seed)
            for name, value in zip(_FIGURES, found):
                figures[_figure(name, method, methods)] = value
        return figures


def _find(data: str) -> pairs_lib.Pairs:
    for kind in (clickme, pair_folder):
        if kind.is_one(data):
            return kind.find(data)
    raise data_errors.DataError(f"{data} has no pictures with human maps. {Saliency.DATA}")


def _compiled(
    method: str, encoder: encoder_lib.Encoder, size: int
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    def compute(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return maps_lib.compute(method, encoder, images, labels)

    return tf.function(compute, autograph=False).get_concrete_function(
        tf.TensorSpec([None, size, size, 3], tf.float32), tf.TensorSpec([None], tf.int64)
    )


def _batch(gathered: Sequence[tuple[str, np.ndarray, np.ndarray, int]]) -> _Batch:
    names, images, human, labels = zip(*gathered)
    return _Batch(list(names), np.stack(images), np.stack(human), np.array(labels, np.int64))


def _compare(
    batch: _Batch,
    computed: Mapping[str, np.ndarray],
    left_out: list[data_errors.LeftOut],
    chosen: examples.Examples,
) -> list[dict[str, Any]]:
    """Correlates maps, offers examples, and says which maps cannot be compared."""
    items: list[dict[str, Any]] = []
    correlations = {}
    for method, maps in computed.items():
        finite = np.isfinite(maps).all(axis=(1, 2))
        values = alignment.spearman(np.where(finite[:, None, None], maps, 0), batch.human)
        correlations[method] = values
        for name, value, is_finite in zip(batch.names, values, finite):
            if np.isnan(value):
                what = "is constant" if is_finite else "has values that are not finite"
                left_out.append(data_errors.LeftOut(name, f"its map by {method} {what}"))
            else:
                items.append({"name": name, "method": method, "spearman": float(value)})
    for row, name in enumerate(batch.names):
        usable = [method for method in computed if not np.isnan(correlations[method][row])]
        shown = {_HUMAN: batch.human[row], **{key: computed[key][row] for key in usable}}
        captions = {key: f"ρ = {correlations[key][row]:.2f}" for key in usable}
        chosen.offer(examples.Example(name, batch.images[row], shown, captions))
    return items


def _nothing(data: str, left_out: Sequence[data_errors.LeftOut]) -> str:
    first = f" (first: {left_out[0].name}: {left_out[0].reason})" if left_out else ""
    return f"{data}: no picture with a human map can be used{first}. {Saliency.DATA}"


def _score_notes(
    encoder: encoder_lib.Encoder, methods: Sequence[str], unlabelled: int
) -> Iterator[str]:
    if not set(methods) - {maps_lib.ATTENTION}:
        return
    if encoder_lib.LOGITS not in encoder.capabilities:
        yield "Without a classifier, gradients are of the squared norm of the features."
    elif unlabelled:
        yield f"{unlabelled} images have no label: gradients are of the highest logit."


def _figure(name: str, method: str, methods: Sequence[str]) -> str:
    return name if method == methods[0] else f"{name}_{method}"


def _correlations(items: Sequence[Mapping[str, Any]], method: str) -> list[float]:
    return [item["spearman"] for item in items if item["method"] == method]


def _beside_the_papers(finished: Mapping[str, benchmark.Finished]) -> page.Table:
    """Table 2 with our lines, which say so if their images are not ClickMe's."""
    shares = {}
    partial = set()
    for name, one in finished.items():
        result = one.result
        methods = result.details["methods"]
        is_clickme = result.details["data_set"] == clickme.NAME
        for method in methods:
            share = result.figures[_figure("alignment", method, methods)]
            title = f"{name} ({method}){'' if is_clickme else _NOT_CLICKME}"
            shares[title] = [page.percent(share)]
            if result.partial:
                partial.add(title)
    return paper_tables.SALIENCY.beside(shares, partial)


def _sheet(finished: Mapping[str, benchmark.Finished]) -> dict[str, list[plots.Cell]]:
    """Rows of Figure 3: pictures, human maps, and the maps of each encoder by each method."""
    known: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for one in finished.values():
        for example in one.result.details["examples"]:
            known.setdefault(example["name"], (one.folder, example))
    views = {name: examples.load(folder, one["image"]) for name, (folder, one) in known.items()}

    def over(folder: str, example: Mapping[str, Any] | None, title: str) -> plots.Cell:
        if example is None or title not in example["maps"]:
            return plots.Cell(None)
        mask = examples.load(folder, example["maps"][title])
        picture = pictures.overlay(views[example["name"]], mask)
        return plots.Cell(picture, example["captions"].get(title, ""))

    rows = {
        "image": [plots.Cell(view) for view in views.values()],
        _HUMAN: [over(folder, example, _HUMAN) for folder, example in known.values()],
    }
    for name, one in finished.items():
        own = {example["name"]: example for example in one.result.details["examples"]}
        for method in one.result.details["methods"]:
            rows[f"{name} ({method})"] = [over(one.folder, own.get(key), method) for key in known]
    return rows
