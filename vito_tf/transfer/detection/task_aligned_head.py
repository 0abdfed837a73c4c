# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""TOOD's task-aligned head (Feng et al., 2021; `tood_head.py`, anchor-free)."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import boxes, head_layers, structures


class TaskDecomposition(tf.keras.layers.Layer):
    """Reduces all features of the shared tower to those for one task.

    Each image's average over the map says how much each convolution of the tower matters (layer
    attention). As in the reference, attention multiplies the reduction's kernel rather than the
    features, which are larger.

    Args:
      num_convs: S, of the tower.
      num_filters: D, of each of them.
    """

    def __init__(self, num_convs: int, num_filters: int, **kwargs: Any):
        super().__init__(**kwargs)
        self._shape = [num_convs, num_filters, num_filters]
        self._squeeze, self._excite = (
            tf.keras.layers.Dense(
                units,
                activation=activation,
                kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.001),
            )
            for units, activation in ((max(1, num_filters // 8), "relu"), (num_convs, "sigmoid"))
        )
        self._norm = head_layers.group_norm(num_filters)

    def build(self, input_shape: tf.TensorShape) -> None:
        """Makes the kernel of the reduction."""
        self._kernel = self.add_weight(
            "kernel", self._shape, initializer=tf.keras.initializers.RandomNormal(stddev=0.01)
        )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps [B, h, w, S D] to [B, h, w, D]; convolutions of the tower in order."""
        num_convs, num_filters, _ = self._shape
        attention = self._excite(self._squeeze(average(inputs)))
        kernels = tf.reshape(attention, [-1, num_convs, 1, 1]) * self._kernel
        kernels = tf.reshape(kernels, [-1, num_convs * num_filters, num_filters])
        outputs = tf.nn.relu(self._norm(tf.einsum("bhwi,bio->bhwo", inputs, kernels)))
        return tf.cast(outputs, self.compute_dtype)


@tf.keras.utils.register_keras_serializable(package="vito_tf")
class TaskAlignedHead(head_layers.DenseHead):
    """One tower for both tasks, whose predictions are aligned with each other.

    A class's probability is the geometric mean of its own and of one that all classes of the
    location share. Each side of a box is taken from a place of its own near the location, by
    bilinear interpolation.

    Its published form has no quality. With one, it is made of the decomposed features of the box,
    at the location itself.

    Args:
      num_classes: C.
      quality: one of `config.QUALITIES`.
      num_convs: of the tower.
      num_filters: of each of them.

    Raises:
      ValueError: if `num_filters` does not make groups for group norm.
    """

    def __init__(
        self,
        num_classes: int,
        quality: str = "none",
        num_convs: int = 6,
        num_filters: int = 256,
        **kwargs: Any,
    ):
        super().__init__(num_classes, quality, num_convs, num_filters, **kwargs)
        self._tower = [head_layers.ConvNorm(num_filters, use_bias=False) for _ in range(num_convs)]
        self._class_task = TaskDecomposition(num_convs, num_filters)
        self._box_task = TaskDecomposition(num_convs, num_filters)
        self._classes = head_layers.convolution(num_classes, bias=head_layers.PRIOR_BIAS)
        self._distances = head_layers.convolution(4)
        hidden = max(1, num_filters // 4)
        self._alignment = [
            head_layers.convolution(hidden, 1),
            head_layers.convolution(1, bias=head_layers.PRIOR_BIAS),
        ]
        self._offsets = [
            head_layers.convolution(hidden, 1, stddev=0.001),
            head_layers.convolution(8, stddev=0.001),
        ]

    def _convolve(
        self, inputs: tf.Tensor, scale: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        tower = [inputs]
        for layer in self._tower:
            tower.append(layer(tower[-1]))
        features = tf.concat(tower[1:], axis=-1)
        box_features = self._box_task(features)
        maps = {
            "logits": self._classes(self._class_task(features)),
            "alignment": _two_layers(self._alignment, features),
            "distances": self._distances(box_features),
            "offsets": _two_layers(self._offsets, features),
        }
        maps = {name: tf.cast(values, tf.float32) for name, values in maps.items()}
        maps["distances"] = tf.exp(maps["distances"]) * scale
        return maps, box_features

    def _decode(
        self,
        maps: dict[str, tf.Tensor],
        where: structures.Locations,
        sizes: list[tuple[int, int]],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        strides = where.strides[:, tf.newaxis]
        sides = boxes.from_distances(where.centres / strides, maps["distances"])
        sides = sample(sides, maps["offsets"], sizes)
        return geometric_mean(maps["logits"], maps["alignment"]), sides * strides


def average(maps: tf.Tensor) -> tf.Tensor:
    """Averages maps [B, h, w, K] over their places: float32 [B, K].

    Half precision is enough for sums over a row, but not over a map.
    """
    return tf.reduce_mean(tf.cast(tf.reduce_mean(maps, axis=2), tf.float32), axis=1)


def _two_layers(layers: list[tf.keras.layers.Conv2D], features: tf.Tensor) -> tf.Tensor:
    return layers[1](tf.nn.relu(layers[0](features)))


def geometric_mean(logits_a: tf.Tensor, logits_b: tf.Tensor) -> tf.Tensor:
    """Computes sqrt(sigmoid(a) sigmoid(b)) with finite gradients.

    Args:
      logits_a: [...].
      logits_b: of a shape that broadcasts with it.

    Returns:
      In [0, 1], of the shape of both.
    """
    return tf.exp((tf.math.log_sigmoid(logits_a) + tf.math.log_sigmoid(logits_b)) / 2)


def sample(values: tf.Tensor, offsets: tf.Tensor, sizes: list[tuple[int, int]]) -> tf.Tensor:
    """Re-samples each channel of maps at places of its own, bilinearly; 0 outside a map.

    This is mmcv's deformable convolution with a 1x1 kernel of 1 and a group for each channel, of
    all levels' maps at once.

    Args:
      values: float32 [B, A, C], the maps' locations one after the other, row by row.
      offsets: float32 [B, A, 2 C]: (y, x) for the first channel, then for the next, in units of the
        map's grid, from the place itself.
      sizes: height and width of each map.

    Returns:
      float32 [B, A, C].
    """
    count, channels = values.shape[1:]
    starts = np.cumsum([0] + [height * width for height, width in sizes])[:-1]
    grids = [
        [*np.indices(size).reshape(2, -1), *np.full([size[0] * size[1], 3], [*size, start]).T]
        for size, start in zip(sizes, starts)
    ]
    rows, columns, heights, widths, starts = np.concatenate(grids, axis=1).astype(np.int32)
    offsets = tf.transpose(tf.reshape(offsets, [-1, count, channels, 2]), [3, 0, 2, 1])
    indices, weights = [], []
    for row, row_weight in _corners(rows, offsets[0], heights):
        for column, column_weight in _corners(columns, offsets[1], widths):
            indices.append(starts + row * widths + column)
            weights.append(row_weight * column_weight)
    corners = tf.gather(tf.transpose(values, [0, 2, 1]), tf.concat(indices, axis=-1), batch_dims=2)
    corners = tf.reshape(corners, [-1, channels, 4, count])
    total = tf.reduce_sum(corners * tf.stack(weights, axis=2), axis=2)
    return tf.transpose(total, [0, 2, 1])


def _corners(
    places: np.ndarray, offsets: tf.Tensor, sizes: np.ndarray
) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """The two grid lines beside each place and their weights, 0 for lines outside the map."""
    positions = tf.clip_by_value(
        places.astype(np.float32) + offsets, -1.0, sizes.astype(np.float32)
    )
    lower = tf.floor(positions)
    corners = []
    for line, weight in ((lower, 1 + lower - positions), (lower + 1, positions - lower)):
        inside = tf.cast((line >= 0) & (line < sizes.astype(np.float32)), tf.float32)
        index = tf.clip_by_value(tf.cast(line, tf.int32), 0, sizes - 1)
        corners.append((index, weight * inside))
    return corners
