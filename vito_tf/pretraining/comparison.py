# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A pretraining run beside a MoCLR baseline on the same data."""

from __future__ import annotations

import functools
import os

import gin
import tensorflow as tf

from vito_tf import configuration
from vito_tf.pretraining import pretrain, run_directory

BASELINE = "moclr"


@gin.configurable
def pretrain_and_compare(
    model_dir: str,
    strategy: tf.distribute.Strategy,
    compare_moclr: bool = False,
    restart_finished: bool = False,
) -> dict[str, float]:
    """Runs the configured pretraining and, when asked for, a MoCLR baseline before it.

    Args:
      model_dir: of the run; the baseline's is its folder `moclr`.
      strategy: where to train.
      compare_moclr: whether to train the baseline: the same configuration with the bindings of the
        gin scope `moclr` on top.
      restart_finished: whether a finished run in `model_dir` is cleared and run afresh; otherwise
        nothing is left to do, and its figures are returned.

    Returns:
      The figures of summary.json.
    """
    directory = run_directory.RunDirectory(model_dir, pretrain.is_chief(strategy))
    if directory.is_finished and restart_finished:
        directory.clear()
    if not compare_moclr:
        check = functools.partial(configuration.check_all_used, inactive_scopes=(BASELINE,))
        return pretrain.pretrain(model_dir, model_dir, strategy, check=check)
    with gin.config_scope(BASELINE):
        pretrain.pretrain(os.path.join(model_dir, BASELINE), model_dir, strategy)
    return pretrain.pretrain(
        model_dir,
        model_dir,
        strategy,
        check=configuration.check_all_used,
        baselines=(BASELINE,),
    )
