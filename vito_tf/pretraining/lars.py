# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""LARS as BYOL's reference applies it (byol/utils/optimizers.py)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class LARS(tf.keras.optimizers.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017) with BYOL's order of operations.

      u = g + wd * p
      u = eta * |p| / |u| * u      (unscaled where |p| or |u| is 0)
      m = momentum * m + u
      p = p - lr * m

    Biases and norm parameters (every variable of rank 0 or 1) get neither weight decay nor
    adaptation. Model Garden's and TensorFlow Addons' optimisers differ: the former folds the
    learning rate into the momentum buffer, or takes the norm of the momentum update; the latter
    has no LARS, only LAMB. So they change with the schedule where BYOL's does not.
    """

    def __init__(
        self,
        learning_rate: Any = 0.3,
        weight_decay: float = 1e-6,
        momentum: float = 0.9,
        eta: float = 1e-3,
        name: str = "LARS",
        **kwargs: Any,
    ):
        """Builds the optimiser.

        Args:
          learning_rate: float or schedule.
          weight_decay: wd, of decayed variables.
          momentum: of the update buffer, without Nesterov.
          eta: trust coefficient.
          name: of the optimiser.
          **kwargs: of `tf.keras.optimizers.Optimizer`.
        """
        super().__init__(name=name, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.lars_weight_decay = weight_decay
        self.momentum = momentum
        self.eta = eta

    def build(self, var_list: list) -> None:
        """Makes a momentum buffer for each variable."""
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self.momentums = [
            self.add_variable_from_reference(variable, "momentum") for variable in var_list
        ]
        self._built = True

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Updates one variable."""
        buffer = self.momentums[self._index_dict[self._var_key(variable)]]
        update = gradient
        if variable.shape.rank > 1:
            update += self.lars_weight_decay * variable
            update *= self._trust_ratio(variable, update)
        # One pass over memory for m = momentum * m + u and p = p - lr * m.
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle,
            accum=buffer.handle,
            lr=tf.cast(self.learning_rate, variable.dtype),
            grad=update,
            momentum=tf.cast(self.momentum, variable.dtype),
        )

    def _trust_ratio(self, variable: tf.Variable, update: tf.Tensor) -> tf.Tensor:
        weight_norm, update_norm = (tf.sqrt(2.0 * tf.nn.l2_loss(x)) for x in (variable, update))
        scaled = tf.math.divide_no_nan(self.eta * weight_norm, update_norm)
        return tf.where((weight_norm > 0) & (update_norm > 0), scaled, 1.0)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "learning_rate": self._serialize_hyperparameter(self._learning_rate),
            "weight_decay": self.lars_weight_decay,
            "momentum": self.momentum,
            "eta": self.eta,
        }
