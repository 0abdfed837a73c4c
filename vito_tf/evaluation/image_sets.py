# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Labelled images to evaluate on, from files, records or TensorFlow Datasets."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Callable, NamedTuple

import tensorflow as tf
import tensorflow_datasets as tfds

from vito_tf.evaluation import data_errors
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import image_folder

LAYOUTS = (
    "a folder <split>/<class>/<picture>, or <class>/<picture>, which is divided into train and "
    "val; a folder of <split>-*.tfrecord files as convert_dataset writes them (image/encoded, "
    "image/class/label from 0); or tfds:NAME of TensorFlow Datasets, prepared "
    "(tfds:NAME?data_dir=FOLDER)"
)
_TFDS = "tfds:"


class ImageSet(NamedTuple):
    """Encoded images with labels, in a fixed order.

    Attributes:
      name: for progress and messages.
      read: makes a dataset of `name` string, `image` string (a JPEG, PNG, ... file) and `label`
        int64.
      size: number of images; None if that is known only in the end.
      class_names: by label; empty if labels mean nothing or stand for ImageNet's 1000 classes.
    """

    name: str
    read: Callable[[], tf.data.Dataset]
    size: int | None
    class_names: Sequence[str] = ()


def of_files(
    name: str,
    paths: Sequence[str],
    labels: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    class_names: Sequence[str] = (),
) -> ImageSet:
    """Image files.

    Args:
      name: of the set.
      paths: local or of `tf.io.gfile`. One that cannot be read becomes an empty image.
      labels: a class for each; None makes all of them 0.
      names: one for each, one of a kind; the paths by default.
      class_names: by label.
    """
    columns = {
        "name": tf.constant(list(paths if names is None else names), tf.string),
        "path": tf.constant(list(paths), tf.string),
        "label": tf.constant([0] * len(paths) if labels is None else list(labels), tf.int64),
    }

    def load(row):
        image = tf.numpy_function(_contents, [row["path"]], tf.string)
        return {"name": row["name"], "image": tf.ensure_shape(image, []), "label": row["label"]}

    def read() -> tf.data.Dataset:
        dataset = tf.data.Dataset.from_tensor_slices(columns)
        return dataset.map(load, num_parallel_calls=tf.data.AUTOTUNE)

    return ImageSet(name, read, len(paths), class_names)


def _contents(path: bytes) -> bytes:
    """A file; nothing if it cannot be read, which no decoder takes for an image."""
    try:
        with tf.io.gfile.GFile(path.decode(), "rb") as file:
            return file.read()
    except tf.errors.OpError:
        return b""


def read(source: str, split: str, validation_share: float = 0.1, seed: int = 0) -> ImageSet:
    """A split of labelled images.

    Args:
      source: one of `LAYOUTS`.
      split: its name. A folder of classes has 'train' and 'val'.
      validation_share: of a folder without splits, the share of each class that is 'val'.
      seed: of that division, which otherwise depends on the files' names alone.

    Raises:
      DataError: there are no such images.
    """
    if source.startswith(_TFDS):
        return _of_tfds(source, split)
    if not tf.io.gfile.isdir(source):
        raise data_errors.DataError(f"{source} is no folder. Wanted: {LAYOUTS}.")
    records = tf.io.gfile.glob(os.path.join(source, f"{split}-*.tfrecord*"))
    if records:
        return _of_records(source, split, sorted(records))
    if tf.io.gfile.glob(os.path.join(source, "*.tfrecord*")):
        raise data_errors.DataError(f"{source} holds records, but none of the split {split!r}.")
    try:
        splits = image_folder.pictures(source, validation_share, seed)
    except conversion.ConversionError as error:
        raise data_errors.DataError(f"{error} Wanted: {LAYOUTS}.") from error
    if not splits.get(split):
        known = " and ".join(name for name, classes in splits.items() if classes)
        raise data_errors.DataError(f"{source} has no split {split!r}, but {known}.")
    class_names = list(splits["train"])
    label_of = {name: label for label, name in enumerate(class_names)}
    rows = [(path, label_of[name]) for name, paths in splits[split].items() for path in paths]
    paths, labels = zip(*rows)
    names = [os.path.relpath(path, source) for path in paths]
    return of_files(split, paths, labels, names, class_names)


def _of_records(source: str, split: str, paths: Sequence[str]) -> ImageSet:
    info_path = os.path.join(source, conversion.INFO_FILE)
    class_names: Sequence[str] = ()
    size = None
    if tf.io.gfile.exists(info_path):
        try:
            with tf.io.gfile.GFile(info_path) as file:
                info = json.loads(file.read())
            class_names = [str(name) for name in info["class_names"]]
            size = int(info["splits"][split]["num_examples"])
        except (KeyError, TypeError, ValueError) as error:
            raise data_errors.DataError(f"{info_path} does not describe {split!r}.") from error
    features = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64),
        "image/filename": tf.io.FixedLenFeature([], tf.string, ""),
    }

    def parse(number, record):
        example = tf.io.parse_single_example(record, features)
        parts = [split, tf.strings.as_string(number), example["image/filename"]]
        return {
            "name": tf.strings.join(parts, "/"),
            "image": example["image/encoded"],
            "label": example["image/class/label"],
        }

    def read_records() -> tf.data.Dataset:
        return tf.data.TFRecordDataset(paths).enumerate().map(parse)

    return ImageSet(split, read_records, size, class_names)


def _of_tfds(source: str, split: str) -> ImageSet:
    name, _, data_dir = source[len(_TFDS) :].partition("?data_dir=")
    try:
        builder = tfds.builder(name, data_dir=data_dir or None)
        info = builder.info
        if split not in info.splits:
            known = ", ".join(info.splits) or "none prepared"
            raise ValueError(f"its splits are: {known}")
        class_names = info.features["label"].names
        dataset = builder.as_dataset(
            split=split, decoders={"image": tfds.decode.SkipDecoding()}, shuffle_files=False
        )
    except (AssertionError, KeyError, ValueError, OSError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise data_errors.DataError(
            f"{source}: the split {split!r} cannot be read: {reason}"
        ) from error

    def named(number, example):
        name = tf.strings.join([split, tf.strings.as_string(number)], "/")
        return {"name": name, "image": example["image"], "label": example["label"]}

    return ImageSet(
        f"{name} {split}",
        lambda: dataset.enumerate().map(named),
        info.splits[split].num_examples,
        class_names,
    )
