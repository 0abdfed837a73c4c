# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What every test shares: a quiet TensorFlow with two logical CPU devices."""

import os

from vito_tf import environment

environment.prepare()
# XLA without LLVM's optimisations compiles far faster; tests ask for results, not for speed.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import gin
import pytest
import tensorflow as tf


def pytest_configure() -> None:
    """Splits the CPU before TensorFlow starts, so that two replicas can run on it."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.fixture(autouse=True)
def _fresh_state():
    yield
    gin.clear_config()
    tf.keras.backend.clear_session()
    tf.keras.mixed_precision.set_global_policy("float32")
