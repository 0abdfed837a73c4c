# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a fine-tuning run tells: a progress bar, and the figures of every evaluation on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orbit
import tensorflow as tf

from vito_tf import progress

EVALUATIONS = "evaluations.jsonl"


class RunLog:
    """Actions of Model Garden's training loop."""

    def __init__(self, model_dir: str, total_steps: int):
        """Opens the log.

        Args:
          model_dir: of the run.
          total_steps: that the run will have taken at its end.
        """
        self._path = os.path.join(model_dir, EVALUATIONS)
        self._total_steps = total_steps
        self._bar: Any = None
        self._step: Any = None

    def begin(self, global_step: tf.Variable) -> None:
        """Starts the bar where the run stands."""
        self._step = global_step
        done = int(global_step.numpy())
        self._bar = progress.bar(
            total=self._total_steps, initial=done, desc="Fine-tuning", unit="step"
        )

    def after_training(self, output: Mapping[str, Any]) -> None:
        """A train action: moves the bar, and shows the loss."""
        loss = scalars(output).get("training_loss")
        if loss is not None:
            self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self._bar.update(int(self._step.numpy()) - self._bar.n)

    def after_evaluation(self, output: Mapping[str, Any]) -> None:
        """An evaluation action: appends the figures to `evaluations.jsonl`."""
        record = {"step": int(self._step.numpy()), **scalars(output)}
        tf.io.gfile.makedirs(os.path.dirname(self._path))
        with tf.io.gfile.GFile(self._path, "a") as file:
            file.write(json.dumps(record) + "\n")

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()


def scalars(output: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers in nested results by name, `group/name`; pictures and other arrays are left."""
    return dict(_scalars(output, prefix))


def _scalars(output: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in output.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{name}/")
        else:
            number = orbit.utils.get_value(value)
            if np.ndim(number) == 0:
                yield prefix + name, float(number)


def evaluations(model_dir: str) -> list[dict[str, float]]:
    """All evaluations of a run in order of steps, the last one of each step."""
    path = os.path.join(model_dir, EVALUATIONS)
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path) as file:
        lines = file.read().split("\n")[:-1]
    records = {record["step"]: record for record in map(json.loads, lines)}
    return [records[step] for step in sorted(records)]
