# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A pretraining run beside a MoCLR baseline on the same data."""

from __future__ import annotations

import gin
import tensorflow as tf
from absl import logging

from vito_tf import configuration
from vito_tf.pretraining import cluster, pretrain, run_directory

BASELINE = "moclr"


@gin.configurable
def pretrain_and_compare(
    model_dir: str,
    strategy: tf.distribute.Strategy,
    compare_moclr: bool = False,
    restart_finished: bool = False,
) -> dict[str, float]:
    """Runs the configured pretraining and, when asked for, a MoCLR baseline before it.

    Both are built, and the configuration is checked, before either is trained. An interrupted run
    goes on where it was.

    Args:
      model_dir: of the run; the baseline's is its folder `moclr`.
      strategy: where to train.
      compare_moclr: whether to train the baseline: the same configuration with the bindings of the
        gin scope `moclr` on top.
      restart_finished: whether a finished run in `model_dir` is cleared and run afresh, whatever
        its settings; otherwise nothing is left to do, and its figures are returned.

    Returns:
      The figures of summary.json; empty in the processes of a cluster that are not its chief.

    Raises:
      ValueError: for a configuration, folder or data that cannot be used, before training starts.
      NonFiniteLossError: when the loss is no longer finite.
    """
    chief = cluster.is_chief(strategy)
    directory = run_directory.RunDirectory(model_dir, chief)
    baseline = (
        run_directory.RunDirectory(directory.file(BASELINE), chief) if compare_moclr else None
    )
    config = gin.config_str()
    finished = directory.is_finished
    cluster.wait_for_all(strategy)
    if finished and restart_finished:
        _clear(directory, config)
        cluster.wait_for_all(strategy)
        finished = False
    directory.check_configuration(config)
    if finished:
        logging.info("%s holds a finished run; nothing is left to do.", model_dir)
        return directory.summary() if chief else {}
    runs = []
    if baseline and not baseline.is_finished:
        with gin.config_scope(BASELINE):
            runs.append(pretrain.Pretraining(baseline, model_dir, strategy))
    runs.append(pretrain.Pretraining(directory, model_dir, strategy))
    configuration.check_all_used(inactive_scopes=() if len(runs) > 1 else (BASELINE,))
    for run in runs[:-1]:
        run.train()
    return runs[-1].train(baselines={BASELINE: baseline} if baseline else {})


def _clear(directory: run_directory.RunDirectory, config: str) -> None:
    directory.clear(keep_data=not directory.differences(config))
    path = directory.file(BASELINE)
    if directory.is_chief and tf.io.gfile.isdir(path):
        run_directory.RunDirectory(path).clear()
        if not tf.io.gfile.listdir(path):
            tf.io.gfile.rmtree(path)
