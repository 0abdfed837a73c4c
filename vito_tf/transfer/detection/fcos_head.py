# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""FCOS's head with its published improvements (Tian et al., 2019)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vito_tf.transfer.detection import boxes, head_layers, structures


@tf.keras.utils.register_keras_serializable(package="vito_tf")
class FcosHead(head_layers.DenseHead):
    """Two towers of convolutions, one for classes and one for boxes.

    Constants are those of `fcos_imprv_R_50_FPN_1x.yaml`: group norm, distances as multiples of the
    level's stride that are kept from being negative by ReLU, centre-ness from the tower of boxes.
    ATSS has the same towers.

    Args:
      num_classes: C.
      quality: one of `config.QUALITIES`.
      num_convs: of each tower.
      num_filters: of each of them.

    Raises:
      ValueError: if `num_filters` does not make groups for group norm.
    """

    def __init__(
        self,
        num_classes: int,
        quality: str = "centreness",
        num_convs: int = 4,
        num_filters: int = 256,
        **kwargs: Any,
    ):
        super().__init__(num_classes, quality, num_convs, num_filters, **kwargs)
        self._class_tower, self._box_tower = (
            [head_layers.ConvNorm(num_filters, use_bias=True) for _ in range(num_convs)]
            for _ in range(2)
        )
        self._classes = head_layers.convolution(num_classes, bias=head_layers.PRIOR_BIAS)
        self._distances = head_layers.convolution(4)

    def _convolve(
        self, inputs: tf.Tensor, scale: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        class_features = box_features = inputs
        for layer in self._class_tower:
            class_features = layer(class_features)
        for layer in self._box_tower:
            box_features = layer(box_features)
        maps = {
            "logits": tf.cast(self._classes(class_features), tf.float32),
            "distances": scale * tf.cast(self._distances(box_features), tf.float32),
        }
        return maps, box_features

    def _decode(
        self,
        maps: dict[str, tf.Tensor],
        where: structures.Locations,
        sizes: list[tuple[int, int]],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        distances = tf.nn.relu(maps["distances"]) * where.strides[:, tf.newaxis]
        return tf.sigmoid(maps["logits"]), boxes.from_distances(where.centres, distances)
