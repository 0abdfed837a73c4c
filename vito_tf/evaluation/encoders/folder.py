# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders on disk: exports, converted checkpoints, and runs of linear classification."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

from vito_tf.backbones import encoder_files, model_garden, networks
from vito_tf.evaluation.encoders import backbone_encoder, encoder, keras_encoder
from vito_tf.transfer import linear_classification, linear_classifier

_IMAGE_SIZE = 224
_PARAMETERS = "params.yaml"  # Of a finetune run.
_CONFIGURATION = "config.gin"  # Of a pretraining run.


def load(folder: str, image_size: int | None = None) -> keras_encoder.KerasEncoder:
    """Loads what export_tfhub, export_backbone, convert_torch or `vito_tf.finetune` wrote.

    An export with attention has attention here; so has a linear classifier on it, whose run names
    the export's folder. A linear classifier of other than ILSVRC-2012's 1000 classes gives
    features alone.

    Args:
      folder: with encoder.json; or of a run of vito_imagenet_linear, with params.yaml.
      image_size: 224 by default, or what the linear classifier was trained with.

    Raises:
      ValueError: it holds none of these, or is damaged; the message says what to do.
    """
    if tf.io.gfile.exists(os.path.join(folder, encoder_files.DESCRIPTION)):
        return _load_encoder(folder, image_size)
    if tf.io.gfile.exists(os.path.join(folder, _PARAMETERS)):
        return _load_linear_run(folder, image_size)
    raise ValueError(_what_it_is(folder))


def _what_it_is(folder: str) -> str:
    """Says of a folder without an encoder what to do with it."""
    if not tf.io.gfile.exists(folder):
        return f"there is no folder {folder}"
    if tf.io.gfile.exists(os.path.join(folder, _CONFIGURATION)):
        return (
            f"{folder} is a pretraining run; export its encoder first: python "
            f"export/export_tfhub.py --model_dir={folder} --export_path=FOLDER"
        )
    if tf.saved_model.contains_saved_model(folder):
        return f"{folder} is a SavedModel of somebody else's; write saved_model:{folder}"
    return (
        f"{folder} holds no encoder: neither {encoder_files.DESCRIPTION} (export_tfhub, "
        f"export_backbone, convert_torch) nor {_PARAMETERS} (vito_tf.finetune)"
    )


def _load_encoder(folder: str, image_size: int | None) -> keras_encoder.KerasEncoder:
    files = encoder_files.read(folder)
    backbone = networks.build(files.architecture)
    encoder_files.restore(backbone, files)
    return backbone_encoder.of_backbone(
        networks.up_to(backbone, files.last_level),
        files.architecture,
        name_of(folder),
        f"{folder}: {files.source}",
        image_size or _IMAGE_SIZE,
        _exported_attention(folder),
    )


def name_of(folder: str) -> str:
    """The last part of a path."""
    return os.path.basename(os.path.normpath(folder))


def _load_linear_run(folder: str, image_size: int | None) -> keras_encoder.KerasEncoder:
    classifier, info = linear_classifier.load_classifier(folder)
    (backbone,) = (layer for layer in classifier.layers if isinstance(layer, tf.keras.Model))
    network = keras_encoder.of_classifier(classifier)
    description = (
        f"{folder}: linear classifier of {info.num_classes} classes, step {info.step}, learning "
        f"rate {info.learning_rate:g}"
    )
    if info.num_classes != encoder.IMAGENET_CLASSES:
        outputs = {k: value for k, value in network.output.items() if k != encoder.LOGITS}
        network = tf.keras.Model(network.inputs, outputs)
        description += f"; features alone, for want of {encoder.IMAGENET_CLASSES} classes"
    model = linear_classifier.read_parameters(folder).task.model
    path, architecture = _encoder_of_run(model.backbone)
    return backbone_encoder.of_network(
        network,
        backbone,
        architecture,
        {"model": _without_path(model)},
        name_of(folder),
        description,
        image_size or info.image_size,
        masks=_exported_attention(path),
    )


def _encoder_of_run(config: model_garden.Backbone) -> tuple[str, networks.Architecture | None]:
    """Path of the encoder that a run of linear classification names, if any, and its network."""
    chosen = config.get()
    if not isinstance(chosen, (model_garden.Encoder, model_garden.Swin)):
        return "", None
    return getattr(chosen, "path", ""), model_garden.architecture_of(chosen)


def _without_path(model: linear_classification.LinearModel) -> dict[str, Any]:
    """What the network is, wherever its encoder lies."""
    backbone = {**model.backbone.get().as_dict(), "path": None}
    return {"backbone": backbone, "norm": model.norm_activation.as_dict()}


def _exported_attention(folder: str) -> keras_encoder.Attention | None:
    """The attention of an export, where its network pools by it."""
    if not folder or not tf.saved_model.contains_saved_model(folder):
        return None
    loaded = tf.saved_model.load(folder)
    if not hasattr(loaded, "attention"):
        return None
    (function,) = loaded.attention.concrete_functions
    # The function alone would not keep the variables alive.
    return keras_encoder.Attention(lambda images: loaded.attention(images), function.variables)
