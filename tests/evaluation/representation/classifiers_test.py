# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Linear classifiers against slow transcriptions and an independent optimiser."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special

from vito_tf.evaluation.representation import classifiers


def _problem(num_classes=3, count=40, dimensions=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % num_classes
    centres = rng.normal(size=[num_classes, dimensions])
    features = centres[labels] + rng.normal(size=[count, dimensions])
    return features.astype(np.float32) * 3 + 5, labels


def test_correct_counts_the_first_k():
    scores = np.array([[0.1, 0.5, 0.4], [3.0, 3.0, 1.0], [-np.inf, 0, -np.inf]])
    labels = np.array([2, 1, 2])
    np.testing.assert_array_equal(classifiers.correct(scores, labels), [False, False, False])
    np.testing.assert_array_equal(classifiers.correct(scores, labels, k=2), [True, True, False])
    np.testing.assert_array_equal(
        classifiers.correct(scores, np.array([1, 0, 1])), [True, True, True]
    )


@pytest.mark.parametrize("strength", [0.1, 30.0])
def test_logistic_regression_is_the_minimum_of_the_objective(strength):
    """Another optimiser and the objective, written out, give the same probabilities."""
    features, labels = _problem()
    inputs = features.astype(np.float64)
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)

    def objective(parameters):
        weights, bias = parameters[:12].reshape(4, 3), parameters[12:]
        logits = inputs @ weights + bias
        losses = scipy.special.logsumexp(logits, axis=1) - logits[np.arange(40), labels]
        return losses.sum() + strength / 2 * (weights**2).sum()

    best = scipy.optimize.minimize(objective, np.zeros(15), options={"gtol": 1e-7}).x
    expected = scipy.special.softmax(inputs @ best[:12].reshape(4, 3) + best[12:], axis=1)
    scores = classifiers.logistic_scores(features, labels, features, 3, strength)
    assert scores.converged
    found = scipy.special.softmax(scores.values, axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_the_scores_of_two_classes_differ_by_the_log_odds():
    """The objective's gradient vanishes: X' (p - y) + strength w = 0."""
    features, labels = _problem(num_classes=2)
    inputs = features.astype(np.float64)
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    values = classifiers.logistic_scores(features, labels, features, 2, 3.0).values
    odds = values[:, 1] - values[:, 0]
    weights = np.linalg.lstsq(np.c_[inputs, np.ones(40)], odds, rcond=None)[0][:-1]
    errors = scipy.special.expit(odds) - labels
    np.testing.assert_allclose(inputs.T @ errors + 3 * weights, 0, atol=0.02)
    assert np.abs(weights).max() > 0.3


def test_classes_without_training_images_are_never_the_answer():
    features, labels = _problem(num_classes=2)
    scores = classifiers.logistic_scores(features, 1 + 2 * labels, features, 5, 1.0)
    assert scores.values.shape == (40, 5)
    np.testing.assert_array_equal(np.isinf(scores.values).all(axis=0), [1, 0, 1, 0, 1])
    assert classifiers.correct(scores.values, 1 + 2 * labels).mean() > 0.7


def test_a_dimension_without_variation_is_no_obstacle():
    features, labels = _problem()
    features[:, 1] = 2
    assert np.isfinite(classifiers.logistic_scores(features, labels, features, 3, 1).values).all()


def test_says_when_it_does_not_converge():
    features, labels = _problem()
    scores = classifiers.logistic_scores(features, labels, features, 3, 1e-6, max_iterations=2)
    assert not scores.converged


def _slow_descent(features, labels, num_classes, rate, descent):
    """Plain loops in float64: BYOL's momentum, which has no rate in it."""
    rng = np.random.default_rng(descent.seed)
    count, dimensions = features.shape
    batch = min(descent.batch_size, count)
    steps = count // batch
    weights = [[0.0] * num_classes for _ in range(dimensions + 1)]
    velocity = [[0.0] * num_classes for _ in range(dimensions + 1)]
    for epoch in range(descent.epochs):
        order = rng.permutation(count)
        for step in range(steps):
            gradient = [[0.0] * num_classes for _ in range(dimensions + 1)]
            for row in order[step * batch : (step + 1) * batch]:
                x = [*map(float, features[row]), 1.0]
                logits = [
                    sum(x[d] * weights[d][c] for d in range(dimensions + 1))
                    for c in range(num_classes)
                ]
                total = sum(math.exp(logit) for logit in logits)
                for c in range(num_classes):
                    error = math.exp(logits[c]) / total - (c == labels[row])
                    for d in range(dimensions + 1):
                        gradient[d][c] += x[d] * error / batch
            share = (epoch * steps + step) / (descent.epochs * steps)
            now = rate * batch / 256 * (1 + math.cos(math.pi * share)) / 2
            for d in range(dimensions + 1):
                for c in range(num_classes):
                    velocity[d][c] = 0.9 * velocity[d][c] + gradient[d][c]
                    weights[d][c] -= now * (0.9 * velocity[d][c] + gradient[d][c])
    return features @ np.array(weights[:-1]) + weights[-1]


def test_descent_equals_the_transcription():
    features, labels = _problem()
    descent = classifiers.Descent(epochs=5, batch_size=16, seed=3)
    for rate, scores in zip(
        (0.4, 0.05), descent.scores(features, labels, features, 3, (0.4, 0.05))
    ):
        expected = _slow_descent(features, labels, 3, rate, descent)
        np.testing.assert_allclose(scores.values, expected, rtol=1e-3, atol=1e-3)
        assert scores.converged


def test_descent_learns_with_batches_larger_than_the_data():
    features, labels = _problem()
    (scores,) = classifiers.Descent(epochs=300).scores(features, labels, features, 3, [0.4])
    assert classifiers.correct(scores.values, labels).mean() > 0.7


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_descent_says_when_it_diverges():
    features, labels = _problem()
    descent = classifiers.Descent(epochs=20, batch_size=8)
    good, bad = descent.scores(features * 1e30, labels, features, 3, [1e-12, 1e30])
    assert not bad.converged
    assert np.isfinite(bad.values).all()
    assert good.values.shape == bad.values.shape
