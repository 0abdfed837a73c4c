# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders on disk: a folder with weights, and a description of the network that they are for.

Exports for TF-Hub, exports for Model Garden and converted PyTorch checkpoints are such folders.
"""

from __future__ import annotations

import dataclasses
import json
import os

import tensorflow as tf

from vito_tf.backbones import networks

DESCRIPTION = "encoder.json"


class EncoderError(ValueError):
    """A folder that holds no usable encoder; the message names it."""


@dataclasses.dataclass(frozen=True)
class EncoderFiles:
    """An encoder on disk.

    Attributes:
      folder: where it is.
      architecture: of its network.
      weights: name within the folder of a `tf.train.Checkpoint(backbone=...)`.
      source: where the weights come from, in words.
      last_level: the deepest level that was trained; layers beyond it are as they were initialised.
    """

    folder: str
    architecture: networks.Architecture
    weights: str
    source: str
    last_level: str = "5"

    @property
    def checkpoint(self) -> str:
        """Path of the checkpoint, as `init_checkpoint` takes it."""
        return os.path.join(self.folder, self.weights)

    def write_description(self) -> None:
        """Writes `encoder.json`, last of all that the folder holds."""
        content = {
            **networks.describe(self.architecture),
            "weights": self.weights,
            "source": self.source,
            "last_level": self.last_level,
        }
        with tf.io.gfile.GFile(os.path.join(self.folder, DESCRIPTION), "w") as file:
            file.write(json.dumps(content, indent=2) + "\n")


def read(folder: str) -> EncoderFiles:
    """Reads the description of an encoder.

    Raises:
      EncoderError: if the folder holds none that this version knows.
    """
    path = os.path.join(folder, DESCRIPTION)
    if not tf.io.gfile.exists(path):
        raise EncoderError(
            f"{folder} is no encoder: it has no {DESCRIPTION}, which export_tfhub, export_backbone "
            "and convert_torch write."
        )
    try:
        with tf.io.gfile.GFile(path) as file:
            content = json.loads(file.read())
        encoder = EncoderFiles(
            folder,
            networks.from_description(content),
            str(content["weights"]),
            str(content["source"]),
            content["last_level"],
        )
        if encoder.last_level not in networks.LEVELS:
            raise ValueError(f"last_level must be one of {networks.LEVELS}.")
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, ValueError) as error:
        raise EncoderError(f"{path} does not describe an encoder: {error}") from error
    if not tf.io.gfile.exists(f"{encoder.checkpoint}.index"):
        raise EncoderError(f"{folder} is no whole encoder: {encoder.weights}.index is missing.")
    return encoder


def write(
    folder: str,
    backbone: tf.keras.Model,
    architecture: networks.Architecture,
    source: str,
    last_level: str = "5",
) -> EncoderFiles:
    """Writes weights and description; Model Garden's `init_checkpoint` takes the folder as it is.

    Args:
      folder: receives them.
      backbone: made by `networks.build` of `architecture`.
      architecture: of the backbone.
      source: where the weights come from, in words.
      last_level: the deepest level that was trained.
    """
    checkpoint = tf.train.Checkpoint(backbone=backbone)
    manager = tf.train.CheckpointManager(checkpoint, folder, 1, checkpoint_name="backbone")
    weights = os.path.basename(manager.save())
    encoder = EncoderFiles(folder, architecture, weights, source, last_level)
    encoder.write_description()
    return encoder


def restore(backbone: tf.keras.Model, encoder: EncoderFiles) -> None:
    """Gives a network that `networks.build` made of `encoder.architecture` the encoder's weights.

    Raises:
      EncoderError: if the weights are not for that network, or damaged.
    """
    try:
        status = tf.train.Checkpoint(backbone=backbone).read(encoder.checkpoint)
        status.expect_partial().assert_existing_objects_matched()
    except (AssertionError, ValueError, LookupError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(
            f"The weights of {encoder.folder} do not fit its {DESCRIPTION}: {reason}"
        ) from error
