# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's ResNet with PyTorch's padding, or without the last strides."""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf
from official.modeling import tf_utils
from official.vision.modeling.backbones import resnet as model_garden
from official.vision.modeling.layers import nn_blocks


class SymmetricConv2D(tf.keras.layers.Conv2D):
    """A convolution that pads all sides alike, by dilation * (kernel - 1) / 2 zeros.

    For odd kernels. With stride 1 that is TensorFlow's 'same'; with stride 2 and an even size
    'same' pads one row and column less, at the start, than PyTorch's networks do.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        """Builds the layer.

        Args:
          *args: of `tf.keras.layers.Conv2D`.
          **kwargs: of `tf.keras.layers.Conv2D`; `padding` is ignored.
        """
        super().__init__(*args, **{**kwargs, "padding": "valid"})

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolves [B, H, W, C]."""
        sides = [d * (k - 1) // 2 for k, d in zip(self.kernel_size, self.dilation_rate)]
        return super().call(tf.pad(inputs, [[0, 0], *([side, side] for side in sides), [0, 0]]))


class SymmetricMaxPool2D(tf.keras.layers.MaxPool2D):
    """Max pooling over windows of odd size that pads all sides alike, for inputs >= 0."""

    def __init__(self, *args: Any, **kwargs: Any):
        """Builds the layer.

        Args:
          *args: of `tf.keras.layers.MaxPool2D`.
          **kwargs: of `tf.keras.layers.MaxPool2D`; `padding` is ignored.
        """
        super().__init__(*args, **{**kwargs, "padding": "valid"})

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pools [B, H, W, C]."""
        sides = [(size - 1) // 2 for size in self.pool_size]
        return super().call(tf.pad(inputs, [[0, 0], *([side, side] for side in sides), [0, 0]]))


class _Adapted:
    """Has other 3x3 convolutions than the stock block, under the same names and in its order.

    Checkpoints, the order of weights and their names stay the same thereby.
    """

    def __init__(self, *args: Any, symmetric: bool, dilation: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._symmetric = symmetric
        self._dilation = dilation

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_conv1", "_conv2") and value.kernel_size == (3, 3):
            layer = SymmetricConv2D if self._symmetric else tf.keras.layers.Conv2D
            value = layer.from_config({**value.get_config(), "dilation_rate": self._dilation})
        super().__setattr__(name, value)


class BottleneckBlock(_Adapted, nn_blocks.BottleneckBlock):
    """Model Garden's block of 1x1, 3x3 and 1x1 convolutions."""


class ResidualBlock(_Adapted, nn_blocks.ResidualBlock):
    """Model Garden's block of two 3x3 convolutions."""


_BLOCKS = {
    nn_blocks.BottleneckBlock: BottleneckBlock,
    nn_blocks.ResidualBlock: ResidualBlock,
}


class AdaptedResNet(model_garden.ResNet):
    """The same layers as Model Garden's ResNet, and therefore the same checkpoints.

    Strides of 2 that would lead beyond `output_stride` become 1, and the 3x3 convolutions of that
    block group and of those after it are dilated instead: by 2, then by 4; or not dilated, which
    makes finer maps of smaller receptive fields. Levels keep their names.
    """

    def __init__(
        self, *args: Any, padding: str, output_stride: int, dilated: bool = True, **kwargs: Any
    ):
        """Builds the network.

        Args:
          *args: of Model Garden's `ResNet`.
          padding: 'same' or 'symmetric'.
          output_stride: 8, 16 or 32.
          dilated: whether dilation makes up for strides.
          **kwargs: of Model Garden's `ResNet`.
        """
        self._symmetric = padding == "symmetric"
        self._dilated = dilated
        self._last_level = output_stride.bit_length() - 1
        super().__init__(*args, **kwargs)

    def _stem(self, inputs: tf.Tensor) -> tf.Tensor:
        if not self._symmetric:
            return super()._stem(inputs)
        x = SymmetricConv2D(
            int(64 * (self._depth_multiplier if self._scale_stem else 1.0)),
            kernel_size=7,
            strides=2,
            use_bias=False,
            kernel_initializer=self._kernel_initializer,
            kernel_regularizer=self._kernel_regularizer,
        )(inputs)
        x = tf.keras.layers.BatchNormalization(
            momentum=self._norm_momentum,
            epsilon=self._norm_epsilon,
            trainable=self._bn_trainable,
            synchronized=self._use_sync_bn,
        )(x)
        x = tf_utils.get_activation(self._activation, use_keras_layer=True)(x)
        return SymmetricMaxPool2D(pool_size=3, strides=2)(x)

    def _block_group(
        self,
        inputs: tf.Tensor,
        filters: int,
        strides: int,
        block_fn: Callable[..., tf.keras.layers.Layer],
        name: str = "block_group",
        **kwargs: Any,
    ) -> tf.Tensor:
        level = int(name[-1])
        beyond = max(level - self._last_level, 0)
        dilation = 2**beyond if self._dilated else 1

        def adapted_block(**arguments: Any) -> tf.keras.layers.Layer:
            return _BLOCKS[block_fn](symmetric=self._symmetric, dilation=dilation, **arguments)

        return super()._block_group(
            inputs, filters, 1 if beyond else strides, adapted_block, name=name, **kwargs
        )
