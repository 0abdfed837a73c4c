# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tasks whose start takes less time."""

import tensorflow as tf
from official.core import task_factory


def get_task(config, **options):
    """The task of a configuration, without AutoGraph where nothing needs it.

    Its conversion of every function of Keras and Model Garden outlasts a tiny run.
    """
    task = task_factory.get_task(config, **options)
    for name in ("build_model", "build_inputs", "train_step", "validation_step"):
        setattr(task, name, tf.autograph.experimental.do_not_convert(getattr(task, name)))
    return task
