# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Contrastive attention pooling at one scale (§3.1, eq. 2)."""

from __future__ import annotations

from typing import Any

import gin
import tensorflow as tf


@gin.configurable
class AttentionPooling(tf.keras.layers.Layer):
    """Weights a feature map by a mask of its own, and sums over positions.

    m = softmax(a(h)) over all positions, with a 2-layer MLP a applied to each position, and
    pooled = sum_ij m[i, j] h[i, j] (eq. 2). The paper gives neither the MLP's width nor its
    activation; 512 hidden units, biases and ReLU are our choice.
    """

    def __init__(self, hidden_units: int = 512, **kwargs: Any):
        """Builds the layer.

        Args:
          hidden_units: width of the attention MLP's hidden layer.
          **kwargs: of `tf.keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.hidden_units = hidden_units
        self.hidden = tf.keras.layers.Dense(hidden_units, activation="relu", name="hidden")
        self.score = tf.keras.layers.Dense(1, name="score")

    def call(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Pools a feature map.

        Args:
          features: [B, H, W, C].

        Returns:
          The pooled vectors [B, C] in the layer's compute dtype, and the mask [B, H, W] in
          float32, whose sum over positions is 1.
        """
        batch, height, width, channels = tf.unstack(tf.shape(features))
        channels = features.shape[-1] or channels
        features = tf.reshape(features, [batch, height * width, channels])
        scores = tf.squeeze(self.score(self.hidden(features)), axis=-1)
        mask = tf.nn.softmax(tf.cast(scores, tf.float32), axis=-1)
        pooled = tf.einsum("bn,bnc->bc", tf.cast(mask, features.dtype), features)
        return pooled, tf.reshape(mask, [batch, height, width])

    def get_config(self) -> dict:
        return {**super().get_config(), "hidden_units": self.hidden_units}
