# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tasks whose start takes less time."""

from unittest import mock

import tensorflow as tf
from official.core import task_factory, train_lib, train_utils


def get_task(config, **options):
    """The task of a configuration, without AutoGraph where nothing needs it.

    Its conversion of every function of Keras and Model Garden outlasts a tiny run. So does tracing
    a step twice, which TensorFlow does where the first time makes the optimiser's variables.
    """
    task = task_factory.get_task(config, **options)
    for name in ("build_model", "build_inputs", "train_step", "validation_step"):
        setattr(task, name, tf.autograph.experimental.do_not_convert(getattr(task, name)))
    build_model, create_optimizer = task.build_model, task.create_optimizer
    trained: list[tf.Variable] = []

    def recorded_model():
        model = build_model()
        trained[:] = model.trainable_variables
        return model

    def complete_optimizer(*arguments, **keywords):
        optimizer = create_optimizer(*arguments, **keywords)
        if trained:
            optimizer._create_all_weights(trained)
        return optimizer

    task.build_model, task.create_optimizer = recorded_model, complete_optimizer
    return task


def run_experiment(*arguments, **options):
    """Model Garden's; it does not count multiplications, which takes one more graph."""
    with mock.patch.object(train_utils, "try_count_flops", return_value=None):
        return train_lib.run_experiment(*arguments, **options)
