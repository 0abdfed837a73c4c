# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Benchmark `linear_probe`: a linear classifier on frozen features."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import gin
import numpy as np
from sklearn import metrics

from vito_tf import progress
from vito_tf.evaluation import benchmark, data_errors, page
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.representation import bootstrap, classifiers, labelled, probe_pictures

SWEEPS = ("l2", "learning_rate")
_FEWEST_CLASSES_FOR_TOP_5 = 10
_MOST_CLASSES_SHOWN = 30


@gin.configurable
@dataclasses.dataclass(frozen=True)
class LinearProbe(benchmark.Benchmark):
    """Multinomial logistic regression on features of central crops, which are computed once.

    One of two ways, either of which tries several settings on a part of the training images that
    it holds out, takes the most accurate one (of equals the first of its list) and trains again on
    all of them:

    *   `l2`: L-BFGS with an L2 penalty, `classifiers.logistic_scores`. The strengths are CLIP's
        (Radford et al. 2021, A.3): a coarse logarithmic list, then the intervals beside the best
        one are halved, up to 8 strengths a decade.
    *   `learning_rate`: `classifiers.Descent` with the paper's rates (A.6), which are BYOL's (C.1).
        Unlike theirs, training sees no random crops.

    The paper's own protocol for ImageNet is the experiment `vito_imagenet_linear`.

    Attributes:
      sweep: one of `SWEEPS`.
      strengths: of the penalty, from which to start. The strongest first.
      halvings: how often the intervals are halved.
      learning_rates: for 256 images a step.
      epochs: of gradient descent.
      batch_size: of gradient descent.
      held_out: share of each class's training images to choose the setting by, in (0, 1). Not used
        if there is a single setting.
      max_iterations: of L-BFGS.
      train: part of the data to learn from.
      val: part that is classified.
      resamples: of the bootstrap over the images of `val`.
      seed: of the bootstrap, of what is held out, and of the order of images in gradient descent.

    Raises:
      ValueError: a value is outside its range.
    """

    NAME: ClassVar[str] = "linear_probe"
    TITLE: ClassVar[str] = "Linear probe"
    DATA: ClassVar[str] = labelled.DATA

    sweep: str = "l2"
    strengths: Sequence[float] = (1e6, 1e4, 1e2, 1.0, 1e-2, 1e-4, 1e-6)
    halvings: int = 4
    learning_rates: Sequence[float] = (0.4, 0.3, 0.2, 0.1, 0.05)
    epochs: int = 80
    batch_size: int = 1024
    held_out: float = 0.2
    max_iterations: int = 1000
    train: str = "train"
    val: str = "val"
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        name = type(self).__name__
        if self.sweep not in SWEEPS:
            raise ValueError(f"{name}.sweep must be one of {SWEEPS}, got {self.sweep!r}.")
        for field in ("strengths", "learning_rates"):
            values = getattr(self, field)
            if not values or not all(0 < value < math.inf for value in values):
                raise ValueError(f"{name}.{field} must be numbers above 0, got {values}.")
        if self.train == self.val:
            raise ValueError(f"{name}.val must be another part than {name}.train = {self.train!r}.")
        if not 0 < self.held_out < 1:
            raise ValueError(f"{name}.held_out must be in (0, 1), got {self.held_out}.")
        for field in ("halvings", "epochs", "batch_size", "max_iterations", "resamples"):
            least = 0 if field == "halvings" else 1
            if getattr(self, field) < least:
                raise ValueError(f"{name}.{field} must be at least {least}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        sets = labelled.extract(encoder, data, (self.train, self.val), context.extractor)
        tried = self._sweep(sets, data)
        chosen = max(tried, key=tried.__getitem__)
        scores = self._scores(
            sets.train.values, sets.train.labels, sets.val.values, len(sets.class_names), [chosen]
        )[0]
        correct = {"top_1": classifiers.correct(scores.values, sets.val.labels)}
        if len(sets.class_names) >= _FEWEST_CLASSES_FOR_TOP_5:
            correct["top_5"] = classifiers.correct(scores.values, sets.val.labels, k=5)
        figures: dict[str, float | None] = {}
        for name, right in correct.items():
            interval = bootstrap.mean_interval(right, self.seed, self.resamples)
            figures[name] = float(right.mean())
            figures[f"{name}_low"], figures[f"{name}_high"] = interval
        return benchmark.Result(
            figures,
            labelled.by_class(sets.val.labels, sets.class_names, correct),
            self._details(sets, tried, chosen, scores),
            sets.left_out,
            notes=[*sets.notes, *self._notes(tried, chosen, scores)],
        )

    def _sweep(self, sets: labelled.Labelled, data: str) -> dict[float, float]:
        """Accuracy on what is held out by setting; 0 if there is no choice."""
        field = "strengths" if self.sweep == "l2" else "learning_rates"
        settings = getattr(self, field)
        if len(settings) == 1:
            return {float(settings[0]): 0.0}
        features, labels = sets.train.values, sets.train.labels
        held = held_out(labels, self.held_out, self.seed)
        if not held.any():
            raise data_errors.DataError(
                f"{data}: {self.train} has too few images of each class to hold "
                f"{self.held_out:.0%} of them out. Give more, or one value of LinearProbe.{field}."
            )

        def tried(values: Sequence[float]) -> dict[float, float]:
            found = self._scores(
                features[~held], labels[~held], features[held], len(sets.class_names), values
            )
            right = [classifiers.correct(scores.values, labels[held]).mean() for scores in found]
            return {float(value): float(share) for value, share in zip(values, right)}

        accuracies = tried(settings)
        for _ in range(self.halvings if self.sweep == "l2" else 0):
            accuracies.update(tried(midpoints(accuracies)))
        return accuracies

    def _scores(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        queries: np.ndarray,
        num_classes: int,
        settings: Sequence[float],
    ) -> list[classifiers.Scores]:
        if self.sweep == "learning_rate":
            descent = classifiers.Descent(self.epochs, self.batch_size, seed=self.seed)
            return descent.scores(features, labels, queries, num_classes, settings)
        return [
            classifiers.logistic_scores(
                features, labels, queries, num_classes, strength, self.max_iterations
            )
            for strength in progress.bar(settings, desc="Logistic regressions", unit="fit")
        ]

    def _details(
        self,
        sets: labelled.Labelled,
        tried: Mapping[float, float],
        chosen: float,
        scores: classifiers.Scores,
    ) -> dict[str, object]:
        details: dict[str, object] = {
            "sweep": self.sweep,
            "chosen": chosen,
            "tried": [list(one) for one in sorted(tried.items())] if len(tried) > 1 else [],
            "train_images": len(sets.train.values),
            "val_images": len(sets.val.values),
            "classes": len(sets.class_names),
        }
        count = len(sets.class_names)
        if count <= _MOST_CLASSES_SHOWN:
            answers = np.argmax(scores.values, axis=1)
            table = metrics.confusion_matrix(sets.val.labels, answers, labels=range(count))
            details["confusion"] = {"classes": list(sets.class_names), "counts": table.tolist()}
        return details

    def _notes(
        self, tried: Mapping[float, float], chosen: float, scores: classifiers.Scores
    ) -> list[str]:
        notes = []
        if not scores.converged:
            notes.append(
                f"Training did not converge (LinearProbe.max_iterations = {self.max_iterations})."
                if self.sweep == "l2"
                else f"Training diverged at learning rate {chosen:g}."
            )
        if len(tried) > 1 and chosen in (min(tried), max(tried)):
            notes.append(f"The chosen setting, {chosen:g}, is at the end of what was tried.")
        return notes

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = {name: one.result for name, one in finished.items()}
        yield page.Text(
            "Accuracy in % of multinomial logistic regression on frozen features of central crops, "
            "with the bootstrap's interval of 95 %. The setting was chosen on training images that "
            "were held out. The paper's linear classifiers on ImageNet are trained otherwise "
            "(A.6), so their figures are not put beside these."
        )
        header = ("", "training images", "images", "classes", "setting", "top-1", "95 %", "top-5")
        rows = []
        for name, result in results.items():
            details = result.details
            kind = "λ" if details["sweep"] == "l2" else "rate"
            sizes = [details[key] for key in ("train_images", "val_images", "classes")]
            percent = [labelled.in_percent(result.figures, key) for key in ("top_1", "top_5")]
            interval = labelled.interval_in_percent(result.figures, "top_1")
            chosen = f"{kind} {details['chosen']:.3g}"
            rows.append(page.Row((name, *sizes, chosen, percent[0], interval, percent[1])))
        yield page.Table("Accuracy of linear probes in %", header, rows)
        yield from probe_pictures.sweeps(results)
        yield from probe_pictures.confusions(results)


def held_out(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Chooses images by chance, as many of each class as its share, rounded down.

    Args:
      labels: [N].
      share: in (0, 1).
      seed: of the choice.

    Returns:
      Bool [N].
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[: int(share * len(members))]] = True
    return chosen


def midpoints(accuracies: Mapping[float, float]) -> list[float]:
    """Geometric means of the best setting, of equals the first, and its neighbours."""
    settings = sorted(accuracies)
    best = settings.index(max(accuracies, key=accuracies.__getitem__))
    beside = [settings[place] for place in (best + 1, best - 1) if 0 <= place < len(settings)]
    return [math.sqrt(settings[best] * setting) for setting in beside]
