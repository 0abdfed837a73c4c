# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Copies of Keras models for images of any size, and with fewer strides."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

import tensorflow as tf

_ENDS = re.compile(r"conv4_block\d+_(out|preact_relu)")


class LevelFour(NamedTuple):
    """Where a network's level '4' is.

    Attributes:
      strided: names of the layers that bring stride 8 to stride 16.
      output: name of the layer whose output the level is.
    """

    strided: frozenset[str]
    output: str


def any_size(model: tf.keras.Model, unstrided: Collection[str] = ()) -> tf.keras.Model:
    """Copies a functional model, weights included, for images [B, H, W, 3] of any size.

    Args:
      model: without layers that depend on the size of the images.
      unstrided: names of layers whose stride becomes 1.
    """

    def copy(layer: tf.keras.layers.Layer) -> tf.keras.layers.Layer:
        strides = {"strides": (1, 1)} if layer.name in unstrided else {}
        return layer.__class__.from_config({**layer.get_config(), **strides})

    clone = tf.keras.models.clone_model(model, tf.keras.Input([None, None, 3]), copy)
    clone.set_weights(model.get_weights())
    return clone


def before_last_stride(model: tf.keras.Model) -> LevelFour:
    """Finds the like of level '4' in a network of inverted bottlenecks, such as EfficientNet-Lite.

    It is what the last strided block begins with: the deepest output of a block of stride 16.

    Args:
      model: whose strided blocks expand by one layer before the layer with the stride.
    """
    strided = [layer for layer in model.layers if getattr(layer, "strides", None) == (2, 2)]
    expand = strided[-1].inbound_nodes[0].inbound_layers
    return LevelFour(frozenset([strided[-2].name]), expand.inbound_nodes[0].inbound_layers.name)


def level_four(model: tf.keras.Model) -> LevelFour:
    """Finds level '4' in one of Keras Applications' ResNets or ResNetV2s.

    It is the deepest map of stride 16, rectified: a ResNet's conv4 as it leaves the group. In
    ResNetV2s, whose strides are those of a group's last block, it is what that last block of conv4
    begins with, after batch norm and ReLU; our choice.

    Args:
      model: for images [B, S, S, 3] of one size S >= 32.
    """
    size = -(-model.input_shape[1] // 16)
    layers = [layer for layer in model.layers if layer.output_shape[1:2] == (size,)]
    strided = (layer.name for layer in layers if getattr(layer, "strides", None) == (2, 2))
    ends = [layer.name for layer in layers if _ENDS.fullmatch(layer.name)]
    return LevelFour(frozenset(strided), ends[-1])


def at_stride_8(model: tf.keras.Model, level: LevelFour) -> tf.keras.Model:
    """Level '4' at stride 8, neither strided nor dilated (VFS, `switch_strides`).

    Args:
      model: the network, or its copy of any size.
      level: as `level_four` or `before_last_stride` found it.

    Returns:
      A model of its own weights from images [B, H, W, 3] to [B, ceil(H / 8), ceil(W / 8), D].
    """
    clone = any_size(model, level.strided)
    return tf.keras.Model(clone.input, clone.get_layer(level.output).output)
