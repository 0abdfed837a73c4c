# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From feature maps of a clip's frames to one vector (A.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

AVERAGE = "average"
MULTISCALE_AVERAGE = "multiscale_average"
MULTISCALE_ATTENTION = "multiscale_attention"
POOLINGS = (AVERAGE, MULTISCALE_AVERAGE, MULTISCALE_ATTENTION)


class TemporalPooling(tf.keras.layers.Layer):
    """The three ways of temporal integration of A.5, in float32.

    All begin with each frame's average over space: z, [B, T, C]. Blocks 3 and 4 are the last two
    levels that there are.

    *   `average`: the average of block 4's z over time (2048 values for a ResNet-50).
    *   `multiscale_average`: the averages of block 3's z over each half of the clip (1 s each of
        2 s), and that of block 4's z over all of it (2 * 1024 + 2048 values). Where T is odd, both
        halves have the frame in the middle (our choice: time reversed swaps the halves).
    *   `multiscale_attention`: the same with sum_t w_t z_t in place of averages over time, where
        w = tanh(z W), W in R^{C x 1}; no softmax and no division by T, as the paper writes it. Each
        scale has its own W; that of block 3 serves both halves (our choice). W starts as Keras'
        dense layers do (our choice).
    """

    def __init__(self, kind: str, **kwargs: Any):
        """Builds the layer.

        Args:
          kind: one of `POOLINGS`.
          **kwargs: of `tf.keras.layers.Layer`.

        Raises:
          ValueError: there is no such kind.
        """
        super().__init__(**{"dtype": tf.float32, **kwargs})
        if kind not in POOLINGS:
            raise ValueError(f"model.pooling must be one of {', '.join(POOLINGS)}, not {kind!r}.")
        self._kind = kind

    def build(self, input_shape: dict[str, tf.TensorShape]) -> None:
        if self._kind == MULTISCALE_ATTENTION:
            for level in _last_two(input_shape):
                shape = [input_shape[level][-1], 1]
                setattr(self, f"attention_{level}", self.add_weight(f"attention_{level}", shape))
        super().build(input_shape)

    def call(self, endpoints: dict[str, tf.Tensor]) -> tf.Tensor:
        """Pools {'4': [B, T, h, w, C], '5': [B, T, h', w', C']}, which may have other names.

        Returns:
          float32 [B, C'] for `average`, [B, 2 * C + C'] for the others.
        """
        if self._kind == AVERAGE:
            return tf.reduce_mean(endpoints[max(endpoints)], [1, 2, 3])
        fine, coarse = _last_two(endpoints)
        block3, block4 = (tf.reduce_mean(endpoints[level], [2, 3]) for level in (fine, coarse))
        pooled = [self._over_time(half, fine) for half in _halves(block3)]
        return tf.concat([*pooled, self._over_time(block4, coarse)], 1)

    def _over_time(self, frames: tf.Tensor, level: str) -> tf.Tensor:
        """[B, T, C] -> [B, C]."""
        if self._kind == MULTISCALE_AVERAGE:
            return tf.reduce_mean(frames, 1)
        weights = tf.tanh(frames @ getattr(self, f"attention_{level}"))
        return tf.reduce_sum(weights * frames, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self._kind}


def _last_two(endpoints: Mapping[str, Any]) -> list[str]:
    return sorted(endpoints)[-2:]


def _halves(frames: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    count = frames.shape[1] or tf.shape(frames)[1]
    half = (count + 1) // 2
    return frames[:, :half], frames[:, count - half :]
