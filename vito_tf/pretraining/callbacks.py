# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What happens between the steps of `fit`: guard, progress, log and checkpoint."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.pretraining import run_directory


class NonFiniteLossError(ArithmeticError):
    """The loss, the gradient or a weight is NaN or infinite."""


class StepCallback(tf.keras.callbacks.Callback):
    """A callback that acts every so many steps of the optimiser, and after the last one."""

    def __init__(self, every_steps: int, total_steps: int):
        super().__init__()
        self.every_steps = every_steps
        self.total_steps = total_steps
        self._supports_tf_logs = True
        self._previous = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._previous = self.step

    @property
    def step(self) -> int:
        """Steps done since the run began."""
        return int(self.model.optimizer.iterations.numpy())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        step = self.step
        due = step // self.every_steps > self._previous // self.every_steps
        if due or step == self.total_steps:
            self.on_step(step, {name: float(value) for name, value in (logs or {}).items()})
        self._previous = step

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        """Called after the step, with the step's scalars."""


class FiniteGuard(StepCallback):
    """Stops at the first loss or gradient that is not finite, before it reaches a checkpoint."""

    def __init__(self, manager: tf.train.CheckpointManager, total_steps: int):
        super().__init__(1, total_steps)
        self._manager = manager

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        loss, norm = scalars["loss"], scalars["gradient_norm"]
        if not (np.isfinite(loss) and np.isfinite(norm)):
            raise _non_finite(step, f"the loss is {loss}, the gradient norm {norm}", self._manager)


def _non_finite(step: int, what: str, manager: tf.train.CheckpointManager) -> NonFiniteLossError:
    latest = manager.latest_checkpoint
    saved = f"The last good checkpoint is {latest}." if latest else "No checkpoint was saved yet."
    return NonFiniteLossError(
        f"Step {step}: {what}. {saved} Try a lower Schedule.base_learning_rate, a longer "
        "Schedule.warmup_steps, a higher VitoModel.temperature, or Execution.precision = "
        "'float32', in a new --model_dir."
    )


class ProgressBar(StepCallback):
    """Steps done, rate, ETA and loss in one line."""

    def __init__(self, total_steps: int):
        super().__init__(1, total_steps)
        self._bar: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._bar = progress.bar(
            total=self.total_steps, initial=self.step, desc="Pretraining", unit="step"
        )

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        self._bar.set_postfix(loss=f"{scalars['loss']:.3f}", refresh=False)
        self._bar.update(step - self._bar.n)

    def close(self) -> None:
        """Ends the line, also where training was stopped."""
        if self._bar is not None:
            self._bar.close()


class MetricsLog(StepCallback):
    """Writes the step's scalars to the run's log and to TensorBoard.

    Beside the train step's: examples_per_second and input_wait_share (time spent waiting for the
    input pipeline, in [0, 1]), both since the last entry, and seconds since the run began.
    """

    def __init__(
        self,
        directory: run_directory.RunDirectory,
        writer: tf.summary.SummaryWriter,
        batch_size: int,
        every_steps: int,
        total_steps: int,
        began: float,
    ):
        super().__init__(every_steps, total_steps)
        self._began = began
        self._directory = directory
        self._writer = writer
        self._batch_size = batch_size

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._logged_step, self._logged_time = self.step, time.perf_counter()
        self._waited = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._waited += float((logs or {})["input_wait"])
        super().on_train_batch_end(batch, logs)

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        seconds = max(time.perf_counter() - self._logged_time, 1e-9)
        examples = (step - self._logged_step) * self._batch_size
        del scalars["input_wait"]
        scalars["examples_per_second"] = examples / seconds
        scalars["input_wait_share"] = min(self._waited / seconds, 1.0)
        scalars["seconds"] = time.time() - self._began
        self._directory.log_metrics(step, scalars)
        with self._writer.as_default(step=step):
            for name, value in scalars.items():
                tf.summary.scalar(name, value)
        self._logged_step, self._logged_time, self._waited = step, time.perf_counter(), 0.0


class Checkpoints(StepCallback):
    """Saves the run every so many steps, and at its end; never weights that are not finite."""

    def __init__(self, manager: tf.train.CheckpointManager, every_steps: int, total_steps: int):
        super().__init__(every_steps, total_steps)
        self._manager = manager

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        for weight in self.model.online.learnt_weights:
            if not tf.reduce_all(tf.math.is_finite(weight)):
                raise _non_finite(step, f"{weight.name} is not finite", self._manager)
        self._manager.save(checkpoint_number=step)
