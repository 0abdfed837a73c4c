# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Saving a run's state and finding it again: weights, optimiser, step, data position."""

from __future__ import annotations

import tensorflow as tf
from absl import logging

from vito_tf.pretraining import cluster, run_directory


def manager(
    model: tf.keras.Model,
    directory: run_directory.RunDirectory,
    strategy: tf.distribute.Strategy,
    keep: int,
) -> tf.train.CheckpointManager:
    """Checkpoints of all that a run cannot compute again from its configuration.

    Every process of a cluster must take part in a save; only the chief's copy is of use.

    Args:
      model: compiled; its optimiser and its data position are saved with it.
      directory: of the run.
      strategy: where it trains.
      keep: how many checkpoints to keep.
    """
    folder = directory.file(run_directory.CHECKPOINTS)
    if not directory.is_chief:
        folder = _copies(directory, strategy)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    return tf.train.CheckpointManager(checkpoint, folder, max_to_keep=keep, checkpoint_name="step")


def restore(manager: tf.train.CheckpointManager, directory: run_directory.RunDirectory) -> bool:
    """Restores the newest checkpoint that can be read.

    Args:
      manager: of `manager`.
      directory: of the run.

    Returns:
      Whether there was one.

    Raises:
      ValueError: if there are checkpoints, but none of them can be read.
    """
    folder = directory.file(run_directory.CHECKPOINTS)
    state = tf.train.get_checkpoint_state(folder)
    paths = list(state.all_model_checkpoint_paths) if state else []
    for path in reversed(paths):
        try:
            manager.checkpoint.restore(path).assert_existing_objects_matched()
        except (tf.errors.OpError, ValueError, LookupError, RuntimeError) as error:
            logging.warning("%s is damaged and passed over: %s", path, str(error).splitlines()[0])
            continue
        logging.info("Going on from %s.", path)
        return True
    if paths:
        raise ValueError(
            f"None of the checkpoints in {folder} can be read. To start afresh, remove that folder."
        )
    return False


def forget_copies(directory: run_directory.RunDirectory, strategy: tf.distribute.Strategy) -> None:
    """Removes what a process that is not the chief had to save as well."""
    if not directory.is_chief and tf.io.gfile.isdir(_copies(directory, strategy)):
        tf.io.gfile.rmtree(_copies(directory, strategy))


def _copies(directory: run_directory.RunDirectory, strategy: tf.distribute.Strategy) -> str:
    return directory.file(f".{cluster.process_name(strategy)}")
