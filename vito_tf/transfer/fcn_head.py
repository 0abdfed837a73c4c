# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The fully-convolutional head of MoCo's segmentation protocol (A.2; MoCo, appendix A.5)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="vito_tf")
class FcnHead(tf.keras.layers.Layer):
    """Dilated 3x3 convolutions with batch norm and ReLU, and a 1x1 classifier.

    Nothing else: no dropout, no skip connection, no auxiliary head. Kernels start as He et al.'s
    (variance 2 / fan out, as in torchvision's FCN), the classifier's from N(0, 0.01^2) as in
    mmsegmentation.

    Args:
      num_classes: C.
      level: key of the backbone's feature map.
      num_convs: 3x3 convolutions.
      num_filters: of each of them.
      dilation: of each of them.
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
        sync_batch_norm: bool = True,
        norm_momentum: float = 0.9,
        norm_epsilon: float = 1e-5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._config = {
            "num_classes": num_classes,
            "level": level,
            "num_convs": num_convs,
            "num_filters": num_filters,
            "dilation": dilation,
            "sync_batch_norm": sync_batch_norm,
            "norm_momentum": norm_momentum,
            "norm_epsilon": norm_epsilon,
        }
        self._level = str(level)
        self._convs = [
            tf.keras.layers.Conv2D(
                num_filters,
                kernel_size=3,
                dilation_rate=dilation,
                padding="same",
                use_bias=False,
                kernel_initializer=tf.keras.initializers.VarianceScaling(
                    scale=2.0, mode="fan_out", distribution="untruncated_normal"
                ),
            )
            for _ in range(num_convs)
        ]
        self._norms = [
            tf.keras.layers.BatchNormalization(
                momentum=norm_momentum, epsilon=norm_epsilon, synchronized=sync_batch_norm
            )
            for _ in range(num_convs)
        ]
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
          training: whether batch norm uses the batch's statistics.

        Returns:
          Logits [B, h, w, C].
        """
        features = inputs[0][self._level]
        for conv, norm in zip(self._convs, self._norms):
            features = tf.nn.relu(norm(conv(features), training=training))
        return self._classifier(features)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}
