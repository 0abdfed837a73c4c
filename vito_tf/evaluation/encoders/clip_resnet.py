# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""CLIP's modified ResNet (Radford et al. 2021, §2.4; openai/CLIP, clip/model.py).

It differs from torchvision's: three 3x3 convolutions before the first pooling, average pooling in
place of strides, and multi-head attention, whose query is the average, in place of the last
pooling.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

STRIDE = 32
_EPSILON = 1e-5  # torch.nn.BatchNorm2d's.
_HEAD_WIDTH = 64
_GROUPS = (1, 2, 3, 4)
_STEM = (1, 2, 3)
_BLOCK = re.compile(r"layer(\d+)\.(\d+)\.")
_TRUNK = re.compile(r"(conv\d|bn\d|layer\d+|attnpool)\.")
_COUNTER = "num_batches_tracked"


class Pooled(NamedTuple):
    """What attention pooling makes of a map.

    Attributes:
      features: [B, C] float32, after the output projection.
      weights: [B, K, h, w] float32: how much each of K heads attends to each position. The average
        itself, which CLIP attends to as well, is left out, and the rest sums to 1; our choice.
    """

    features: tf.Tensor
    weights: tf.Tensor


class ClipResNet:
    """The image tower of RN50, RN101, RN50x4, ...

    Attributes:
      image_size: S of the images that it was trained with.
      width: number of channels of the last map, 2048 for RN50.
      names: of the tensors that it consists of.
    """

    def __init__(self, state: Mapping[str, np.ndarray]):
        """Takes weights of any floating point type, by openai/CLIP's names.

        Raises:
          ValueError: they are not those of such a network.
        """
        weights = _Weights(state)
        stem = weights.get("conv1.weight", (None, 3, 3, 3)).shape[0]
        self._layers: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}
        for number, width in zip(_STEM, (stem, stem, 2 * stem)):
            channels = 3 if number == 1 else stem
            self._add(weights, f"conv{number}", f"bn{number}", channels, width, 3)
        blocks = {tuple(map(int, found.groups())) for found in map(_BLOCK.match, state) if found}
        self._blocks = [sorted(n for group, n in blocks if group == level) for level in _GROUPS]
        self.width = 2 * stem
        for level, numbers in zip(_GROUPS, self._blocks):
            for number in numbers:
                self._add_block(weights, f"layer{level}.{number}.", stem * 2**level)
        self._add_pooling(weights)
        self.names = weights.used
        left = {name for name in state if _TRUNK.match(name) and not name.endswith(_COUNTER)}
        if left - self.names:
            raise ValueError(f"CLIP's ResNets have no {min(left - self.names)}")
        self.image_size = STRIDE * self._positions.shape[0]

    def feature_map(self, images: tf.Tensor) -> tf.Tensor:
        """Standardised images [B, H, W, 3] -> [B, h, w, C] float32 of stride 32."""
        x = images
        for number in _STEM:
            x = tf.nn.relu(self._convolve(x, f"conv{number}", strides=2 if number == 1 else 1))
        x = tf.nn.avg_pool2d(x, 2, 2, "VALID")
        for level, numbers in zip(_GROUPS, self._blocks):
            for number in numbers:
                x = self._block(x, f"layer{level}.{number}.", level > 1 and number == 0)
        return x

    def pool(self, feature_map: tf.Tensor) -> Pooled:
        """Pools a map [B, h, w, C] of any size.

        Positional embeddings for other sizes than the network's own are interpolated bilinearly;
        our choice.
        """
        shape = tf.shape(feature_map)
        batch, height, width = shape[0], shape[1], shape[2]
        positions = tf.image.resize(self._positions, [height, width])
        tokens = tf.reshape(feature_map, [batch, -1, self.width])
        mean = tf.reduce_mean(tokens, axis=1, keepdims=True) + self._mean_position
        tokens = tf.concat([mean, tokens + tf.reshape(positions, [-1, self.width])], axis=1)
        query = self._heads(mean, "q_proj") / math.sqrt(_HEAD_WIDTH)
        logits = tf.einsum("bqkd,bnkd->bkn", query, self._heads(tokens, "k_proj"))
        shares = tf.nn.softmax(logits)
        values = tf.einsum("bkn,bnkd->bkd", shares, self._heads(tokens, "v_proj"))
        features = self._project(tf.reshape(values, [batch, self.width]), "c_proj")
        # Over the positions alone, the same softmax without the average's logit.
        weights = tf.nn.softmax(logits[:, :, 1:])
        num_heads = self.width // _HEAD_WIDTH
        return Pooled(features, tf.reshape(weights, [batch, num_heads, height, width]))

    def _heads(self, tokens: tf.Tensor, name: str) -> tf.Tensor:
        projected = self._project(tokens, name)
        shape = tf.shape(tokens)
        return tf.reshape(projected, [shape[0], shape[1], -1, _HEAD_WIDTH])

    def _project(self, x: tf.Tensor, name: str) -> tf.Tensor:
        kernel, bias = self._layers[name]
        return tf.tensordot(x, kernel, 1) + bias

    def _block(self, x: tf.Tensor, name: str, strided: bool) -> tf.Tensor:
        shortcut = x
        x = tf.nn.relu(self._convolve(x, f"{name}conv1"))
        x = tf.nn.relu(self._convolve(x, f"{name}conv2"))
        if strided:
            x, shortcut = (tf.nn.avg_pool2d(value, 2, 2, "VALID") for value in (x, shortcut))
        if f"{name}downsample.0" in self._layers:
            shortcut = self._convolve(shortcut, f"{name}downsample.0")
        return tf.nn.relu(self._convolve(x, f"{name}conv3") + shortcut)

    def _convolve(self, x: tf.Tensor, name: str, strides: int = 1) -> tf.Tensor:
        kernel, bias = self._layers[name]
        side = kernel.shape[0] // 2
        padding = [[0, 0], [side, side], [side, side], [0, 0]]
        return tf.nn.conv2d(x, kernel, strides, padding) + bias

    def _add_block(self, weights: _Weights, name: str, width: int) -> None:
        self._add(weights, f"{name}conv1", f"{name}bn1", self.width, width, 1)
        self._add(weights, f"{name}conv2", f"{name}bn2", width, width, 3)
        self._add(weights, f"{name}conv3", f"{name}bn3", width, 4 * width, 1)
        if name.endswith(".0."):
            shortcut = f"{name}downsample."
            self._add(weights, f"{shortcut}0", f"{shortcut}1", self.width, 4 * width, 1)
        self.width = 4 * width

    def _add(
        self, weights: _Weights, name: str, norm: str, channels: int, width: int, kernel_size: int
    ) -> None:
        """Reads a convolution with the batch norm after it, as one layer."""
        shape = (width, channels, kernel_size, kernel_size)
        kernel = weights.get(f"{name}.weight", shape)
        parts = ("weight", "bias", "running_mean", "running_var")
        gamma, beta, mean, variance = (weights.get(f"{norm}.{part}", (width,)) for part in parts)
        scale = gamma / np.sqrt(variance + _EPSILON)
        kernel = kernel.transpose(2, 3, 1, 0) * scale
        self._layers[name] = _constant(kernel), _constant(beta - mean * scale)

    def _add_pooling(self, weights: _Weights) -> None:
        if self.width % _HEAD_WIDTH:
            raise ValueError(f"its heads would not be {_HEAD_WIDTH} wide, as CLIP's are")
        for name in ("q_proj", "k_proj", "v_proj", "c_proj"):
            shape = (None if name == "c_proj" else self.width, self.width)
            kernel = weights.get(f"attnpool.{name}.weight", shape)
            bias = weights.get(f"attnpool.{name}.bias", kernel.shape[:1])
            self._layers[name] = _constant(kernel.T), _constant(bias)
        positions = weights.get("attnpool.positional_embedding", (None, self.width))
        side = math.isqrt(max(len(positions) - 1, 0))
        if side < 1 or side**2 + 1 != len(positions):
            raise ValueError("its positional embedding is not that of a square and an average")
        self._mean_position = _constant(positions[0])
        self._positions = _constant(positions[1:].reshape(side, side, self.width))


class _Weights:
    """Tensors of a state dict; knows which were used."""

    def __init__(self, state: Mapping[str, np.ndarray]):
        self.used: set[str] = set()
        self._state = state

    def get(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """A tensor in float64, if it has the shape that it must have."""
        value = self._state.get(name, np.zeros(0, bool))
        fits = tf.TensorShape(shape).is_compatible_with(value.shape)
        if value.dtype.kind != "f" or not fits:
            found = f"{value.dtype}{list(value.shape)}" if name in self._state else "nothing"
            raise ValueError(f"{name} must be of shape {list(shape)}, found {found}")
        self.used.add(name)
        return value.astype(np.float64)


def _constant(value: np.ndarray) -> tf.Tensor:
    return tf.constant(value, tf.float32)
