# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Converts PyTorch's checkpoints to encoders on disk and back, and checks what it has written."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
import tensorflow as tf

from vito_tf import torch_checkpoint, torch_files
from vito_tf.backbones import (
    encoder_files,
    networks,
    swin,
    torch_resnet,
    torch_state,
    torch_swin,
)

_LAYOUTS: dict[str, Any] = {"resnet": torch_resnet, "swin": torch_swin}
_TRIAL_SHAPE = (2, 97, 64, 3)  # An odd size and an even one: they are padded differently.
_MAX_LISTED = 10


class ConversionError(ValueError):
    """A file or folder that cannot be converted, or a target that cannot be written."""


def to_encoder(
    checkpoint: str, folder: str, prefix: str | None = None, overwrite: bool = False
) -> dict[str, Any]:
    """Converts a checkpoint of torchvision's or Microsoft's Swin layout to an encoder on disk.

    Its architecture (kind, depth, width) is found from names and shapes. A ResNet's padding is
    'symmetric' and batch norm's epsilon 1e-5, as in torchvision. In ResNet-18 and 34 the first
    block's shortcut, which torchvision lacks, is made to do nothing; training moves it (its batch
    norm with the first batch), unless the backbone is frozen. In Swin classifiers there are no
    LayerNorms of levels 2 to 4; they begin with scales of 1 and offsets of 0.

    Args:
      checkpoint: a .pth, .pt or .safetensors file.
      folder: receives the encoder; must be empty or missing.
      prefix: of the network's tensors; None if the file holds but one network.
      overwrite: whether to replace an encoder that the folder holds.

    Returns:
      What was converted; `added`, the tensors that begin as an identity; and `max_difference` of
      the features between what was converted and what the written encoder computes: 0.

    Raises:
      CheckpointError: if the file cannot be read.
      ConversionError: if it holds no such network, or the folder is not empty.
    """
    _check_target(folder, overwrite)
    state = torch_checkpoint.read_state_dict(checkpoint)
    try:
        converted = _from_state_dict(state, prefix)
    except torch_state.StateDictError as error:
        raise ConversionError(f"{checkpoint} cannot be converted. {error}") from error
    name = os.path.basename(checkpoint)
    source = f"PyTorch checkpoint {name}" + (converted.prefix and f", {converted.prefix}*")
    if tf.io.gfile.exists(folder):
        tf.io.gfile.rmtree(folder)
    encoder_files.write(folder, converted.backbone, converted.architecture, source)
    difference = _read_back(converted.backbone, converted.architecture, folder)
    if difference:
        raise ConversionError(f"{folder} was not written well: features differ by {difference}.")
    more = len(converted.ignored) - _MAX_LISTED
    ignored = ", ".join(converted.ignored[:_MAX_LISTED]) + (f" and {more} more" * (more > 0))
    return {
        **_describe(converted.architecture, converted.backbone),
        "prefix": converted.prefix or "none",
        "ignored": ignored or "none",
        "added": ", ".join(converted.added) or "none",
        "max_difference": difference,
    }


def to_checkpoint(
    folder: str, path: str, ignore_padding: bool = False, overwrite: bool = False
) -> dict[str, Any]:
    """Converts an encoder on disk to a state dict with torchvision's names, or Microsoft's.

    Swin transformers have Microsoft's, with the LayerNorms of both its classifier and its backbones
    for segmentation and detection (`torch_swin.to_state_dict`). ResNets have torchvision's; those
    of basic blocks (ResNet-18, 34) have a convolution and a batch norm in the shortcut of
    the first, `layer1.0.downsample`, which has to be added to torchvision's network.

    Args:
      folder: of the encoder.
      path: of the file; ends in .safetensors, .pth or .pt.
      ignore_padding: whether to convert an encoder of padding 'same' too. torchvision's network
        pads all sides alike, so that it computes other features from the weights.
      overwrite: whether to replace a file.

    Returns:
      What was converted, and `max_difference` between the features of the encoder and those of
      PyTorch's padding with the weights read back from the file, relative to the features' largest:
      0 unless padding is ignored.

    Raises:
      EncoderError: if the folder holds no encoder.
      ConversionError: if it is one that torchvision cannot express, or the file exists.
    """
    if not path.endswith(torch_files.SUFFIXES):
        suffixes = ", ".join(torch_files.SUFFIXES)
        raise ConversionError(f"--export_path={path} must end in one of {suffixes}.")
    _check_target(path, overwrite)
    encoder = encoder_files.read(folder)
    _check_expressible(encoder, ignore_padding)
    backbone = _load(encoder)
    if os.path.dirname(path):
        tf.io.gfile.makedirs(os.path.dirname(path))
    layout = _LAYOUTS[networks.kind(encoder.architecture)]
    state = layout.to_state_dict(backbone)
    torch_files.write_state_dict(path, state)
    read_back = layout.from_state_dict(torch_checkpoint.read_state_dict(path))
    for old, new in zip(backbone.weights, read_back.backbone.weights):
        if not np.array_equal(old.numpy(), new.numpy()):
            raise ConversionError(f"{path} was not written well: {old.name} differs.")
    return {
        **_describe(encoder.architecture, backbone),
        "last_level": encoder.last_level,
        "tensors": len(state),
        f"beyond_{layout.LAYOUT.source.lower()}": layout.beyond(state) or "none",
        "max_difference": _max_difference(_features(backbone), _features(read_back.backbone)),
    }


