# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The block that mmsegmentation's heads are made of (`ConvModule`)."""

from __future__ import annotations

import tensorflow as tf


class ConvNormRelu(tf.keras.layers.Layer):
    """A convolution without bias, batch norm and ReLU.

    Kernels start as He et al.'s, normal of variance 2 / fan out, as in mmsegmentation.

    Args:
      num_filters: output channels.
      kernel_size: height and width of the kernel; borders are padded by zeros.
      dilation: between the kernel's positions.
      sync_batch_norm: whether batch statistics are taken over all replicas.
      norm_momentum: decay of batch norm's running statistics.
      norm_epsilon: what batch norm adds to the variance.
    """

    def __init__(
        self,
        num_filters: int,
        kernel_size: int,
        dilation: int = 1,
        sync_batch_norm: bool = True,
        norm_momentum: float = 0.9,
        norm_epsilon: float = 1e-5,
    ):
        super().__init__()
        self._conv = tf.keras.layers.Conv2D(
            num_filters,
            kernel_size,
            dilation_rate=dilation,
            padding="same",
            use_bias=False,
            kernel_initializer=tf.keras.initializers.VarianceScaling(
                scale=2.0, mode="fan_out", distribution="untruncated_normal"
            ),
        )
        self._norm = tf.keras.layers.BatchNormalization(
            momentum=norm_momentum, epsilon=norm_epsilon, synchronized=sync_batch_norm
        )

    def call(self, features: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Returns [B, h, w, num_filters] for [B, h, w, D]."""
        return tf.nn.relu(self._norm(self._conv(features), training=training))
