# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The slowly moving target network (§3.1: f_xi and g_xi, "exponential moving averages")."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def update_target(
    target: Sequence[tf.Variable], online: Sequence[tf.Variable], rate: tf.Tensor
) -> None:
    """Moves the target weights: xi <- xi + (1 - rate)(theta - xi), in float32.

    BYOL's reference does it after the optimiser step, with the updated theta
    (byol_experiment.py, `_update_fn`). Batch-norm statistics are not averaged: the target network
    keeps those of its own forward passes.

    Args:
      target: the target network's trainable variables xi.
      online: the online network's trainable variables theta, in the same order.
      rate: float scalar in [0, 1].
    """
    for xi, theta in zip(target, online):
        xi.assign_add((1.0 - tf.cast(rate, xi.dtype)) * (theta - xi))
