# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Learning-rate and EMA schedules of BYOL's reference (byol/utils/schedules.py)."""

from __future__ import annotations

import math

import tensorflow as tf

IMAGENET_EXAMPLES = 1_281_167


def steps_of_epochs(epochs: float, batch_size: int) -> int:
    """Number of steps of `epochs` ImageNet-equivalent epochs (1 281 167 examples each)."""
    return int(epochs * IMAGENET_EXAMPLES // batch_size)


class WarmupCosine(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up from 0, then a cosine to 0.

    lr(t) = peak * t / w for t < w, else peak * (1 + cos(pi (t - w) / (T - w))) / 2.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int):
        """Stores the schedule.

        Args:
          peak: highest learning rate; BYOL's is base * batch size / 256.
          warmup_steps: w >= 0.
          total_steps: T > w.
        """
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate, float32 scalar, of the step (0 for the first)."""
        step = tf.cast(step, tf.float32)
        warmup = self.peak * step / max(self.warmup_steps, 1)
        progress = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        cosine = self.peak * 0.5 * (1.0 + tf.cos(math.pi * tf.clip_by_value(progress, 0.0, 1.0)))
        return tf.where(step < self.warmup_steps, warmup, cosine)

    def get_config(self) -> dict:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


def ema_rate(step: tf.Tensor, base: float, total_steps: int) -> tf.Tensor:
    """BYOL's rate of the target network: 1 - (1 - base)(1 + cos(pi t / T)) / 2.

    Args:
      step: t, integer scalar, 0 for the first step.
      base: rate of the first step (0.99 in BYOL's 300-epoch preset).
      total_steps: T; the rate is 1 from there on.

    Returns:
      float32 scalar.
    """
    progress = tf.clip_by_value(tf.cast(step, tf.float32) / total_steps, 0.0, 1.0)
    return 1.0 - (1.0 - base) * 0.5 * (1.0 + tf.cos(math.pi * progress))
