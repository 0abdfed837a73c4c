# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Several linear classifiers on one frozen encoder (A.6), and how well each of them does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from vito_tf.transfer import padding

TOP_K = 5


class LinearHeads(tf.keras.layers.Layer):
    """K linear classifiers of the same features.

    All of them start alike, from weights of variance 1 / fan-in (much as BYOL's) and zero
    biases, so that they differ by their learning rates alone.
    """

    def __init__(self, num_heads: int, num_classes: int, **kwargs: Any):
        super().__init__(dtype=tf.float32, **kwargs)
        self._num_heads = num_heads
        self._num_classes = num_classes
        self._one_head = tf.keras.initializers.LecunNormal()

    def build(self, input_shape: tf.TensorShape) -> None:
        self.kernel = self.add_weight(
            "kernel",
            [self._num_heads, input_shape[-1], self._num_classes],
            initializer=self._same_for_all,
        )
        self.bias = self.add_weight("bias", [self._num_heads, self._num_classes], None, "zeros")

    def _same_for_all(self, shape, dtype=None, **kwargs):
        kernel = self._one_head(shape[1:], dtype=dtype)
        return tf.repeat(kernel[tf.newaxis], shape[0], axis=0)

    def call(self, features: tf.Tensor) -> tf.Tensor:
        """[B, D] float32 -> logits [K, B, num_classes] float32."""
        return tf.matmul(features[tf.newaxis], self.kernel) + self.bias[:, tf.newaxis]


class LinearProbe(tf.keras.Model):
    """A frozen encoder, global average pooling, and K linear classifiers.

    Neither the encoder's weights nor its batch norm's running statistics ever change.
    """

    def __init__(self, backbone: tf.keras.Model, num_heads: int, num_classes: int):
        super().__init__()
        backbone.trainable = False
        self.backbone = backbone
        self.heads = LinearHeads(num_heads, num_classes)

    def features(self, images: tf.Tensor) -> tf.Tensor:
        """Standardised images [B, H, W, 3] -> the pooled last feature map [B, D], float32."""
        levels = self.backbone(images, training=False)
        features = tf.reduce_mean(tf.cast(levels[max(levels)], tf.float32), axis=[1, 2])
        return tf.stop_gradient(features)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Standardised images [B, H, W, 3] -> logits [K, B, num_classes]."""
        return self.heads(self.features(inputs))

    @property
    def checkpoint_items(self) -> Mapping[str, Any]:
        """What checkpoints hold under names of their own."""
        return {"backbone": self.backbone, "heads": self.heads}


class HeadAccuracy(tf.keras.metrics.Mean):
    """Share of images whose class is among the k highest logits of one head, in [0, 1]."""

    def __init__(self, head: int, k: int, name: str):
        super().__init__(name=name)
        self._head = head
        self._k = k

    def update_state(self, labels, logits):
        """Takes labels int [B] and logits [K, B, num_classes]."""
        hits = tf.math.in_top_k(padding.known(labels), logits[self._head], self._k)
        return super().update_state(hits, padding.is_image(labels))


class BestHead(tf.keras.metrics.Metric):
    """What is to be said about the head of the highest accuracy; of equals, the first.

    Args:
      values: by head; None for the share of images whose class is among the k highest logits.
      k: see `values`.
      num_heads: K.
      name: of the metric.
    """

    def __init__(
        self, num_heads: int, name: str, k: int = 1, values: Sequence[float] | None = None
    ):
        super().__init__(name=name)
        self._values = values
        self._k = k
        self._hits = self.add_weight("hits", shape=[num_heads], initializer="zeros")
        self._hits_of_k = self.add_weight("hits_of_k", shape=[num_heads], initializer="zeros")
        self._count = self.add_weight("count", initializer="zeros")

    def update_state(self, labels, logits):
        """Takes labels int [B] and logits [K, B, num_classes]."""
        targets, weights = padding.known(labels), padding.is_image(labels)
        for k, total in ((1, self._hits), (self._k, self._hits_of_k)):
            hits = [tf.math.in_top_k(targets, head, k) for head in tf.unstack(logits)]
            weighted = tf.cast(tf.stack(hits), tf.float32) * weights
            total.assign_add(tf.reduce_sum(weighted, axis=1))
        self._count.assign_add(tf.reduce_sum(weights))

    def reset_state(self):
        for variable in self.variables:
            variable.assign(tf.zeros_like(variable))

    def result(self) -> tf.Tensor:
        """A float32 scalar."""
        shares = tf.math.divide_no_nan(self._hits_of_k, self._count)
        values = shares if self._values is None else tf.constant(self._values, tf.float32)
        return values[tf.argmax(self._hits)]


def metrics(learning_rates: Sequence[float], best: bool) -> list[tf.keras.metrics.Metric]:
    """Builds the metrics of labels int [B] and logits [K, B, num_classes].

    Args:
      learning_rates: of the heads, for names.
      best: whether to choose among the heads as well.

    Returns:
      `accuracy/lr_<rate>` and `top_5_accuracy/lr_<rate>` of each head; with `best`, also
      `best_accuracy`, and `best_top_5_accuracy` and `best_learning_rate` of that same head.
    """
    found: list[tf.keras.metrics.Metric] = []
    for head, rate in enumerate(learning_rates):
        found.append(HeadAccuracy(head, 1, f"accuracy/lr_{rate:g}"))
        found.append(HeadAccuracy(head, TOP_K, f"top_{TOP_K}_accuracy/lr_{rate:g}"))
    if best:
        count = len(learning_rates)
        found.append(BestHead(count, "best_accuracy"))
        found.append(BestHead(count, f"best_top_{TOP_K}_accuracy", k=TOP_K))
        found.append(BestHead(count, "best_learning_rate", values=learning_rates))
    return found
