# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The classifier that a run of linear classification found best, for evaluations to come (A.7)."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

import tensorflow as tf
import yaml
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import hyperparams

from vito_tf.transfer import checkpoint_errors, linear_classification

_RESULTS = (
    "best_learning_rate",
    "best_accuracy",
    "best_top_5_accuracy",
    "best_ckpt_global_step",
)


class Info(NamedTuple):
    """Where a classifier comes from.

    Attributes:
      learning_rate: of its head, as `task.learning_rates` has it.
      accuracy: on the validation images, in [0, 1].
      top_5_accuracy: likewise.
      step: of training.
      image_size: S for which it was trained.
      num_classes: of its logits.
    """

    learning_rate: float
    accuracy: float
    top_5_accuracy: float
    step: int
    image_size: int
    num_classes: int


def load_classifier(model_dir: str) -> tuple[tf.keras.Model, Info]:
    """Loads encoder and best head of a run of `vito_imagenet_linear`.

    The encoder's folder must still be where `task.model.backbone.encoder.path` said.

    Args:
      model_dir: of the run, with `params.yaml` and `best_ckpt`.

    Returns:
      A model from standardised images [B, H, W, 3] float32 to logits [B, num_classes] float32 (an
      encoder's batch norm uses its running statistics whatever `training` says), and what is known
      about it.

    Raises:
      ValueError: the folder holds no such run, or one that was never evaluated.
    """
    params = read_parameters(model_dir)
    best = os.path.join(model_dir, params.trainer.best_checkpoint_export_subdir)
    results = _results(best)
    probe = linear_classification.LinearClassificationTask(params.task).build_model()
    with checkpoint_errors.named(best):
        status = tf.train.Checkpoint(**probe.checkpoint_items).read(
            tf.train.latest_checkpoint(best)
        )
        status.expect_partial().assert_existing_objects_matched()
    rates = params.task.learning_rates
    head = min(range(len(rates)), key=lambda k: abs(rates[k] - results["best_learning_rate"]))
    info = Info(
        learning_rate=rates[head],
        accuracy=results["best_accuracy"],
        top_5_accuracy=results["best_top_5_accuracy"],
        step=int(results["best_ckpt_global_step"]),
        image_size=params.task.model.input_size[0],
        num_classes=params.task.model.num_classes,
    )
    return _classifier(probe, head), info


def read_parameters(model_dir: str) -> cfg.ExperimentConfig:
    """Reads the parameters of a run of linear classification.

    Raises:
      ValueError: the folder has no `params.yaml`, or one of something else.
    """
    path = os.path.join(model_dir, "params.yaml")
    if not tf.io.gfile.exists(path):
        raise ValueError(f"{model_dir} is no folder of a finetune run: it has no params.yaml.")
    params = exp_factory.get_exp_config(linear_classification.EXPERIMENT)
    try:
        return hyperparams.override_params_dict(params, path, is_strict=True)
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        name = linear_classification.EXPERIMENT
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} is not of the experiment {name}: {reason}") from error


def _results(folder: str) -> dict[str, float]:
    path = os.path.join(folder, "info.json")
    if not tf.io.gfile.exists(path) or not tf.train.latest_checkpoint(folder):
        raise ValueError(f"{folder} holds no best checkpoint, which --mode=train_and_eval makes.")
    with tf.io.gfile.GFile(path) as file:
        try:
            found = json.loads(file.read())
            return {name: float(found[name]) for name in _RESULTS}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} does not describe a best checkpoint: {error}") from error


def _classifier(probe: tf.keras.Model, head: int) -> tf.keras.Model:
    """Encoder, pooling and one of the heads."""
    images = tf.keras.Input([None, None, 3])
    levels = probe.backbone(images, training=False)
    features = tf.keras.layers.GlobalAveragePooling2D(dtype=tf.float32)(levels[max(levels)])
    kernel, bias = probe.heads.kernel[head].numpy(), probe.heads.bias[head].numpy()
    dense = tf.keras.layers.Dense(bias.size, dtype=tf.float32)
    classifier = tf.keras.Model(images, dense(features))
    dense.set_weights([kernel, bias])
    return classifier
