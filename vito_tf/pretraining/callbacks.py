# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What happens between the steps of `fit`: guard, progress, log and checkpoint."""

from __future__ import annotations

import time

import numpy as np
import tensorflow as tf
import tqdm

from vito_tf.pretraining import run_directory


class NonFiniteLossError(ArithmeticError):
    """The loss or the gradient is NaN or infinite."""


class StepCallback(tf.keras.callbacks.Callback):
    """A callback that acts every so many steps of the optimiser."""

    def __init__(self, every_steps: int):
        super().__init__()
        self.every_steps = every_steps
        self._supports_tf_logs = True
        self._last = 0

    def on_train_begin(self, logs=None):
        self._last = self.step

    @property
    def step(self) -> int:
        """Steps done since the run began."""
        return int(self.model.optimizer.iterations.numpy())

    def on_train_batch_end(self, batch, logs=None):
        step = self.step
        if step // self.every_steps > self._last // self.every_steps:
            self.on_step(step, {name: float(value) for name, value in logs.items()})
        self._last = step

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        """Called after the step, with the step's scalars."""


class FiniteGuard(StepCallback):
    """Stops at the first loss or gradient that is not finite, before it reaches a checkpoint."""

    def __init__(self, manager: tf.train.CheckpointManager):
        super().__init__(every_steps=1)
        self._manager = manager

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        if np.isfinite(scalars["loss"]) and np.isfinite(scalars["gradient_norm"]):
            return
        raise NonFiniteLossError(
            f"Step {step}: the loss is {scalars['loss']}, the gradient norm "
            f"{scalars['gradient_norm']}. The last good checkpoint is "
            f"{self._manager.latest_checkpoint}. Try a lower Schedule.base_learning_rate, a longer "
            "Schedule.warmup_steps, a higher VitoModel.temperature, or pretrain.precision = "
            "'float32'."
        )


class ProgressBar(StepCallback):
    """Steps done, rate, ETA and loss in one line."""

    def __init__(self, total_steps: int):
        super().__init__(every_steps=1)
        self._total_steps = total_steps

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._bar = tqdm.tqdm(
            total=self._total_steps, initial=self.step, desc="pretraining", unit="step"
        )

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        self._bar.set_postfix(loss=f"{scalars['loss']:.3f}", refresh=False)
        self._bar.update(step - self._bar.n)

    def on_train_end(self, logs=None):
        self._bar.close()


class MetricsLog(StepCallback):
    """Writes the step's scalars to the run's log and to TensorBoard."""

    def __init__(
        self,
        directory: run_directory.RunDirectory,
        writer: tf.summary.SummaryWriter,
        batch_size: int,
        every_steps: int,
        began: float,
    ):
        super().__init__(every_steps)
        self._began = began
        self._directory = directory
        self._writer = writer
        self._batch_size = batch_size

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._logged_step, self._logged_time = self.step, time.perf_counter()
        self._waited = 0.0

    def on_train_batch_end(self, batch, logs=None):
        self._waited += float(logs["input_wait"])
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
    """Saves the run every so many steps, and at its end."""

    def __init__(self, manager: tf.train.CheckpointManager, every_steps: int):
        super().__init__(every_steps)
        self._manager = manager

    def on_step(self, step: int, scalars: dict[str, float]) -> None:
        self._manager.save(checkpoint_number=step)

    def on_train_end(self, logs=None):
        self._manager.save(checkpoint_number=self.step)
