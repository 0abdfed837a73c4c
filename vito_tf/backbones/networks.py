# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The kinds of networks that encoders are: ResNets, and Swin transformers (Table B.2).

Whatever takes an encoder of either kind goes through here, and nothing else tells them apart by
name. A further kind is one more module with an `Architecture`, a frozen dataclass, and a `build`
that takes one, and one more line here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Union

import tensorflow as tf
from official.vision.modeling.backbones import resnet as model_garden

from vito_tf.backbones import resnet, swin

Architecture = Union[resnet.Architecture, swin.Architecture]

LEVELS = swin.LEVELS

_KINDS: dict[str, Any] = {"resnet": resnet, "swin": swin}
_FIRST_KIND = "resnet"


def kind(architecture: Architecture) -> str:
    """The name of an architecture's kind: 'resnet' or 'swin'."""
    return next(
        name for name, module in _KINDS.items() if isinstance(architecture, module.Architecture)
    )


def build(architecture: Architecture, **options: Any) -> tf.keras.Model:
    """Builds a network of random weights.

    Args:
      architecture: of any kind.
      **options: of the kind's own `build`: `kernel_regularizer` and `input_specs` of both.

    Returns:
      A model named 'backbone' with `output_specs`, from standardised images [B, H, W, 3] to feature
      maps {'2', '3', '4', '5'}: [B, h, w, C] of stride 2**level.
    """
    return _KINDS[kind(architecture)].build(architecture, **options)


def architecture_of(backbone: tf.keras.Model) -> Architecture | None:
    """What a backbone of pretraining's was built of; None for one that `build` does not make.

    Args:
      backbone: of `@resnet`, `@swin` or another builder.
    """
    if type(backbone) is model_garden.ResNet:  # An adapted one has other strides or padding.
        config = backbone.get_config()
        names = ("model_id", "depth_multiplier", "scale_stem", "norm_epsilon")
        return resnet.Architecture(**{name: config[name] for name in names})
    return getattr(backbone, "architecture", None)


def describe(architecture: Architecture) -> dict[str, Any]:
    """What `encoder.json` says of a network: its kind, and the fields of its architecture."""
    return {"network": kind(architecture), "architecture": dataclasses.asdict(architecture)}


def from_description(description: Mapping[str, Any]) -> Architecture:
    """The architecture that `describe` described.

    Args:
      description: may have further keys. Without 'network', as first versions wrote it, it is a
        ResNet's.

    Raises:
      KeyError: there is no 'architecture'.
      TypeError: its fields are not those of the kind.
      ValueError: it is of no known kind, or no network has such a value.
    """
    name = description.get("network", _FIRST_KIND)
    if name not in _KINDS:
        raise ValueError(f"network must be one of {sorted(_KINDS)}, not {name!r}.")
    return _KINDS[name].Architecture(**description["architecture"])


def up_to(backbone: tf.keras.Model, last_level: str) -> tf.keras.Model:
    """Leaves out the levels beyond one, such as those that pretraining did not reach.

    Args:
      backbone: of `build`.
      last_level: '2' to '5'.

    Returns:
      A backbone of the same layers; `backbone` itself where there is nothing to leave out.
    """
    levels = [level for level in sorted(backbone.output_specs) if level <= last_level]
    if len(levels) == len(backbone.output_specs):
        return backbone
    outputs = {level: backbone.output[level] for level in levels}
    shortened = tf.keras.Model(backbone.inputs, outputs, name=backbone.name)
    shortened.output_specs = {level: backbone.output_specs[level] for level in levels}
    return shortened
