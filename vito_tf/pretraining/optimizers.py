# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The optimisers that a configuration can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from vito_tf.pretraining import lars as lars_lib

# What attention adds for relative positions: biases in a table, by the name of their variable.
_BIAS_TABLES = ("relative_position_bias_table",)

Schedule = Any  # tf.keras.optimizers.schedules.LearningRateSchedule, which has no type


@gin.configurable
def lars(
    learning_rate: Schedule,
    variables: Sequence[tf.Variable],
    weight_decay: float = 1e-6,
    momentum: float = 0.9,
    eta: float = 1e-3,
) -> tf.keras.optimizers.Optimizer:
    """LARS with BYOL's semantics and 300-epoch preset (A.1); for batches of 1024 and more."""
    del variables  # LARS itself leaves biases and norms alone.
    return lars_lib.LARS(learning_rate, weight_decay, momentum, eta)


@gin.configurable
def sgd(
    learning_rate: Schedule,
    variables: Sequence[tf.Variable],
    weight_decay: float = 1e-4,
    momentum: float = 0.9,
    nesterov: bool = False,
) -> tf.keras.optimizers.Optimizer:
    """SGD with momentum and decoupled weight decay on all but biases and norms.

    (`adamw` says what a bias is.)
    """
    optimizer = tf.keras.optimizers.SGD(
        learning_rate, momentum, nesterov=nesterov, weight_decay=weight_decay
    )
    return _without_decay_of_biases(optimizer, variables)


@gin.configurable
def adamw(
    learning_rate: Schedule,
    variables: Sequence[tf.Variable],
    weight_decay: float = 0.05,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    clip_norm: float | None = None,
) -> tf.keras.optimizers.Optimizer:
    """AdamW (Adam with weight_decay = 0), for small batches and for transformers.

    Args:
      learning_rate: by step.
      variables: that will be trained.
      weight_decay: of all but biases, tables of biases for relative positions among them, and norms
        (Swin's reference, optimizer.py).
      beta_1: decay of the mean of gradients.
      beta_2: decay of the mean of their squares.
      epsilon: added to the root of the latter.
      clip_norm: largest norm of all gradients together, to which longer ones are shortened; None
        for no limit.
    """
    optimizer = tf.keras.optimizers.AdamW(
        learning_rate,
        weight_decay,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        global_clipnorm=clip_norm,
    )
    return _without_decay_of_biases(optimizer, variables)


def _without_decay_of_biases(
    optimizer: tf.keras.optimizers.Optimizer, variables: Sequence[tf.Variable]
) -> tf.keras.optimizers.Optimizer:
    optimizer.exclude_from_weight_decay(
        var_list=[variable for variable in variables if variable.shape.rank <= 1],
        var_names=list(_BIAS_TABLES),
    )
    return optimizer
