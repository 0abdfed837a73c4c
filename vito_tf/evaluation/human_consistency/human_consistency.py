# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Human error consistency on stimuli that only shapes tell apart (§4.2, A.9, Table 3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gin
import numpy as np

from vito_tf.evaluation import benchmark, data_errors, page, paper_tables
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.human_consistency import (
    data_sets,
    metrics,
    plots,
    responses,
    scores,
    sixteen_classes,
    stimuli,
)

_COMPARED = ("accuracy_difference", "observed_consistency", "error_consistency")
_RATIO_OF_MEANS = "ceiled_error_consistency_ratio_of_means"
_MEAN_OF_RATIOS = "ceiled_error_consistency_mean_of_ratios"
_NOTES = (
    "Accuracy differences are squared, as model-vs-human has them.",
    "The paper does not say how error consistency is ceiled by the humans' own: the ratio of both "
    "means over data sets and the mean of the data sets' ratios are both given.",
)
_NOISE = "The paper writes 'uniform gaussian noise'; the noise of these stimuli is uniform."


@dataclasses.dataclass
class _Part:
    """What was found of one data set."""

    name: str
    score: dict[str, Any] | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    left_out: list[data_errors.LeftOut] = dataclasses.field(default_factory=list)
    partial: list[str] = dataclasses.field(default_factory=list)
    notes: Sequence[str] = ()

    def missing(self, reason: str) -> _Part:
        """Says why there is no score."""
        self.left_out.append(data_errors.LeftOut(self.name, reason))
        self.partial.append(f"{self.name} is missing")
        return self


