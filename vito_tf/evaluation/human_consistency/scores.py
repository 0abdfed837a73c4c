# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""One data set: an encoder beside the humans, as figures that can be written as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vito_tf.evaluation.human_consistency import data_sets, metrics, responses


def score(
    decisions: np.ndarray, humans: responses.Responses, data_set: data_sets.DataSet
) -> dict[str, Any] | None:
    """Compares an encoder with each human, and the humans with each other, on the same images.

    Args:
      decisions: int64 [N], the encoder's, as numbers of categories.
      humans: responses to these N images, in the same order.
      data_set: says which conditions count.

    Returns:
      'encoder', the mean of `metrics.Comparison` over conditions, then humans, as a dictionary;
      'humans', the same over pairs of humans, None without a pair; 'accuracy' and
      'human_accuracy', means over conditions (then humans); 'conditions', see `_condition`. None
      if there is no image of a condition that counts.
    """
    counted = [one for one in data_set.conditions if data_set.counts(one)]
    answers = humans.answers()
    own = metrics.Answers(decisions == humans.categories, np.ones(len(decisions), bool))
    against = [metrics.by_condition(own, human, humans.conditions) for human in answers]
    among = [
        metrics.by_condition(first, second, humans.conditions)
        for first, second in itertools.combinations(answers, 2)
    ]
    encoder = metrics.average(against, counted)
    if encoder is None:
        return None
    between = metrics.average(among, counted)
    present = [one for one in data_set.conditions if one in set(humans.conditions)]
    rows = [_condition(one, data_set, own, humans, against, among) for one in present]
    used = [row for row in rows if row["counts"]]
    return {
        "encoder": encoder._asdict(),
        "humans": None if between is None else between._asdict(),
        "accuracy": _mean([row["accuracy"] for row in used]),
        "human_accuracy": _mean([row["human_accuracy"]["mean"] for row in used]),
        "conditions": rows,
    }


def _condition(
    condition: str,
    data_set: data_sets.DataSet,
    own: metrics.Answers,
    humans: responses.Responses,
    against: Sequence[Mapping[str, metrics.Comparison]],
    among: Sequence[Mapping[str, metrics.Comparison]],
) -> dict[str, Any]:
    """Accuracies and error consistencies in a condition; of humans and pairs mean, low and high."""
    here = np.asarray(humans.conditions) == condition
    accuracies = [
        float(one.correct[here & one.shown].mean())
        for one in humans.answers()
        if (here & one.shown).any()
    ]
    kappas = [pair[condition].error_consistency for pair in against if condition in pair]
    between = [pair[condition].error_consistency for pair in among if condition in pair]
    return {
        "condition": condition,
        "counts": data_set.counts(condition),
        "images": int(here.sum()),
        "accuracy": float(own.correct[here].mean()),
        "human_accuracy": _spread(accuracies),
        "error_consistency": _mean(kappas),
        "human_error_consistency": _spread(between) if between else None,
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"mean": _mean(values), "low": min(values), "high": max(values)}
