# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Evaluation on every image in batches that are all full: the last one ends in images of no class.

A batch of fewer images would leave replicas without any, which convolutions do not take, and have
another shape, for which accelerators compile anew.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

NO_CLASS = -1


def padded_batches(
    dataset: tf.data.Dataset,
    batch_size: int,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Batches images and labels, adding black images of `NO_CLASS` so that all replicas get some.

    Args:
      dataset: of images [S, S, 3] and labels, int32.
      batch_size: of all replicas together.
      input_context: of a distribution strategy.
    """
    image, label = dataset.element_spec
    filler = (tf.zeros(image.shape, image.dtype), tf.constant(NO_CLASS, label.dtype))
    return filled_batches(dataset, filler, batch_size, input_context)


def filled_batches(
    dataset: tf.data.Dataset,
    filler: Any,
    batch_size: int,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Batches examples of static shapes, adding `filler` so that all batches are full.

    Args:
      dataset: of examples.
      filler: an example that evaluation will know as none.
      batch_size: of all replicas together.
      input_context: of a distribution strategy.
    """
    per_replica = batch_size
    if input_context:
        per_replica = input_context.get_per_replica_batch_size(batch_size)
        batch_size //= input_context.num_input_pipelines
    filled = dataset.concatenate(tf.data.Dataset.from_tensors(filler).repeat(batch_size - 1))
    whole = filled.batch(batch_size, drop_remainder=True)
    return whole if per_replica == batch_size else whole.rebatch(per_replica, drop_remainder=True)


def is_image(labels: tf.Tensor) -> tf.Tensor:
    """1 for images, 0 for padding: float32 of the shape of `labels`."""
    return tf.cast(labels >= 0, tf.float32)


def known(labels: tf.Tensor) -> tf.Tensor:
    """The labels, with 0 for padding, which is a valid class."""
    return tf.maximum(labels, 0)


def cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean softmax cross-entropy over images, without padding.

    Args:
      labels: int [B].
      logits: float32 [..., B, num_classes], of several classifiers.

    Returns:
      float32 [...]; 0 where a batch holds padding alone.
    """
    targets = tf.broadcast_to(known(labels), tf.shape(logits)[:-1])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    weights = is_image(labels)
    total = tf.reduce_sum(losses * weights, axis=-1)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights))


class ValidationLoss(tf.keras.metrics.Mean):
    """Mean softmax cross-entropy over all images of an evaluation, under the trainer's own name.

    The trainer's own is the mean over batches and replicas, however few images they hold.
    """

    def __init__(self):
        super().__init__("validation_loss")

    def update_state(self, labels: tf.Tensor, logits: tf.Tensor) -> None:
        """Takes what `cross_entropy` takes; of several classifiers the mean counts."""
        losses = tf.reduce_mean(cross_entropy(labels, logits))
        super().update_state(losses, tf.reduce_sum(is_image(labels)))
