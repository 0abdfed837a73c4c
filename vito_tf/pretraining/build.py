# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Builds the model of a configuration, ready to train."""

from __future__ import annotations

import dataclasses
from typing import Callable

import gin
import tensorflow as tf

from vito_tf.pretraining import model as model_lib
from vito_tf.pretraining import network as network_lib
from vito_tf.pretraining import schedule as schedule_lib
from vito_tf.video import views as views_lib

SMALLEST_MAP = 2
PRECISIONS = ("float32", "mixed_bfloat16")
TARGET_SCOPE = "target"


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Execution:
    """How the train step is computed.

    Attributes:
      precision: 'float32' or 'mixed_bfloat16' (loss, softmax, norms and EMA stay in float32).
      jit_compile: whether XLA compiles the train step; a TPU always does.
      steps_per_execution: steps in one call of the compiled function; some tens on a TPU.
    """

    precision: str = "float32"
    jit_compile: bool = False
    steps_per_execution: int = 1

    def __post_init__(self):
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"Execution.precision must be one of {PRECISIONS}, not {self.precision!r}."
            )
        if self.steps_per_execution < 1:
            raise ValueError(
                f"Execution.steps_per_execution must be positive, not {self.steps_per_execution}."
            )


def build_model(
    views: views_lib.ViewPipeline,
    schedule: schedule_lib.Schedule,
    optimizer: Callable[..., tf.keras.optimizers.Optimizer],
    seed: int,
    execution: Execution,
) -> model_lib.VitoModel:
    """Builds and compiles the model in the current distribution strategy.

    The target network is built in the gin scope `target`, for what may differ between the two:
    `target/swin.drop_path = 0.0` lets the online network alone drop paths, as MoBY does.

    Args:
      views: gives the size of the images, and what augmentation is left for the device.
      schedule: length, learning rate and EMA.
      optimizer: builder, called with the learning rate and the variables.
      seed: of the initial weights.
      execution: precision and compilation.

    Raises:
      ValueError: when a pooled level's map is too small to attend over.
    """
    tf.keras.utils.set_random_seed(seed)
    tf.keras.mixed_precision.set_global_policy(execution.precision)
    sync = tf.distribute.get_strategy().num_replicas_in_sync > 1
    online = network_lib.VitoNetwork(sync_batch_norm=sync, name="online")
    with gin.config_scope(TARGET_SCOPE):
        target = network_lib.VitoNetwork(sync_batch_norm=sync, name="target")
    for network in (online, target):
        network(tf.zeros([1, views.image_size, views.image_size, 3]))
    check_map_sizes(online, views.image_size)
    model = model_lib.VitoModel(
        online,
        target,
        total_steps=schedule.total_steps,
        ema_base=schedule.ema_base,
        policies=views.device_policies,
    )
    model.compile(
        optimizer=optimizer(schedule.learning_rate, online.learnt_weights),
        steps_per_execution=execution.steps_per_execution,
        jit_compile=execution.jit_compile,
    )
    model.optimizer.build(online.learnt_weights)
    return model


def check_map_sizes(network: network_lib.VitoNetwork, image_size: int) -> None:
    """Refuses images so small that a pooled map has no positions to choose from.

    Raises:
      ValueError: naming the image size and the level.
    """
    for level in network.levels:
        side = -(-image_size // 2 ** int(level))
        if side < SMALLEST_MAP:
            raise ValueError(
                f"ViewPipeline.image_size = {image_size} is too small for level {level} of "
                f"VitoNetwork.levels: its map would be {side}x{side}. Use at least "
                f"{(SMALLEST_MAP - 1) * 2 ** int(level) + 1} pixels, or finer levels."
            )
