# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Fully-convolutional heads on one feature map (A.2)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vito_tf.transfer import conv_block


@tf.keras.utils.register_keras_serializable(package="vito_tf")
class FcnHead(tf.keras.layers.Layer):
    """3x3 convolutions with batch norm and ReLU, dropout, and a 1x1 classifier.

    As it is by default, the head of MoCo's segmentation protocol (its appendix A.5), which has no
    dropout. One convolution without dilation, and dropout of 0.1, make the auxiliary head that
    UperNet is trained with. Kernels start as in `conv_block`, the classifier's from N(0, 0.01^2)
    as in mmsegmentation.

    Args:
      num_classes: C.
      level: key of the backbone's feature map.
      num_convs: 3x3 convolutions.
      num_filters: of each of them.
      dilation: of each of them.
      dropout: share of channels that the classifier does not get in training.
      sync_batch_norm: whether batch statistics are taken over all replicas.
      norm_momentum: decay of batch norm's running statistics.
      norm_epsilon: what batch norm adds to the variance.
    """

    def __init__(
        self,
        num_classes: int,
        level: int = 5,
        num_convs: int = 2,
        num_filters: int = 256,
        dilation: int = 6,
        dropout: float = 0.0,
        sync_batch_norm: bool = True,
        norm_momentum: float = 0.9,
        norm_epsilon: float = 1e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        norm: dict[str, Any] = {
            "sync_batch_norm": sync_batch_norm,
            "norm_momentum": norm_momentum,
            "norm_epsilon": norm_epsilon,
        }
        self._config = {
            "num_classes": num_classes,
            "level": level,
            "num_convs": num_convs,
            "num_filters": num_filters,
            "dilation": dilation,
            "dropout": dropout,
            **norm,
        }
        self._level = str(level)
        self._convs = [
            conv_block.ConvNormRelu(num_filters, 3, dilation, **norm) for _ in range(num_convs)
        ]
        self._dropout = tf.keras.layers.SpatialDropout2D(dropout)
        self._classifier = tf.keras.layers.Conv2D(
            num_classes,
            kernel_size=1,
            kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.01),
        )

    def call(
        self, inputs: tuple[dict[str, tf.Tensor], Any], training: bool | None = None
    ) -> tf.Tensor:
        """Classifies every position.

        Args:
          inputs: the backbone's feature maps {level: [B, h, w, D]}, and what a decoder makes of
            them, which this head has no use for.
          training: whether batch norm uses the batch's statistics, and channels are dropped.

        Returns:
          Logits [B, h, w, C].
        """
        features = inputs[0][self._level]
        for conv in self._convs:
            features = conv(features, training=training)
        return self._classifier(self._dropout(features, training=training))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}
