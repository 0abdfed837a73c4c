# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Batch norm that keeps the same statistics on one device and on many."""

from __future__ import annotations

import tensorflow as tf


def keep_population_variance(model: tf.keras.layers.Layer) -> None:
    """Makes every batch norm inside record the population variance, as BYOL's reference does.

    Keras' fused kernel, which one device uses, records the sample variance (n - 1); its
    synchronised layer, and Haiku's, the population variance (n). Keras has a switch for it.

    Args:
      model: a layer or model, changed in place; its outputs in training stay the same.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer._bessels_correction_test_only = False