@gin.configurable
@dataclasses.dataclass(frozen=True)
class HumanConsistency(benchmark.Benchmark):
    """Accuracy difference, observed and error consistency with humans, as model-vs-human has them.

    Means are over conditions, then humans, then data sets. Humans are compared on the images that
    the encoder could be shown, among themselves as well.

    Attributes:
      data_sets: names of data sets; the paper's four by default (A.9).
    """

    NAME = "human_consistency"
    TITLE = "Human error consistency"
    DATA = data_sets.DATA
    REQUIRES = (encoder_lib.LOGITS,)

    data_sets: tuple[str, ...] = tuple(data_sets.ALL)

    def __post_init__(self):
        known = ", ".join(data_sets.ALL)
        chosen = list(self.data_sets)
        if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(data_sets.ALL):
            raise ValueError(f"HumanConsistency.data_sets must be some of {known}, not {chosen}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        parts = [_part(data_sets.ALL[name], encoder, data, context) for name in self.data_sets]
        left_out = [one for part in parts for one in part.left_out]
        found = {part.name: part.score for part in parts if part.score is not None}
        if not found:
            reasons = "; ".join(f"{one.name}: {one.left_out[-1].reason}" for one in parts)
            raise data_errors.DataError(
                f"{data} has no data set that can be used ({reasons}). {self.DATA}"
            )
        notes = [*_NOTES, *([_NOISE] if data_sets.UNIFORM_NOISE.name in found else [])]
        return benchmark.Result(
            _figures(found),
            [row for part in parts for row in part.rows],
            {"data_sets": found},
            left_out,
            "; ".join(text for part in parts for text in part.partial),
            list(dict.fromkeys([*notes, *(note for part in parts for note in part.notes)])),
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        details = {name: one.result.details["data_sets"] for name, one in finished.items()}
        yield _beside_paper({name: one.result for name, one in finished.items()})
        yield _table(details)
        yield page.Chart(
            plots.conditions(details),
            "Accuracy, and error consistency with humans, by condition. Grey: humans, mean and "
            "range (of error consistency, over pairs of humans); hollow: conditions that no figure "
            "counts.",
        )


def _part(
    data_set: data_sets.DataSet,
    encoder: encoder_lib.Encoder,
    data: str,
    context: benchmark.Context,
) -> _Part:
    part = _Part(data_set.name)
    shown, answered = data_set.stimuli_folder(data), data_set.responses_folder(data)
    if shown is None or answered is None:
        lacking = "stimuli" if shown is None else "humans' responses"
        return part.missing(f"there is no folder of its {lacking} in {data}")
    humans, repeated = responses.read(answered, data_set)
    decided = stimuli.decide(encoder, shown, data_set, context.extractor)
    part.left_out += [*repeated, *decided.left_out]
    part.notes = decided.notes
    joined, kept = _join(decided, humans, part)
    part.score = scores.score(decided.decisions[kept], joined, data_set) if kept else None
    if part.score is None:
        return part.missing("no usable stimulus is one that humans saw in a condition that counts")
    part.partial += [text for text in (decided.partial, _incomplete(joined, data_set)) if text]
    part.rows = [_row(data_set, decided.stimuli[index], decided.decisions[index]) for index in kept]
    return part


def _join(
    decided: stimuli.Decided, humans: responses.Responses, part: _Part
) -> tuple[responses.Responses, list[int]]:
    """Responses to the stimuli that humans saw, and the indices of these stimuli."""
    places = humans.indices()
    kept, columns = [], []
    for index, one in enumerate(decided.stimuli):
        place = places.get((one.condition, one.image_id))
        if place is None:
            reason = "no human saw it"
        elif humans.categories[place] != one.category:
            reason = "the humans' CSV files name another category"
        else:
            kept.append(index)
            columns.append(place)
            continue
        part.left_out.append(data_errors.LeftOut(f"{part.name}/{one.name}", reason))
    alone = len(places) - len(columns)
    if alone:
        reason = "humans saw them, but there is no usable stimulus"
        part.left_out.append(data_errors.LeftOut(f"{part.name}: {alone} images", reason))
    return humans.of_images(columns), kept


def _incomplete(humans: responses.Responses, data_set: data_sets.DataSet) -> str:
    """Which of the published humans' responses to these images are missing, in words."""
    present = len(humans.subjects)
    texts = [f"{present} of {data_set.humans} humans"] if present < data_set.humans else []
    for subject, choices in zip(humans.subjects, humans.choices):
        seen = int((choices != responses.NOT_SHOWN).sum())
        if seen < len(choices):
            texts.append(f"{subject} saw {seen} of {len(choices)} images")
    return f"{data_set.name}: {', '.join(texts)}" if texts else ""


def _row(
    data_set: data_sets.DataSet, stimulus: stimuli.Stimulus, decision: np.int64
) -> dict[str, Any]:
    names = sixteen_classes.names()
    return {
        "dataset": data_set.name,
        "condition": stimulus.condition,
        "name": stimulus.name,
        "category": names[stimulus.category],
        "decision": names[decision],
        "correct": bool(decision == stimulus.category),
        "counts": data_set.counts(stimulus.condition),
    }


def _figures(found: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    raw = [one["encoder"]["error_consistency"] for one in found.values()]
    ceilings = [_ceiling(one) for one in found.values()]
    figures: dict[str, float | None] = {
        name: float(np.mean([one["encoder"][name] for one in found.values()])) for name in _COMPARED
    }
    figures[_RATIO_OF_MEANS] = metrics.ratio_of_means(raw, ceilings)
    figures[_MEAN_OF_RATIOS] = metrics.mean_of_ratios(raw, ceilings)
    figures["accuracy"] = float(np.mean([one["accuracy"] for one in found.values()]))
    for data_set, one in found.items():
        figures[f"{data_set}_accuracy"] = one["accuracy"]
        for name in _COMPARED:
            figures[f"{data_set}_{name}"] = one["encoder"][name]
        figures[f"{data_set}_ceiled_error_consistency"] = metrics.mean_of_ratios(
            [one["encoder"]["error_consistency"]], [_ceiling(one)]
        )
    return figures


def _ceiling(score: Mapping[str, Any]) -> float | None:
    return None if score["humans"] is None else score["humans"]["error_consistency"]


def _beside_paper(results: Mapping[str, benchmark.Result]) -> page.Table:
    """Table 3 with two lines for each encoder, one for each ceiled score, and one of the humans."""
    lines: dict[str, list[float | None]] = {}
    partial: set[str] = set()

    def add(name: str, values: list[float | None], result: benchmark.Result) -> None:
        lines[name] = values
        if result.partial:
            partial.add(name)

    for name, result in results.items():
        compared = [result.figures[key] for key in _COMPARED[:2]]
        for way, figure in (
            ("ratio of means", _RATIO_OF_MEANS),
            ("mean of ratios", _MEAN_OF_RATIOS),
        ):
            add(f"{name}, ceiled by {way}", [*compared, result.figures[figure]], result)
    for result in results.values():
        pairs = [score["humans"] for score in result.details["data_sets"].values()]
        if None not in pairs:
            means = [float(np.mean([pair[key] for pair in pairs])) for key in _COMPARED[:2]]
            add(f"{plots.HUMANS} among themselves", [*means, 1.0], result)
            break
    return paper_tables.HUMAN_CONSISTENCY.beside(lines, partial)


def _table(details: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> page.Table:
    rows = []
    for data_set in data_sets.ALL:
        scored = {name: one[data_set] for name, one in details.items() if data_set in one}
        for name, score in scored.items():
            compared = [score["encoder"][key] for key in metrics.Comparison._fields]
            ceiled = metrics.mean_of_ratios([compared[-1]], [_ceiling(score)])
            rows.append(page.Row([data_set, name, score["accuracy"], *compared, ceiled]))
        for score in list(scored.values())[:1]:
            pair = score["humans"] or dict.fromkeys(metrics.Comparison._fields)
            compared = [pair[key] for key in metrics.Comparison._fields]
            ceiled = None if score["humans"] is None else 1.0
            rows.append(
                page.Row([data_set, plots.HUMANS, score["human_accuracy"], *compared, ceiled])
            )
    header = ("", "", "accuracy", "accuracy diff. ↓", "obs. consistency ↑", "expected", "kappa ↑")
    return page.Table(
        "By data set; humans: accuracy, and pairs of them compared on the same images",
        (*header, "ceiled ↑"),
        rows,
        digits=4,
    )
