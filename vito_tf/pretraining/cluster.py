# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The processes that train together, and which of them writes."""

from __future__ import annotations

import tensorflow as tf


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one of its cluster that writes the run's files."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    return not resolver.task_id and "chief" not in resolver.cluster_spec().jobs


def process_name(strategy: tf.distribute.Strategy) -> str:
    """Name of this process within its cluster, such as `worker-1`."""
    resolver = strategy.cluster_resolver
    return f"{resolver.task_type}-{resolver.task_id}"


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every process of the cluster has come to this call."""
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        ones = strategy.run(lambda: tf.ones([]))
        strategy.reduce(tf.distribute.ReduceOp.SUM, ones, axis=None).numpy()
