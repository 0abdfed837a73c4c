# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders that are backbones: ours, converted ones, random ones."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from vito_tf.backbones import networks, normalisation, resnet
from vito_tf.evaluation.encoders import encoder, keras_encoder

_DENSE_LEVEL = "4"
_DENSE_STRIDE = 8


def of_backbone(
    backbone: tf.keras.Model,
    architecture: networks.Architecture,
    name: str,
    description: str,
    image_size: int,
    masks: keras_encoder.Attention | None = None,
) -> keras_encoder.KerasEncoder:
    """Makes an encoder whose features are the average of the last level.

    Args:
      backbone: of `networks.build` of `architecture`, up to the last level that was trained.
      architecture: of the backbone.
      name: see `Encoder`.
      description: see there.
      image_size: see there.
      masks: where the network pools by attention.

    Raises:
      ValueError: a weight is not finite.
    """
    last_map = backbone.output[max(backbone.output)]
    outputs = {
        keras_encoder.FEATURES: tf.keras.layers.GlobalAveragePooling2D()(last_map),
        encoder.LAST_MAP: last_map,
    }
    network = tf.keras.Model(backbone.inputs, outputs)
    return of_network(
        network, backbone, architecture, {}, name, description, image_size, masks=masks
    )


def of_network(
    network: tf.keras.Model,
    backbone: tf.keras.Model,
    architecture: networks.Architecture | None,
    facts: Mapping[str, Any],
    name: str,
    description: str,
    image_size: int,
    masks: keras_encoder.Attention | None,
) -> keras_encoder.KerasEncoder:
    """Makes an encoder of a network that a backbone is part of.

    Args:
      network: see `KerasEncoder`; takes what `normalisation.normalise` returns.
      backbone: see `of_backbone`.
      architecture: of the backbone; None where it is not one of `networks.build`, which leaves
        the encoder without dense features.
      facts: all else that the outputs depend on besides weights.
      name: see `of_backbone`, as are the others.
      description: see there.
      image_size: see there.
      masks: see there.

    Raises:
      ValueError: a weight is not finite.
    """
    build_dense = None
    if architecture is not None and _DENSE_LEVEL in backbone.output:
        build_dense = functools.partial(_level_four_at_stride_8, backbone, architecture)
    return keras_encoder.build(
        networks.kind(architecture) if architecture is not None else "backbone",
        {"architecture": architecture and dataclasses.asdict(architecture), **facts},
        name,
        description,
        image_size,
        network,
        normalisation.normalise,
        build_dense,
        masks,
    )


def _level_four_at_stride_8(
    backbone: tf.keras.Model, architecture: networks.Architecture
) -> tf.keras.Model:
    """Level '4' of the same weights: a ResNet neither strided nor dilated (VFS, `switch_strides`).

    A Swin transformer has no strides to leave out, its patches and merging being what they are: it
    is given images enlarged by 2, bilinearly, whose level '4' has stride 8. That is our choice; the
    paper evaluates no Swin transformer on DAVIS.
    """
    if not isinstance(architecture, resnet.Architecture):
        return _of_enlarged_images(networks.up_to(backbone, _DENSE_LEVEL))
    unstrided = resnet.build(architecture, output_stride=_DENSE_STRIDE, dilated=False)
    unstrided = networks.up_to(unstrided, _DENSE_LEVEL)
    unstrided.trainable = False  # As the backbone's, for the same order of weights.
    for target, value in zip(unstrided.weights, backbone.weights):
        target.assign(value)
    return tf.keras.Model(unstrided.inputs, unstrided.output[_DENSE_LEVEL])


def _of_enlarged_images(backbone: tf.keras.Model) -> tf.keras.Model:
    images = tf.keras.Input([None, None, 3])
    enlarge = 2 ** int(_DENSE_LEVEL) // _DENSE_STRIDE
    enlarged = tf.keras.layers.UpSampling2D(enlarge, interpolation="bilinear")(images)
    return tf.keras.Model(images, backbone(enlarged)[_DENSE_LEVEL])
