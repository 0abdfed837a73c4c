# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The assignment that a configuration asks for.

All assigners are static-shaped, and hold tensors of [B, N, A] at most.
"""

from __future__ import annotations

import tensorflow as tf

from vito_tf.transfer.detection import (
    atss_assigner,
    config,
    fcos_assigner,
    structures,
    task_aligned_assigner,
)


def assign(
    params: config.Assignment,
    locations: structures.Locations,
    truth: structures.Truth,
    predictions: structures.Predictions,
    step: tf.Tensor,
) -> structures.Assignment:
    """Assigns boxes to locations.

    Args:
      params: of the assignment.
      locations: A of them.
      truth: boxes of B images, padded to N.
      predictions: on the locations; task-aligned learning alone looks at them.
      step: integer scalar, training steps that are done.

    Returns:
      boxes and scores [B, A]. With task-aligned learning they are those of ATSS while `step` is
      below `params.atss_steps`.

    Raises:
      ValueError: the type is unknown, or a number of candidates is not positive.
    """

    def by_atss() -> structures.Assignment:
        return atss_assigner.assign(locations, truth, params.atss_candidates)

    def by_alignment() -> structures.Assignment:
        return task_aligned_assigner.assign(
            locations, truth, predictions, params.alpha, params.beta, params.top_k
        )

    if min(params.atss_candidates, params.top_k) < 1:
        raise ValueError("task.assignment: atss_candidates and top_k must be 1 or more.")
    if params.type == "fcos":
        return fcos_assigner.assign(locations, truth)
    if params.type == "atss":
        return by_atss()
    if params.type != "task_aligned":
        raise ValueError(
            f"task.assignment.type must be one of {config.ASSIGNERS}, not {params.type!r}."
        )
    if not params.atss_steps:
        return by_alignment()
    return tf.cond(is_aligned(params, step), by_alignment, by_atss)


def is_aligned(params: config.Assignment, step: tf.Tensor) -> tf.Tensor:
    """Whether scores of a step are alignments, not 1: TOOD's loss is then that of them.

    Args:
      params: of the assignment.
      step: integer scalar, training steps that are done.

    Returns:
      bool scalar.
    """
    if params.type != "task_aligned":
        return tf.constant(False)
    return tf.greater_equal(step, params.atss_steps)
