# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which experiment is to be run: Model Garden's parameters, from a name and what overrides it."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import yaml
from absl import logging
from official.core import config_definitions, exp_factory
from official.modeling import hyperparams
from official.vision.configs import maskrcnn, retinanet

from vito_tf.backbones import encoder_files, model_garden, resnet
from vito_tf.transfer import conversion

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(
    experiment: str,
    config_files: Sequence[str] = (),
    params_override: str | None = None,
    tpu: str | None = None,
    encoder: str | None = None,
    data: str | None = None,
) -> config_definitions.ExperimentConfig:
    """Reads the parameters of a run; what comes later overrides what came before.

    Args:
      experiment: a registered name, ours (`vito_...`) or Model Garden's.
      config_files: YAML files, looked for as they are named and then beside the package.
      params_override: YAML, JSON, `a.b=1,c.d=2`, or a YAML file.
      tpu: name or address of a TPU.
      encoder: folder of an encoder, for experiments whose backbone is of our types.
      data: folder that relative input paths lie in.

    Returns:
      The parameters, locked.

    Raises:
      ValueError: naming what cannot be used.
    """
    try:
        params = exp_factory.get_exp_config(experiment)
    except LookupError as error:
        raise ValueError(f"--experiment={experiment} is not registered.") from error
    for file in config_files:
        _override(params, _find(file), f"--config_file={file}")
    _override(params, params_override, f"--params_override={params_override}")
    if encoder:
        _set_encoder(params, encoder)
    for inputs in (params.task.train_data, params.task.validation_data):
        inputs.override({"input_path": _in_folder(inputs.input_path, data)})
    if tpu:
        params.runtime.override({"tpu": tpu})
    if params.runtime.distribution_strategy == "mirrored" and not params.runtime.num_gpus:
        params.runtime.override({"num_gpus": len(tf.config.list_physical_devices("GPU"))})
    params.validate()
    params.lock()
    return params


def check_inputs(params: config_definitions.ExperimentConfig, names: Sequence[str]) -> None:
    """Looks for the data before anything is built.

    Args:
      params: of the experiment.
      names: of 'train_data' and 'validation_data' those that will be read.

    Raises:
      ValueError: there are none, or of another number of classes.
    """
    for name in names:
        inputs = params.task.get(name).as_dict()
        if inputs["tfds_name"]:
            continue
        paths = inputs["input_path"]
        patterns = [paths] if isinstance(paths, str) else list(paths)
        for pattern in patterns:
            if not pattern or not tf.io.gfile.glob(pattern):
                raise ValueError(f"task.{name}.input_path = {pattern!r} matches no file.")
            _check_classes(params, inputs, os.path.dirname(pattern))


def check_init_checkpoint(params: config_definitions.ExperimentConfig) -> None:
    """Compares an encoder that `init_checkpoint` names with the backbone that takes its weights.

    A ResNet's weights fit a backbone of other padding as well, and then give other features.
    Another epsilon of batch norm does little harm, and is warned of. A Swin transformer's weights
    fit nothing that computes otherwise.

    Raises:
      ValueError: the encoder was trained with another padding than the backbone has.
    """
    folder = params.task.init_checkpoint
    if not folder or not tf.io.gfile.exists(os.path.join(folder, encoder_files.DESCRIPTION)):
        return
    architecture = encoder_files.read(folder).architecture
    if not isinstance(architecture, resnet.Architecture):
        return
    model = params.task.model
    backbone: Any = model.backbone.get() if hasattr(model, "backbone") else None
    if architecture.padding != getattr(backbone, "padding", "same"):
        raise ValueError(
            f"The encoder of task.init_checkpoint={folder} has the padding "
            f"{architecture.padding!r}, and the backbone has not; --encoder={folder} gives it one "
            "that has, in experiments whose backbone is of the type encoder."
        )
    norm: Any = getattr(model, "norm_activation", None)
    if (
        norm is not None
        and not isinstance(backbone, model_garden.Encoder)
        and norm.norm_epsilon != architecture.norm_epsilon
    ):
        logging.warning(
            "task.model.norm_activation.norm_epsilon is %g; the encoder was trained with %g.",
            norm.norm_epsilon,
            architecture.norm_epsilon,
        )


def _check_classes(
    params: config_definitions.ExperimentConfig, inputs: dict[str, Any], folder: str
) -> None:
    """Compares the classes of converted data with those of the model."""
    path = os.path.join(folder, conversion.INFO_FILE)
    if not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path) as file:
        info = json.loads(file.read())
    there = len(info["class_names"])
    if isinstance(params.task, (retinanet.RetinaNetTask, maskrcnn.MaskRCNNTask)):
        # Model Garden's detectors take published ids as they are, and 0 for the background.
        ids = info.get("category_ids", [there])
        if min(ids) < 1:
            raise ValueError(
                f"{folder} has a category of id 0, which is the background of this experiment; "
                "number the categories from 1, or choose one of ours."
            )
        there = max(ids) + 1
    model = params.task.model.as_dict()
    for name, asked in (
        ("task.model.num_classes", model.get("num_classes")),
        ("task.train_data.num_classes", inputs.get("num_classes")),
    ):
        if asked not in (None, there):
            raise ValueError(f"{name} is {asked}, but {folder} has {there} classes.")


def _find(file: str) -> str:
    places = [pathlib.Path(file), _ROOT / file]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ValueError(f"--config_file={file}: there is no such file here or in {_ROOT}.")
    return str(found)


def _override(
    params: config_definitions.ExperimentConfig, overrides: str | None, named_by: str
) -> None:
    try:
        hyperparams.override_params_dict(params, overrides, is_strict=True)
    except (KeyError, ValueError, TypeError, AttributeError, yaml.YAMLError, OSError) as error:
        reason = " ".join(str(error.args[0] if error.args else error).split())
        raise ValueError(f"{named_by}: {reason}") from error
    except tf.errors.NotFoundError as error:
        raise ValueError(f"{named_by} is neither parameters nor a file of them.") from error


def _set_encoder(params: config_definitions.ExperimentConfig, folder: str) -> None:
    backbone: Any = getattr(params.task.model, "backbone", None)
    chosen = backbone.get() if hasattr(backbone, "get") else None
    if not isinstance(chosen, model_garden.Encoder):
        raise ValueError(
            "--encoder is for experiments whose backbone is of the types encoder or vito_frames; "
            "this one takes task.init_checkpoint=FOLDER,task.init_checkpoint_modules=backbone."
        )
    chosen.override({"path": folder})


def _in_folder(paths: Any, folder: str | None) -> Any:
    """Relative paths within a folder; absolute ones and those of other kinds as they are."""
    if not folder or not paths:
        return paths
    if isinstance(paths, str):
        return paths if "://" in paths else os.path.join(folder, paths)
    return [_in_folder(path, folder) for path in paths]
