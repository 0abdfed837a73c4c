# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The network of Figure 1: encoder f, attention a and projector g."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import gin
import tensorflow as tf

from vito_tf.backbones import batch_norm, normalisation
from vito_tf.pretraining import attention_pooling
from vito_tf.pretraining import projector as projector_lib

POOLINGS = ("attention", "average", "max")


@gin.configurable
class VitoNetwork(tf.keras.Model):
    """Backbone, pooling at each scale, concatenation and projector (§3.1).

    Online and target network are two instances of it. All intermediate results are returned by
    name, so that the same object serves training, evaluation, pictures and export.
    """

    def __init__(
        self,
        backbone: Callable[..., tf.keras.Model] = gin.REQUIRED,
        levels: Sequence[int] = (4, 5),
        pooling: str = "attention",
        sync_batch_norm: bool = False,
        **kwargs: Any,
    ):
        """Builds the network.

        Args:
          backbone: builder of the encoder, called with `sync_batch_norm`; it returns a model from
            images to {level: feature map}.
          levels: the scales S that are pooled; level l has stride 2**l. The paper pools the last
            two blocks of a ResNet, (4, 5). It does not say which of a Swin transformer's; the last
            two stages, of the same strides, are our choice.
          pooling: 'attention' (eq. 2), 'average' or 'max' (Figure B.2's ablation).
          sync_batch_norm: whether batch statistics are taken over all replicas.
          **kwargs: of `tf.keras.Model`.

        Raises:
          ValueError: for an unknown pooling, or levels the backbone does not have.
        """
        # Images are normalised in float32, and cast by the backbone.
        super().__init__(autocast=False, **kwargs)
        if pooling not in POOLINGS:
            raise ValueError(f"VitoNetwork.pooling must be one of {POOLINGS}, not {pooling!r}.")
        self.backbone = backbone(sync_batch_norm=sync_batch_norm)
        self.levels = tuple(str(level) for level in levels)
        missing = [level for level in self.levels if level not in self.backbone.output_specs]
        if missing or not self.levels:
            raise ValueError(
                f"VitoNetwork.levels is {list(levels)}, but the backbone has the levels "
                f"{sorted(self.backbone.output_specs)}."
            )
        # Only what the pooled levels need is run, and its weights alone are trained.
        self.features = tf.keras.Model(
            self.backbone.inputs,
            {level: self.backbone.output[level] for level in self.levels},
            name="features",
        )
        self.pooling = pooling
        self.pools = [_pooling_layer(pooling, level) for level in self.levels]
        self.projector = projector_lib.Projector(sync_batch_norm=sync_batch_norm)
        batch_norm.keep_population_variance(self)

    @property
    def learnt_weights(self) -> list[tf.Variable]:
        """The trainable variables that the embedding depends on, in a fixed order."""
        layers = [self.features, *self.pools, self.projector]
        return [variable for layer in layers for variable in layer.trainable_variables]

    def call(self, images: tf.Tensor, training: bool | None = None) -> dict:
        """Embeds images.

        Args:
          images: [B, H, W, 3] float32 RGB in [0, 1]; normalisation is inside.
          training: whether batch norm uses (and records) the batch's own statistics.

        Returns:
          endpoints: {level: [B, h, w, C]}; masks: {level: [B, h, w]} float32 (attention pooling
          only); pooled: [B, sum of C] the concatenated pooled features; embedding: [B, D] float32
          projections z, not normalised.
        """
        endpoints = self.features(normalisation.normalise(images), training=training)
        pooled, masks = [], {}
        for level, pool in zip(self.levels, self.pools):
            vectors = pool(endpoints[level])
            if self.pooling == "attention":
                vectors, masks[level] = vectors
            pooled.append(vectors)
        pooled = tf.concat(pooled, axis=-1)
        return {
            "endpoints": endpoints,
            "masks": masks,
            "pooled": pooled,
            "embedding": self.projector(pooled, training=training),
        }


def _pooling_layer(pooling: str, level: str) -> tf.keras.layers.Layer:
    if pooling == "attention":
        return attention_pooling.AttentionPooling(name=f"attention_{level}")
    if pooling == "average":
        return tf.keras.layers.GlobalAveragePooling2D(name=f"average_{level}")
    return tf.keras.layers.GlobalMaxPooling2D(name=f"max_{level}")
