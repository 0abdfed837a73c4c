# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny labelled pictures in records, and runs of classification experiments on them."""

import io

import numpy as np
import tensorflow as tf
from official.core import exp_factory, train_utils
from PIL import Image

from tests.transfer import quick_tasks


def encoded(pixels, kind="PNG", mode=None, **options):
    """An image file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode).save(buffer, kind, **options)
    return buffer.getvalue()


def stripes(count, seed, size=32, contrast=25, noise=50):
    """Noisy stripes of any phase and sign: horizontal (class 0), vertical (1), diagonal (2).

    Returns:
      uint8 [count, size, size, 3] and labels [count].
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    rows, columns = np.mgrid[:size, :size]
    along = np.stack([rows, columns, (rows + columns) / np.sqrt(2)])[labels]
    phases = rng.uniform(0, 2 * np.pi, [count, 1, 1])
    waves = contrast * np.sin(2 * np.pi * along / 6 + phases)[..., None]
    pixels = 128 + waves * np.ones(3) + rng.normal(0, noise, [count, size, size, 3])
    return np.clip(pixels, 0, 255).astype(np.uint8), labels


def example(data, label):
    """A record."""
    features = {
        "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[data])),
        "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_records(path, examples):
    """Writes (image file, label) pairs; returns the path as a string."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for data, label in examples:
            writer.write(example(data, label))
    return str(path)


def write_stripes(path, count, seed):
    """Writes records of `stripes`."""
    return write_records(
        path, [(encoded(pixels), label) for pixels, label in zip(*stripes(count, seed))]
    )


def parameters(experiment, records, train_steps=4, batch=8, **task):
    """An experiment's parameters, for three classes, 32 pixels and the encoders of tests."""
    params = exp_factory.get_exp_config(experiment)
    data = {"global_batch_size": batch, "shuffle_buffer_size": 64, "seed": 0}
    schedule = {"learning_rate": {"cosine": {"decay_steps": train_steps}}}
    intervals = ("validation_interval", "steps_per_loop", "summary_interval", "checkpoint_interval")
    params.override(
        {
            "task": {
                "model": {"num_classes": 3, "input_size": [32, 32, 3]},
                "train_data": {"input_path": str(records / "train*"), **data},
                "validation_data": {"input_path": str(records / "val*"), **data},
            },
            "trainer": {
                "train_steps": train_steps,
                "optimizer_config": schedule,
                **dict.fromkeys(intervals, train_steps),
            },
        },
        is_strict=True,
    )
    params.task.override(task, is_strict=True)
    return params


def run(params, model_dir, mode="train_and_eval", eagerly=False):
    """Runs an experiment on one device as the command does; returns its model.

    A few steps of a tiny network are over before a graph of it is built, hence `eagerly`.
    """
    if eagerly:
        functions = ("train_tf_while_loop", "train_tf_function", "eval_tf_function")
        params.trainer.override(dict.fromkeys(functions, False))
    strategy = tf.distribute.OneDeviceStrategy("cpu:0")
    train_utils.serialize_config(params, str(model_dir))
    with strategy.scope():
        task = quick_tasks.get_task(params.task, logging_dir=str(model_dir))
    model, _ = quick_tasks.run_experiment(strategy, task, mode, params, str(model_dir))
    return model