def _from_state_dict(state: dict[str, np.ndarray], prefix: str | None) -> torch_state.Converted:
    """Of the one network among tensors, of whichever kind it is."""
    layouts = {module.LAYOUT: module for module in _LAYOUTS.values()}
    layout, prefix = torch_state.find(state, prefix, list(layouts))
    return layouts[layout].from_state_dict(state, prefix)


def _check_target(path: str, overwrite: bool) -> None:
    """Refuses to overwrite what is no encoder or file, or what nobody asked to overwrite."""
    is_folder = tf.io.gfile.isdir(path)
    if not tf.io.gfile.exists(path) or (is_folder and not tf.io.gfile.listdir(path)):
        return
    if not overwrite:
        raise ConversionError(f"--export_path={path} exists; --overwrite replaces it.")
    description = os.path.join(path, encoder_files.DESCRIPTION)
    if is_folder and not tf.io.gfile.exists(description):
        raise ConversionError(f"--export_path={path} is a folder without an encoder; it is kept.")


def _check_expressible(encoder: encoder_files.EncoderFiles, ignore_padding: bool) -> None:
    """Refuses encoders that compute something else with torchvision's layers."""
    architecture = encoder.architecture
    if isinstance(architecture, swin.Architecture):
        return
    if architecture.norm_epsilon != torch_resnet.NORM_EPSILON:
        raise ConversionError(
            f"{encoder.folder} has norm_epsilon={architecture.norm_epsilon}; torchvision's ResNets "
            f"have {torch_resnet.NORM_EPSILON}."
        )
    if architecture.padding != "symmetric" and not ignore_padding:
        raise ConversionError(
            f"{encoder.folder} pads as TensorFlow does; torchvision's ResNets pad all sides alike, "
            "and so compute other features from its weights. Use --ignore_padding where that does "
            "not matter, or where your own network pads even sizes before layers of stride 2 at "
            "their end: F.pad(x, (2, 3, 2, 3)) before conv1, (0, 1, 0, 1) before pooling and 3x3."
        )


def _load(encoder: encoder_files.EncoderFiles) -> tf.keras.Model:
    backbone = networks.build(encoder.architecture)
    encoder_files.restore(backbone, encoder)
    return backbone


def _describe(architecture: networks.Architecture, backbone: tf.keras.Model) -> dict[str, Any]:
    return {
        "network": networks.kind(architecture),
        **dataclasses.asdict(architecture),
        "parameters": backbone.count_params(),
    }


def _read_back(backbone: tf.keras.Model, architecture: networks.Architecture, folder: str) -> float:
    """Gives a backbone the weights that a folder holds; returns by how much its features differ."""
    encoder = encoder_files.read(folder)
    if encoder.architecture != architecture:
        raise ConversionError(f"{folder} was not written well: it has {encoder.architecture}.")
    expected = _features(backbone)
    for weight in backbone.weights:
        weight.assign(tf.zeros_like(weight))
    encoder_files.restore(backbone, encoder)
    return _max_difference(expected, _features(backbone))


def _features(backbone: tf.keras.Model) -> dict[str, tf.Tensor]:
    images = tf.random.stateless_normal(_TRIAL_SHAPE, seed=(0, 0))
    return backbone(images, training=False)


def _max_difference(ones: dict[str, tf.Tensor], others: dict[str, tf.Tensor]) -> float:
    """The largest difference of feature maps, relative to the largest feature of the map."""
    return max(
        float(
            tf.reduce_max(tf.abs(ones[level] - others[level])) / tf.reduce_max(tf.abs(ones[level]))
        )
        for level in ones
    )
