# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs that were never trained: their files hold random weights."""

import gin
import tensorflow as tf

from tests.backbones import encoders
from tests.pretraining import runs
from vito_tf import configuration, registry  # noqa: F401
from vito_tf.pretraining import build, checkpoints, network, run_directory

SUMMARY = {"steps": 5, "loss": 0.25}


def write_run(folder, bindings="", steps=(5,), scope=None):
    """Writes a run of the tiny configuration; its second network is not like its first.

    Args:
      folder: the run's, a `pathlib.Path`.
      bindings: of gin, on top.
      steps: at which checkpoints are written.
      scope: of gin, in which the networks are built.

    Returns:
      The `VitoModel`, as in the last checkpoint.
    """
    gin.clear_config()
    configuration.parse([], [runs.RUN + "clip_records.file_pattern = 'none'\n", bindings])
    with gin.config_scope(scope):
        bound = gin.get_bindings("pretrain")
        model = build.build_model(
            bound["views"], bound["schedule"], bound["optimizer"], 0, build.Execution()
        )
    directory = run_directory.RunDirectory(str(folder))
    directory.write(run_directory.ASKED_CONFIG, gin.config_str())
    directory.write(run_directory.OPERATIVE_CONFIG, gin.operative_config_str())
    directory.write_json(run_directory.SUMMARY, SUMMARY)
    manager = checkpoints.manager(model, directory, tf.distribute.get_strategy(), keep=3)
    for step in steps:
        encoders.randomise(model.online, seed=step)
        encoders.randomise(model.target, seed=100 + step)
        model.optimizer.iterations.assign(step)
        manager.save(checkpoint_number=step)
    gin.clear_config()
    return model


def random_network():
    """The `VitoNetwork` of the tiny configuration, random in all its weights."""
    gin.clear_config()
    configuration.parse([], [runs.RUN + "clip_records.file_pattern = 'none'\n"])
    built = network.VitoNetwork()
    built(images())
    gin.clear_config()
    return encoders.randomise(built)


def images(batch=2, height=40, width=56, seed=0):
    """Random images, float32 in [0, 1]."""
    return tf.random.stateless_uniform([batch, height, width, 3], [seed, 0])
