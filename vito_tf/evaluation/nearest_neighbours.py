# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Weighted nearest-neighbour classification of frozen features."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

_BLOCK = 16384


class Neighbours(NamedTuple):
    """The most similar vectors of a bank, the nearest first; of equal ones, the first in the bank.

    Attributes:
      cosines: [M, k] float32.
      indices: [M, k] int32, into the bank.
    """

    cosines: tf.Tensor
    indices: tf.Tensor


def nearest(bank: tf.Tensor, queries: tf.Tensor, k: int) -> Neighbours:
    """Finds the k vectors of highest cosine.

    The bank is gone through in blocks, so that of N x M cosines only a part is ever held.

    Args:
      bank: [N, D], a tensor or an array.
      queries: [M, D].
      k: neighbours; no more than N are given.
    """
    queries = tf.math.l2_normalize(tf.cast(queries, tf.float32), axis=-1)
    cosines = tf.zeros([queries.shape[0], 0], tf.float32)
    indices = tf.zeros([queries.shape[0], 0], tf.int32)
    for start in range(0, bank.shape[0], _BLOCK):
        block = tf.math.l2_normalize(tf.cast(bank[start : start + _BLOCK], tf.float32), axis=-1)
        block_cosines, places = tf.math.top_k(
            tf.matmul(queries, block, transpose_b=True), k=min(k, block.shape[0])
        )
        cosines = tf.concat([cosines, block_cosines], axis=1)
        indices = tf.concat([indices, start + places], axis=1)
        cosines, places = tf.math.top_k(cosines, k=min(k, cosines.shape[1]))
        indices = tf.gather(indices, places, batch_dims=1)
    return Neighbours(cosines, indices)


def vote(
    neighbours: Neighbours, bank_labels: tf.Tensor, num_classes: int, temperature: float = 0.07
) -> tf.Tensor:
    """Each neighbour votes for its class with weight exp(cosine / temperature).

    Args:
      neighbours: of M queries.
      bank_labels: int [N], in [0, num_classes).
      num_classes: C.
      temperature: of the weights.

    Returns:
      int64 [M] classes; a tie goes to the lower one.
    """
    cosines, indices = neighbours
    # The largest cosine is taken out first: equal shares, and no overflow at low temperatures.
    weights = tf.exp((cosines - cosines[:, :1]) / temperature)
    votes = tf.math.bincount(
        tf.cast(tf.gather(bank_labels, indices), tf.int32),
        weights=weights,
        minlength=num_classes,
        maxlength=num_classes,
        axis=-1,
    )
    return tf.argmax(votes, axis=-1)


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
      bank: [N, D] features of known class.
      bank_labels: int [N], their classes, in [0, num_classes).
      queries: [M, D].
      num_classes: C.
      k: neighbours; no more than N are used.
      temperature: of the weights.

    Returns:
      int64 [M] classes; a tie goes to the lower one.
    """
    return vote(nearest(bank, queries, k), bank_labels, num_classes, temperature)
