# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Linear classifiers of features that are computed once and held in memory."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.special
from sklearn import exceptions, linear_model, preprocessing

from vito_tf import progress

_REFERENCE_BATCH = 256


class Scores(NamedTuple):
    """What a classifier says of M images.

    Attributes:
      values: [M, C]; the class of the highest is the answer, the lower one of equals.
      converged: whether training came to its end.
    """

    values: np.ndarray
    converged: bool


def correct(scores: np.ndarray, labels: np.ndarray, k: int = 1) -> np.ndarray:
    """Which images have their class among the k of highest score.

    Args:
      scores: [M, C]; of equal ones the lower class counts as higher, and -inf never counts.
      labels: int [M].
      k: how many answers an image has.

    Returns:
      Bool [M].
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = (best == labels[:, None]).any(axis=1)
    return found & np.isfinite(scores[np.arange(len(labels)), labels])


def logistic_scores(
    features: np.ndarray,
    labels: np.ndarray,
    queries: np.ndarray,
    num_classes: int,
    strength: float,
    max_iterations: int = 1000,
) -> Scores:
    """Multinomial logistic regression with an L2 penalty, by L-BFGS (scikit-learn).

    It minimises the sum of the images' cross-entropies plus strength / 2 times the squared norm of
    the weights. Features are standardised with the training images' mean and standard deviation,
    so that a strength means much the same for encoders whose features differ in scale.

    Args:
      features: float32 [N, D].
      labels: [N], two classes at least.
      queries: float32 [M, D], to be scored.
      num_classes: C; the scores of classes without training images are -inf.
      strength: of the penalty, > 0.
      max_iterations: of L-BFGS.
    """
    scaler = preprocessing.StandardScaler().fit(features)
    model = linear_model.LogisticRegression(C=1 / strength, max_iter=max_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        model.fit(scaler.transform(features), labels)
    values = model.decision_function(scaler.transform(queries))
    if values.ndim == 1:
        values = np.stack([np.zeros_like(values), values], axis=1)
    scores = np.full([len(queries), num_classes], -np.inf)
    scores[:, model.classes_] = values
    return Scores(scores, bool(np.max(model.n_iter_) < max_iterations))


@dataclasses.dataclass(frozen=True)
class Descent:
    """Stochastic gradient descent as BYOL trains its linear classifiers (C.1; A.6).

    Nesterov's momentum, a rate that falls to 0 along a cosine, no weight decay, features as they
    are. Weights start from 0, as nothing depends on where: the problem is convex (our choice).

    Attributes:
      epochs: passes over the features.
      batch_size: images a step; no more than there are. The rate is that of 256 images.
      momentum: Nesterov's.
      seed: of the order of the images, another in every epoch; a last incomplete batch is dropped.
    """

    epochs: int = 80
    batch_size: int = 1024
    momentum: float = 0.9
    seed: int = 0

    def scores(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        queries: np.ndarray,
        num_classes: int,
        rates: Sequence[float],
    ) -> list[Scores]:
        """Trains a classifier with each base learning rate, all of them on the same batches.

        Args:
          features: float32 [N, D].
          labels: [N].
          queries: float32 [M, D], to be scored.
          num_classes: C.
          rates: base learning rates, > 0.
        """
        targets = np.eye(num_classes, dtype=np.float32)
        weights = np.zeros([len(rates), features.shape[1] + 1, num_classes], np.float32)
        velocity = np.zeros_like(weights)
        batch = min(self.batch_size, len(features))
        base = np.asarray(rates, np.float32)[:, None, None] * (batch / _REFERENCE_BATCH)
        steps = len(features) // batch
        rng = np.random.default_rng(self.seed)
        for epoch in progress.bar(range(self.epochs), desc="Linear classifiers", unit="epoch"):
            order = rng.permutation(len(features))
            for step in range(steps):
                rows = order[step * batch : (step + 1) * batch]
                inputs = np.pad(features[rows], ((0, 0), (0, 1)), constant_values=1)
                errors = scipy.special.softmax(inputs @ weights, axis=-1) - targets[labels[rows]]
                gradient = inputs.T @ errors / np.float32(batch)
                done = (epoch * steps + step) / (self.epochs * steps)
                rate = base * np.float32((1 + math.cos(math.pi * done)) / 2)
                velocity = self.momentum * velocity + gradient
                weights -= rate * (self.momentum * velocity + gradient)
        finite = np.isfinite(weights).all(axis=(1, 2))
        values = np.nan_to_num(queries @ weights[:, :-1] + weights[:, -1:])
        return [Scores(one, bool(fine)) for one, fine in zip(values, finite)]
