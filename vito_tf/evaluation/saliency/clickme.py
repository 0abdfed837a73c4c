# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ClickMe's TFRecords (serre-lab/Harmonization, `common/clickme_dataset.py`)."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import tensorflow as tf
from google.protobuf import message as protobuf

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import pairs

NAME = "ClickMe"
LAYOUT = (
    "ClickMe's validation set, val/val-0.tfrecords to val/val-16.tfrecords from "
    "https://storage.googleapis.com/serrelab/prj_harmonization/dataset/click-me/"
)
SHARDS = 17
"""Of the validation set (`NB_VAL_SHARDS`); the number of images in them is not published."""

_Value = TypeVar("_Value")

_ALL_IMAGES = "Every image counts; the reference drops the last, incomplete batch of 64 images."


def is_one(folder: str) -> bool:
    """Whether a folder has files `val/*.tfrecords`."""
    return bool(_shards(folder))


def find(folder: str) -> pairs.Pairs:
    """Counts the records of the files `val/*.tfrecords`."""
    shards = _shards(folder)
    records = tf.data.TFRecordDataset(shards).ignore_errors()
    size = int(records.reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))
    partial = "" if len(shards) >= SHARDS else f"{len(shards)} of {SHARDS} files of {NAME}"
    return pairs.Pairs(NAME, size, partial, [_ALL_IMAGES], [], functools.partial(_read, shards))


def _shards(folder: str) -> list[str]:
    return sorted(tf.io.gfile.glob(os.path.join(folder, "val", "*.tfrecords")), key=_natural)


def _natural(path: str) -> list[tuple[int, str]]:
    """Sorts val-2 before val-10."""
    parts = re.split(r"(\d+)", os.path.basename(path))
    return [(int(part) if part.isdigit() else -1, part) for part in parts]


def _read(shards: Sequence[str]) -> Iterator[pairs.Pair | data_errors.LeftOut]:
    for shard in shards:
        count = 0
        try:
            for record in tf.data.TFRecordDataset(shard):
                yield _pair(f"{os.path.basename(shard)}:{count}", record.numpy())
                count += 1
        except tf.errors.DataLossError:
            reason = f"{shard} is damaged after {count} records"
            yield data_errors.LeftOut(os.path.basename(shard), reason)


def _pair(name: str, record: bytes) -> pairs.Pair | data_errors.LeftOut:
    try:
        return _decoded(name, record)
    except pairs.UnusableError as error:
        return data_errors.LeftOut(name, str(error))


def _decoded(name: str, record: bytes) -> pairs.Pair:
    try:
        features = tf.train.Example.FromString(record).features.feature
    except protobuf.DecodeError as error:
        raise pairs.UnusableError("the record is no tf.train.Example") from error
    image = pairs.decode_image(_single(features["image"].bytes_list.value, "image"))
    heat_map = pairs.decode_grey(
        functools.partial(tf.io.decode_image, expand_animations=False),
        _single(features["heatmap"].bytes_list.value, "heatmap"),
    )
    label = _single(features["label"].int64_list.value, "label")
    if not 0 <= label < encoder_lib.IMAGENET_CLASSES:
        raise pairs.UnusableError(f"label {label} is no ImageNet class")
    return pairs.pair(name, image, heat_map, label)


def _single(values: Sequence[_Value], name: str) -> _Value:
    if len(values) != 1:
        raise pairs.UnusableError(f"the record has {len(values)} values of {name!r}, not 1")
    return values[0]
