# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""UperNet's head, which A.2 has on Swin transformers (Xiao et al., 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from vito_tf.transfer import conv_block, pyramid_pooling


@tf.keras.utils.register_keras_serializable(package="vito_tf")
class UperNetHead(tf.keras.layers.Layer):
    """A feature pyramid whose top is pyramid pooling, and a classifier of all its levels together.

    mmsegmentation's `UPerHead`, which the paper's reference for Swin uses. Pyramid pooling is on
    the last level. The other levels pass 1x1 convolutions, get what comes from above added, and
    pass 3x3 convolutions. All levels, resized to the first, are concatenated for a 3x3 convolution,
    dropout of whole channels, and a 1x1 classifier, whose kernel starts from N(0, 0.01^2). All
    convolutions but the classifier have batch norm and ReLU in place of a bias.

    The reference has four levels. With an encoder whose training did not reach the last one, it is
    on the levels that there are: our choice.

    Args:
      num_classes: C.
      levels: keys of the backbone's feature maps, from the largest to the smallest.
      num_filters: of each convolution.
      pool_scales: bins of pyramid pooling along each axis.
      dropout: share of channels that the classifier does not get in training.
      sync_batch_norm: whether batch statistics are taken over all replicas.
      norm_momentum: decay of batch norm's running statistics.
      norm_epsilon: what batch norm adds to the variance.
    """

    def __init__(
        self,
        num_classes: int,
        levels: Sequence[str] = ("2", "3", "4", "5"),
        num_filters: int = 512,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
        dropout: float = 0.1,
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
            "levels": levels,
            "num_filters": num_filters,
            "pool_scales": pool_scales,
            "dropout": dropout,
            **norm,
        }
        self._levels = tuple(levels)
        below = self._levels[:-1]
        self._pooling = pyramid_pooling.PyramidPooling(num_filters, pool_scales, norm)
        self._laterals = [conv_block.ConvNormRelu(num_filters, 1, **norm) for _ in below]
        self._outputs = [conv_block.ConvNormRelu(num_filters, 3, **norm) for _ in below]
        self._fusion = conv_block.ConvNormRelu(num_filters, 3, **norm)
        self._dropout = tf.keras.layers.SpatialDropout2D(dropout)
        self._classifier = tf.keras.layers.Conv2D(
            num_classes,
            kernel_size=1,
            kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.01),
        )

    def call(
        self, inputs: tuple[dict[str, tf.Tensor], Any], training: bool | None = None
    ) -> tf.Tensor:
        """Classifies every position of the first level.

        Args:
          inputs: the backbone's feature maps {level: [B, h, w, D]}, and what a decoder makes of
            them, which this head has no use for.
          training: whether batch norm uses the batch's statistics, and channels are dropped.

        Returns:
          Logits [B, H, W, C], with height and width of the first level.
        """
        *below, top = (inputs[0][level] for level in self._levels)
        merged = self._pooling(top, training=training)
        pyramid = [merged]
        for features, lateral, output in zip(
            reversed(below), reversed(self._laterals), reversed(self._outputs)
        ):
            features = lateral(features, training=training)
            merged = features + pyramid_pooling.resize(merged, like=features)
            pyramid.append(output(merged, training=training))
        largest = pyramid[-1]
        resized = [pyramid_pooling.resize(features, like=largest) for features in pyramid]
        fused = self._fusion(tf.concat(resized[::-1], axis=-1), training=training)
        return self._classifier(self._dropout(fused, training=training))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}
