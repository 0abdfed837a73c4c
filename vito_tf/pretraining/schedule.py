# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How long and how fast a run learns (A.1)."""

from __future__ import annotations

import dataclasses

import gin

from vito_tf.pretraining import schedules


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Schedule:
    """Length of a run, its batch, learning rate and EMA rate.

    The defaults are the paper's (A.1) and, for warm-up and EMA, BYOL's 300-epoch preset. Lengths
    are given in ImageNet-equivalent epochs (1 281 167 examples) or, where set, in steps.

    Attributes:
      batch_size: videos a step, over all replicas.
      epochs, steps: length of the run.
      warmup_epochs, warmup_steps: length of the linear warm-up.
      base_learning_rate: highest rate, for a batch of 256; it grows in proportion to the batch.
      ema_base: EMA rate of the first step.
    """

    batch_size: int = 4096
    epochs: float = 300
    steps: int | None = None
    warmup_epochs: float = 10
    warmup_steps: int | None = None
    base_learning_rate: float = 0.3
    ema_base: float = 0.99

    def __post_init__(self):
        if self.batch_size < 2:
            raise ValueError(
                f"Schedule.batch_size is {self.batch_size}: the negatives of a video are the other "
                "videos of its batch, so there must be at least 2."
            )
        if self.total_steps < 1 or not 0 <= self.total_warmup_steps < self.total_steps:
            raise ValueError(
                f"Schedule asks for {self.total_steps} steps with {self.total_warmup_steps} of "
                "warm-up; mend Schedule.epochs or .steps, .warmup_epochs or .warmup_steps."
            )

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self._steps(self.steps, self.epochs)

    @property
    def total_warmup_steps(self) -> int:
        """Steps of the warm-up."""
        return self._steps(self.warmup_steps, self.warmup_epochs)

    @property
    def learning_rate(self) -> schedules.WarmupCosine:
        """The learning rate by step: base * batch size / 256 at its highest."""
        peak = self.base_learning_rate * self.batch_size / 256
        return schedules.WarmupCosine(peak, self.total_warmup_steps, self.total_steps)

    def _steps(self, steps: int | None, epochs: float) -> int:
        return schedules.steps_of_epochs(epochs, self.batch_size) if steps is None else steps
