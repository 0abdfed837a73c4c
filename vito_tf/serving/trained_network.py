# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Rebuilds the network of a run from what the run has written."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator

import gin
import tensorflow as tf
from absl import logging

from vito_tf import configuration, registry  # noqa: F401
from vito_tf.backbones import networks
from vito_tf.pretraining import comparison, run_directory
from vito_tf.pretraining import network as network_lib

NETWORKS = ("online", "target")


class TrainedNetworkError(ValueError):
    """A folder that holds no usable run; the message names it."""


@dataclasses.dataclass(frozen=True)
class TrainedNetwork:
    """The network of a run.

    Attributes:
      network: with the run's weights.
      name: which of the run's two: 'online' or 'target'.
      model_dir: of the run.
      checkpoint: path of the weights.
      step: at which they were saved.
      image_size: S of the views that it was trained on.
      config: text of the run's configuration.
      summary: figures of the run; empty while it is not finished.
    """

    network: network_lib.VitoNetwork
    name: str
    model_dir: str
    checkpoint: str
    step: int
    image_size: int
    config: str
    summary: dict[str, float]

    @property
    def architecture(self) -> networks.Architecture:
        """Of the encoder.

        Raises:
          TrainedNetworkError: if it is neither a ResNet of Model Garden's nor a Swin transformer.
        """
        backbone = self.network.backbone
        architecture = networks.architecture_of(backbone)
        if architecture is None:
            raise TrainedNetworkError(
                f"The run in {self.model_dir} has a backbone of type {type(backbone).__name__}; "
                "only those of @resnet and @swin can be exported."
            )
        return architecture

    @property
    def last_level(self) -> str:
        """The deepest level that was pooled; the layers beyond it were never trained."""
        return max(self.network.levels)


def load(model_dir: str, network: str = "online", checkpoint: str | None = None) -> TrainedNetwork:
    """Loads the network of a run, whatever of gin's configuration is in force.

    The run's `config.gin` is parsed like any gin file: it may import modules, and is trusted as
    code is. The configuration of the caller is put back; what it has used so far (gin's operative
    configuration) is forgotten.

    Args:
      model_dir: of the run. The baseline of a comparison is in its folder `moclr`.
      network: 'online' or 'target'.
      checkpoint: name in the run's folder of checkpoints, such as 'step-500'; None for the newest
        one that can be read.

    Raises:
      TrainedNetworkError: if there is no run, no checkpoint, or none that can be read.
      ConfigurationError: if the run's configuration is not one that this version can use.
      ValueError: if it describes a network that cannot be built, or `network` is unknown.
    """
    if network not in NETWORKS:
        raise ValueError(f"--network must be one of {NETWORKS}, not {network!r}.")
    config = _read(model_dir, run_directory.ASKED_CONFIG)
    if config is None:
        raise TrainedNetworkError(
            f"--model_dir={model_dir} holds no run: it has no {run_directory.ASKED_CONFIG}."
        )
    paths = _checkpoints(model_dir, checkpoint)
    with _configured(config), gin.config_scope(_scope(model_dir, config)):
        try:
            views = gin.get_bindings("pretrain").get("views")
            if views is None:
                raise TrainedNetworkError(
                    f"{run_directory.ASKED_CONFIG} of --model_dir={model_dir} is of no pretraining."
                )
            built = network_lib.VitoNetwork(name=network)
        except RuntimeError as error:
            raise configuration.as_user_error(error) or error from error
        built(tf.zeros([1, views.image_size, views.image_size, 3]))
    path, step = _restore(built, network, paths)
    summary = json.loads(_read(model_dir, run_directory.SUMMARY) or "{}")
    return TrainedNetwork(built, network, model_dir, path, step, views.image_size, config, summary)


def _read(model_dir: str, name: str) -> str | None:
    path = os.path.join(model_dir, name)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return file.read()


def _checkpoints(model_dir: str, name: str | None) -> list[str]:
    """Paths of checkpoints in the order in which they are to be tried."""
    folder = os.path.join(model_dir, run_directory.CHECKPOINTS)
    if name is not None:
        path = os.path.join(folder, name)
        if not tf.io.gfile.exists(f"{path}.index"):
            raise TrainedNetworkError(f"--checkpoint={name}: there is no {path}.index.")
        return [path]
    state = tf.train.get_checkpoint_state(folder)
    paths = list(state.all_model_checkpoint_paths) if state else []
    if not paths:
        raise TrainedNetworkError(f"The run in {model_dir} has no checkpoint yet.")
    return paths[::-1]


def _scope(model_dir: str, config: str) -> str | None:
    """The gin scope that a run was built in: a comparison's baseline has the same configuration."""
    parent, name = os.path.split(model_dir.rstrip("/"))
    if name == comparison.BASELINE and _read(parent, run_directory.ASKED_CONFIG) == config:
        return comparison.BASELINE
    return None


@contextlib.contextmanager
def _configured(config: str) -> Iterator[None]:
    """Puts a configuration, and float32, in the place of what is in force."""
    before, was_locked = gin.config_str(), gin.config_is_locked()
    policy = tf.keras.mixed_precision.global_policy()
    gin.clear_config()
    try:
        tf.keras.mixed_precision.set_global_policy("float32")
        configuration.parse([], [config])
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(policy)
        gin.clear_config()
        gin.parse_config(before)
        if was_locked:
            gin.finalize()


def _restore(network: network_lib.VitoNetwork, name: str, paths: list[str]) -> tuple[str, int]:
    """Restores the first checkpoint that can be read; returns its path and step."""
    step = tf.Variable(0, dtype=tf.int64, trainable=False)
    reader = tf.train.Checkpoint(
        model=tf.train.Checkpoint(**{name: network}),
        optimizer=tf.train.Checkpoint(_iterations=step),
    )
    reasons = []
    for path in paths:
        try:
            reader.read(path).expect_partial().assert_existing_objects_matched()
        except (AssertionError, ValueError, LookupError, RuntimeError, tf.errors.OpError) as error:
            reasons.append(str(error).splitlines()[0])
            logging.warning("%s is passed over: %s", path, reasons[-1])
            continue
        return path, int(step.numpy())
    raise TrainedNetworkError(
        f"None of the checkpoints in {os.path.dirname(paths[0])} can be read into the network of "
        f"the run's {run_directory.ASKED_CONFIG}; the newest: {reasons[0]}"
    )
