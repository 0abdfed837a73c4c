# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the heads of the detector have in common."""

from __future__ import annotations

import abc
import math
from typing import Any

import tensorflow as tf

from vito_tf.transfer.detection import config, locations, structures

NORM_GROUPS = 32
PRIOR_BIAS = -math.log(99)


def convolution(
    filters: int,
    kernel_size: int = 3,
    stddev: float = 0.01,
    bias: float = 0.0,
    use_bias: bool = True,
) -> tf.keras.layers.Conv2D:
    """Makes a convolution of stride 1 that keeps a map's size.

    Args:
      filters: of the output.
      kernel_size: in both directions.
      stddev: of the kernel's initial normal distribution: 0.01 in FCOS, ATSS and TOOD.
      bias: initial one; `PRIOR_BIAS` where a sigmoid is to start at 0.01.
      use_bias: whether there is one.

    Returns:
      The layer.
    """
    return tf.keras.layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=tf.keras.initializers.RandomNormal(stddev=stddev),
        bias_initializer=tf.keras.initializers.Constant(bias),
    )


def group_norm(filters: int) -> tf.keras.layers.GroupNormalization:
    """Makes a group norm of 32 groups, or of single channels where there are fewer.

    Its statistics are float32 under any policy: sums over a map do not fit half precision.

    Args:
      filters: of its input.

    Returns:
      The layer, with PyTorch's epsilon, 1e-5.

    Raises:
      ValueError: if they do not make groups.
    """
    groups = min(NORM_GROUPS, filters)
    if filters < 1 or filters % groups:
        raise ValueError(
            f"task.model.head.num_filters is {filters}; it must be a multiple of {NORM_GROUPS}, or "
            "less."
        )
    return tf.keras.layers.GroupNormalization(groups, epsilon=1e-5, dtype=tf.float32)


class ConvNorm(tf.keras.layers.Layer):
    """3x3 convolution, group norm, ReLU.

    Args:
      filters: of the output.
      use_bias: of the convolution: FCOS and ATSS have one, TOOD has not.
    """

    def __init__(self, filters: int, use_bias: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self._convolution = convolution(filters, use_bias=use_bias)
        self._norm = group_norm(filters)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps [B, h, w, C] to [B, h, w, filters]."""
        outputs = tf.nn.relu(self._norm(self._convolution(inputs)))
        return tf.cast(outputs, self.compute_dtype)


class DenseHead(tf.keras.layers.Layer):
    """Predicts at every location of every level with the same weights.

    Only one weight differs between levels: a factor, 1 at first, of the distances to the box's
    sides. The quality, if there is one, is a 3x3 convolution of the last features of the box (Wu et
    al., ATSS and FCOS's improvements).

    Args:
      num_classes: C.
      quality: one of `config.QUALITIES`.
      num_convs: of a tower.
      num_filters: of each of them.

    Raises:
      ValueError: if `num_filters` does not make groups for group norm.
    """

    def __init__(
        self, num_classes: int, quality: str, num_convs: int, num_filters: int, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self._config = {
            "num_classes": num_classes,
            "quality": quality,
            "num_convs": num_convs,
            "num_filters": num_filters,
        }
        self._quality = None if quality == config.QUALITIES[0] else convolution(1)

    def build(self, input_shape: dict[str, tf.TensorShape]) -> None:
        """Makes the levels' factors."""
        self._scales = {
            level: self.add_weight(
                f"scale_{level}",
                shape=[],
                dtype=tf.float32,
                initializer="ones",
                experimental_autocast=False,
            )
            for level in sorted(input_shape, key=int)
        }
        super().build(input_shape)

    @tf.autograph.experimental.do_not_convert  # Which would be slow, and of no use.
    def call(
        self, inputs: dict[str, tf.Tensor], training: bool | None = None
    ) -> structures.Predictions:
        """Predicts.

        Args:
          inputs: levels of the pyramid {level: [B, h, w, D]}, of known sizes.
          training: of no effect: nothing here depends on the batch.

        Returns:
          Predictions at `locations.make`'s, in float32 under any policy.
        """
        levels = sorted(inputs, key=int)
        sizes = [tuple(inputs[level].shape[1:3]) for level in levels]
        stride = 2 ** int(levels[0])
        where = locations.make(
            [side * stride for side in sizes[0]], int(levels[0]), int(levels[-1])
        )
        maps = [self._level_maps(inputs[level], self._scales[level]) for level in levels]
        joined = {name: tf.concat([_flat(level[name]) for level in maps], 1) for name in maps[0]}
        quality = joined.pop("quality", None)
        probabilities, boxes = self._decode(joined, where, sizes)
        return structures.Predictions(
            probabilities, boxes, None if quality is None else tf.squeeze(quality, axis=-1)
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def _level_maps(self, inputs: tf.Tensor, scale: tf.Tensor) -> dict[str, tf.Tensor]:
        maps, features = self._convolve(inputs, scale)
        if self._quality is not None:
            maps["quality"] = tf.cast(self._quality(features), tf.float32)
        return maps

    @abc.abstractmethod
    def _convolve(
        self, inputs: tf.Tensor, scale: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Computes what needs a level's neighbourhoods.

        Args:
          inputs: [B, h, w, D].
          scale: the level's factor of distances, a scalar.

        Returns:
          float32 maps [B, h, w, K] by name, and the last features [B, h, w, num_filters] of boxes.
        """

    @abc.abstractmethod
    def _decode(
        self,
        maps: dict[str, tf.Tensor],
        where: structures.Locations,
        sizes: list[tuple[int, int]],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Makes predictions of the maps.

        Args:
          maps: of `_convolve`, of all levels [B, A, K].
          where: the A locations.
          sizes: height and width of each level.

        Returns:
          Probabilities [B, A, C] and boxes [B, A, 4] in pixels.
        """


def _flat(maps: tf.Tensor) -> tf.Tensor:
    return tf.reshape(maps, [-1, maps.shape[1] * maps.shape[2], maps.shape[3]])
