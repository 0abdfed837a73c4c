# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Weighted kNN against a slow transcription."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation import nearest_neighbours


def _slow_knn(bank, labels, queries, num_classes, k, temperature):
    predictions = []
    for query in queries.astype(np.float64):
        cosines = [v @ query / np.linalg.norm(v) / np.linalg.norm(query) for v in bank]
        votes = np.zeros(num_classes)
        for neighbour in np.argsort(cosines)[::-1][:k]:
            votes[labels[neighbour]] += np.exp(cosines[neighbour] / temperature)
        predictions.append(votes.argmax())
    return predictions


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.07), (5, 0.07), (20, 1.0), (1000, 0.5)])
def test_equals_the_definition(k, temperature):
    rng = np.random.default_rng(k)
    bank, queries = rng.normal(size=[60, 7]), rng.normal(size=[40, 7])
    labels = rng.integers(0, 4, 60)
    predictions = nearest_neighbours.knn_predictions(
        tf.constant(bank), tf.constant(labels), tf.constant(queries), 4, k, temperature
    )
    np.testing.assert_array_equal(predictions, _slow_knn(bank, labels, queries, 4, k, temperature))


def test_weights_decide_over_numbers():
    """One very near neighbour outvotes two that are far, unless the temperature is high."""
    bank = tf.constant([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    query = tf.constant([[1.0, 0.05]])
    for temperature, expected in ((0.07, 0), (100.0, 1)):
        prediction = nearest_neighbours.knn_predictions(
            bank, tf.constant([0, 1, 1]), query, 2, k=3, temperature=temperature
        )
        assert int(prediction[0]) == expected


def test_blocks_of_the_bank_make_no_difference(monkeypatch):
    """Of equal vectors the first comes first, in whatever block it is."""
    rng = np.random.default_rng(0)
    bank = np.repeat(rng.normal(size=[15, 5]), 2, axis=0)
    queries = rng.normal(size=[9, 5])
    cosines = queries @ bank.T / np.linalg.norm(bank, axis=1)
    cosines /= np.linalg.norm(queries, axis=1, keepdims=True)
    order = np.argsort(-np.round(cosines, 9), axis=1, kind="stable")
    for block in (4, 7, 1000):
        monkeypatch.setattr(nearest_neighbours, "_BLOCK", block)
        for k in (1, 6, 40):
            found = nearest_neighbours.nearest(bank, queries, k)
            np.testing.assert_array_equal(found.indices, order[:, :k])
            expected = np.take_along_axis(cosines, order[:, :k], axis=1)
            np.testing.assert_allclose(found.cosines, expected, atol=1e-6)
