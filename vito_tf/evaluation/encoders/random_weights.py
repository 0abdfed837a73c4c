# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Weights of networks that were never trained, as baselines."""

from __future__ import annotations

import math

import tensorflow as tf


def fill(model: tf.keras.Model, seed: int) -> None:
    """Draws kernels anew, the same for the same seed, from N(0, 2 / fan-in) (He et al. 2015).

    So are tables of position biases, by their number of rows. Other biases and norms stay as Keras
    makes them.

    Args:
      model: changed in place.
      seed: any integer.
    """
    for index, weight in enumerate(model.trainable_weights):
        shape = weight.shape
        if shape.rank < 2:
            continue
        inputs = shape[:2] if "depthwise" in weight.name else shape[:-1]
        scale = math.sqrt(2 / inputs.num_elements())
        weight.assign(tf.random.stateless_normal(shape, [seed, index], stddev=scale))
