# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The two-layer MLP projector g of §3.1."""

from __future__ import annotations

from typing import Any

import gin
import tensorflow as tf


@gin.configurable
class Projector(tf.keras.layers.Layer):
    """Dense with bias, batch norm, ReLU, Dense without bias.

    The paper says "a standard two-layer MLP"; layers and widths are those of BYOL's reference
    (byol/configs/byol.py, utils/networks.py).
    """

    def __init__(
        self,
        hidden_units: int = 4096,
        output_units: int = 256,
        sync_batch_norm: bool = False,
        **kwargs: Any,
    ):
        """Builds the projector.

        Args:
          hidden_units: width of the hidden layer.
          output_units: size of the projection z.
          sync_batch_norm: whether batch statistics are taken over all replicas.
          **kwargs: of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.hidden = tf.keras.layers.Dense(hidden_units, name="hidden")
        self.norm = tf.keras.layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, synchronized=sync_batch_norm, name="norm"
        )
        self.out = tf.keras.layers.Dense(output_units, use_bias=False, name="out")

    def call(self, pooled: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Projects pooled features [B, C] to z [B, output_units] in float32, not normalised."""
        hidden = tf.nn.relu(self.norm(self.hidden(pooled), training=training))
        return tf.cast(self.out(hidden), tf.float32)
