# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the readers of images, of masks and of clips have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import tensorflow as tf
from official.common import dataset_fn
from official.core import config_definitions as cfg
from official.core import input_reader


def source(params: cfg.DataConfig) -> tuple[str, cfg.DataConfig]:
    """Decides between records and TensorFlow Datasets; the latter count where both are named.

    Args:
      params: of training or evaluation data.

    Returns:
      Where these parameters are in an experiment, for messages; and the parameters with one source.

    Raises:
      ValueError: neither is named.
    """
    name = "task.train_data" if params.is_training else "task.validation_data"
    if params.tfds_name and params.tfds_split:
        return name, params.replace(input_path="")
    if params.tfds_name or not params.input_path:
        raise ValueError(f"{name} needs input_path, or tfds_name and tfds_split.")
    return name, params


def patterns(input_path: str | Sequence[str] | None) -> list[str]:
    """The file patterns of an `input_path`: one, several, or several separated by commas."""
    paths = [input_path] if isinstance(input_path, str) else input_path or ()
    found = [pattern.strip() for path in paths for pattern in path.split(",")]
    return [pattern for pattern in found if pattern]


def batches(
    name: str,
    params: cfg.DataConfig,
    input_context: tf.distribute.InputContext | None,
    **functions: Any,
) -> tf.data.Dataset:
    """Reads by Model Garden's reader.

    Args:
      name: of these parameters in an experiment.
      params: of the data, as `source` returns them.
      input_context: of a distribution strategy.
      **functions: of `InputReader`. None of them may need AutoGraph, whose conversion of all that
        they call would take many seconds. `parser_fn` finds a `number` among its tensors.

    Raises:
      ValueError: there are no such data.
    """
    try:
        reader = input_reader.InputReader(
            params,
            dataset_fn=dataset_fn.pick_dataset_fn(params.get("file_type", "tfrecord")),
            sample_fn=numbered(input_context),
            **functions,
        )
    except ValueError as error:
        raise ValueError(f"{name}.input_path: {error}") from error
    return tf.autograph.experimental.do_not_convert(reader.read)(input_context=input_context)


def numbered(
    input_context: tf.distribute.InputContext | None,
) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """Gives every record that a run reads, on whatever host, a `number` of its own for seeds."""
    count = input_context.num_input_pipelines if input_context else 1
    place = input_context.input_pipeline_id if input_context else 0

    def number(dataset: tf.data.Dataset) -> tf.data.Dataset:
        return dataset.enumerate().map(
            lambda index, tensors: {**tensors, "number": index * count + place}
        )

    return number


def decode_image(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes an image of any format that TensorFlow knows.

    Args:
      encoded: string scalar.

    Returns:
      uint8 [H, W, 3]; grey becomes three equal channels. An alpha channel, which TensorFlow would
      drop, is an InvalidArgumentError.
    """
    return as_rgb(tf.io.decode_image(encoded, expand_animations=False))


def as_rgb(pixels: tf.Tensor) -> tf.Tensor:
    """Three channels of uint8 [H, W, C], C 1 or 3; another C is an InvalidArgumentError."""
    height, width, channels = tf.unstack(tf.shape(pixels))
    valid = tf.logical_or(tf.equal(channels, 1), tf.equal(channels, 3))
    message = tf.strings.format(
        "An image has {} channels (alpha?) where 1 or 3 are meant.", channels
    )
    with tf.control_dependencies([tf.debugging.Assert(valid, [message])]):
        return tf.ensure_shape(tf.broadcast_to(pixels, [height, width, 3]), [None, None, 3])


def decode_labels(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes a mask.

    Args:
      encoded: string scalar, a picture of one channel.

    Returns:
      uint8 [H, W]. Colours, as a PNG with a palette has them to TensorFlow, are an
      InvalidArgumentError: their brightness would pass for labels.
    """
    pixels = tf.io.decode_image(encoded, expand_animations=False)
    channels = tf.shape(pixels)[-1]
    message = tf.strings.format("A mask has {} channels (a palette?) where 1 is meant.", channels)
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(channels, 1), [message])]):
        return tf.ensure_shape(pixels[..., 0], [None, None])
