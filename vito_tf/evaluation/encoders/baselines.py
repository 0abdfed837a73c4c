# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Baselines that know nothing: random weights, and no weights at all."""

from __future__ import annotations

import dataclasses

import tensorflow as tf
from official.vision.modeling.backbones import resnet as model_garden

from vito_tf.backbones import networks, resnet, swin
from vito_tf.evaluation.encoders import (
    backbone_encoder,
    encoder,
    identity,
    keras_encoder,
    random_weights,
)

_IMAGE_SIZE = 224
_NETWORKS: dict[str, networks.Architecture] = {
    **{f"resnet{depth}": resnet.Architecture(depth) for depth in sorted(model_garden.RESNET_SPECS)},
    **{f"swin_{size}": architecture for size, architecture in swin.SIZES.items()},
}
COLOUR = "colour"
_GRID = 4  # Our choice, as is that of a grid at all.
_CELL = 8


def load_random(
    network: str, image_size: int | None = None, seed: int = 0, depth_multiplier: float = 1.0
) -> keras_encoder.KerasEncoder:
    """Builds a ResNet or a Swin transformer that was never trained.

    Args:
      network: 'resnet10', 'resnet18', 'resnet34', 'resnet50', ..., 'swin_tiny', 'swin_small' or
        'swin_base'.
      image_size: 224 by default.
      seed: of the weights.
      depth_multiplier: of `resnet.Architecture`.

    Raises:
      ValueError: there is no such network, or it is none whose width can be multiplied.
    """
    if network not in _NETWORKS:
        raise ValueError(f"there is no network {network!r}; there are {', '.join(_NETWORKS)}")
    architecture = _NETWORKS[network]
    description = network
    if isinstance(architecture, resnet.Architecture):
        architecture = dataclasses.replace(architecture, depth_multiplier=depth_multiplier)
        description += f" of width {depth_multiplier:g}"
    elif depth_multiplier != 1:
        raise ValueError(f"depth_multiplier={depth_multiplier:g} is for ResNets, not for {network}")
    backbone = networks.build(architecture)
    random_weights.fill(backbone, seed)
    return backbone_encoder.of_backbone(
        backbone,
        architecture,
        f"random {network}",
        f"{description} with random weights, seed {seed}",
        image_size or _IMAGE_SIZE,
    )


@dataclasses.dataclass(frozen=True)
class ColourEncoder(encoder.Encoder):
    """Average colours: of a 4x4 grid as features, [B, 48]; of 8x8 pixels as dense features."""

    def __call__(self, images: tf.Tensor) -> encoder.Outputs:
        edges = tf.linspace(0.0, 1.0, _GRID + 1)
        size = tf.cast(tf.shape(images)[1:3], tf.float32)
        colours = _cell_averages(images, edges * size[0], edges * size[1])
        return encoder.Outputs(tf.reshape(colours, [-1, _GRID * _GRID * 3]), None, None)

    def dense_features(self, images: tf.Tensor) -> tf.Tensor:
        """[B, ceil(H / 8), ceil(W / 8), 3]; cells at the end average the pixels that there are."""
        height, width = tf.unstack(tf.shape(images)[1:3])
        return _cell_averages(images, _cell_edges(height), _cell_edges(width))


def load_raw(what: str, image_size: int | None = None) -> ColourEncoder:
    """Takes pixels as they are.

    Args:
      what: 'colour'.
      image_size: 224 by default.

    Raises:
      ValueError: for anything else.
    """
    if what != COLOUR:
        raise ValueError(f"there is no raw {what!r}; there is {COLOUR}")
    return ColourEncoder(
        "raw colour",
        identity.digest("raw colour", {}, []),
        "average colours, no network",
        image_size or _IMAGE_SIZE,
        frozenset({encoder.DENSE_FEATURES}),
    )


def _cell_edges(length: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.minimum(tf.range(0, length + _CELL, _CELL), length), tf.float32)


def _cell_averages(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Averages over the cells [B, R, C, 3] between R + 1 and C + 1 edges, in pixels."""
    shape = tf.shape(images)
    return tf.einsum(
        "rh,bhwd,cw->brcd", _shares(rows, shape[1]), images, _shares(columns, shape[2])
    )


def _shares(edges: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """How much of each of K intervals each of N pixels makes up, [K, N]; rows sum to 1."""
    starts, ends = edges[:-1, tf.newaxis], edges[1:, tf.newaxis]
    pixels = tf.range(tf.cast(length, tf.float32))
    overlaps = tf.minimum(pixels + 1, ends) - tf.maximum(pixels, starts)
    return tf.maximum(overlaps, 0) / (ends - starts)
