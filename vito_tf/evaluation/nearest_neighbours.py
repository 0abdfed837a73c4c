# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Weighted nearest-neighbour classification of frozen features."""

from __future__ import annotations

import tensorflow as tf


def knn_predictions(
    bank: tf.Tensor,
    bank_labels: tf.Tensor,
    queries: tf.Tensor,
    num_classes: int,
    k: int = 20,
    temperature: float = 0.07,
) -> tf.Tensor:
    """Classifies by the k most similar vectors, each voting with weight exp(cosine / temperature).

    The rule of Wu et al. (2018, instance discrimination), with DINO's k and temperature.

    Args:
      bank: [N, D] features of known class; bank_labels: int [N].
      bank_labels: their classes, in [0, num_classes).
      queries: [M, D].
      num_classes: C.
      k: neighbours; no more than N are used.
      temperature: of the weights.

    Returns:
      int64 [M] classes; a tie goes to the lower one.
    """
    bank = tf.math.l2_normalize(tf.cast(bank, tf.float32), axis=-1)
    queries = tf.math.l2_normalize(tf.cast(queries, tf.float32), axis=-1)
    cosines, neighbours = tf.math.top_k(
        tf.matmul(queries, bank, transpose_b=True), k=min(k, bank.shape[0])
    )
    # The largest cosine is taken out first: equal shares, and no overflow at low temperatures.
    weights = tf.exp((cosines - cosines[:, :1]) / temperature)
    votes = tf.one_hot(tf.gather(bank_labels, neighbours), num_classes) * weights[:, :, None]
    return tf.argmax(tf.reduce_sum(votes, axis=1), axis=-1)
