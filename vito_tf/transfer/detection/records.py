# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Records of detection, as `convert_dataset` writes them, and what is known of them."""

from __future__ import annotations

import fnmatch
import json
import os
from typing import Any, Callable

import tensorflow as tf
from official.vision.dataloaders import tfds_factory

from vito_tf.transfer import conversion, reading
from vito_tf.transfer.datasets import detection_records
from vito_tf.transfer.detection import config

Tensors = dict[str, tf.Tensor]

_SIDES = ("ymin", "xmin", "ymax", "xmax")


def category_ids(
    params: config.DataConfig, name: str, num_classes: int, federated: bool
) -> list[int]:
    """Published ids of the classes, from the `dataset.json` beside the records.

    Args:
      params: of the data.
      name: where they are in an experiment, for messages.
      num_classes: C.
      federated: whether the data must have LVIS's lists.

    Returns:
      C whole numbers, ascending; 0 to C - 1 of TensorFlow Datasets, which has numbered them anew.

    Raises:
      ValueError: the data are not of C categories, are not federated, or are of several minds.
    """
    if params.tfds_name:
        if federated:
            raise ValueError(f"{name}.tfds_name: {params.tfds_name} has no lists as LVIS has.")
        return list(range(num_classes))
    folders = sorted({os.path.dirname(pattern) for pattern in reading.patterns(params.input_path)})
    found = []
    for folder in folders:
        info = dataset_info(folder)
        if federated and not info.get("federated"):
            raise ValueError(
                f"{name}.input_path: the data in {folder} are not federated as LVIS is; "
                "task.losses.federated must be false."
            )
        found.append(info["category_ids"])
    if any(ids != found[0] for ids in found):
        raise ValueError(f"{name}.input_path: the folders differ in their categories.")
    if len(found[0]) != num_classes:
        raise ValueError(
            f"task.model.num_classes is {num_classes}, but {name}.input_path has {len(found[0])} "
            "categories."
        )
    return found[0]


def most_boxes(params: config.DataConfig) -> int:
    """Boxes of the image that has most, crowds aside, by the `dataset.json` beside the records.

    Args:
      params: of the data; 0 of TensorFlow Datasets, which are not counted.

    Raises:
      ValueError: there is no such file of data for detection.
    """
    most = 0
    for pattern in [] if params.tfds_name else reading.patterns(params.input_path):
        folder, name = os.path.split(pattern)
        for split in dataset_info(folder)["splits"].values():
            if fnmatch.filter(split["files"], name):
                most = max(most, split["most_boxes"])
    return most


def dataset_info(folder: str) -> dict[str, Any]:
    """What `convert_dataset` wrote about records of detection.

    Args:
      folder: of the records, local or remote.

    Returns:
      The contents of `dataset.json`, among them `class_names`, `category_ids` (ascending), and
      `federated`.

    Raises:
      ValueError: there is no such file of data for detection.
    """
    path = os.path.join(folder, conversion.INFO_FILE)
    if not tf.io.gfile.exists(path):
        raise ValueError(f"{path} is missing; convert_dataset writes it beside the records.")
    with tf.io.gfile.GFile(path) as file:
        info = json.loads(file.read())
    if "category_ids" not in info:
        raise ValueError(f"{path} has no category_ids: these data are not for detection.")
    return info


def parse_record(record: tf.Tensor) -> Tensors:
    """Takes an example apart that `convert_dataset`, or Model Garden's conversion of COCO, wrote.

    Args:
      record: string scalar.

    Returns:
      A dictionary:
        image: uint8 [H, W, 3].
        image_id: int64 scalar.
        boxes: float32 [M, 4], relative.
        labels: int64 [M], published category ids.
        is_crowd: bool [M].
        neg_category_ids, not_exhaustive_category_ids: int64, empty where there are none.
    """

    def values(dtype: tf.DType) -> Any:
        return tf.io.FixedLenSequenceFeature([], dtype, allow_missing=True)

    features = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/source_id": tf.io.FixedLenFeature([], tf.string),
        "image/object/class/label": values(tf.int64),
        "image/object/is_crowd": values(tf.int64),
        **{f"image/object/bbox/{side}": values(tf.float32) for side in _SIDES},
        **{f"image/{name}": values(tf.int64) for name in detection_records.FEDERATED_LISTS},
    }
    found = tf.io.parse_single_example(record, features)
    return {
        "image": reading.decode_image(found["image/encoded"]),
        "image_id": tf.strings.to_number(found["image/source_id"], tf.int64),
        "boxes": tf.stack([found[f"image/object/bbox/{side}"] for side in _SIDES], axis=-1),
        "labels": found["image/object/class/label"],
        "is_crowd": found["image/object/is_crowd"] > 0,
        **{name: found[f"image/{name}"] for name in detection_records.FEDERATED_LISTS},
    }


def tfds_decoder(tfds_name: str, name: str) -> Callable[[Any], Tensors]:
    """Model Garden's decoder of a data set of TFDS, with the names of `parse_record`.

    Args:
      tfds_name: such as 'coco/2017'.
      name: where the data are in an experiment, for messages.

    Raises:
      ValueError: Model Garden has none for it.
    """
    try:
        decoder = tfds_factory.get_detection_decoder(tfds_name)
    except ValueError as error:
        raise ValueError(f"{name}.tfds_name: {error}") from error

    def decode(record: Any) -> Tensors:
        found = decoder.decode(record)
        return {
            "image": reading.as_rgb(found["image"]),
            "image_id": tf.strings.to_number(found["source_id"], tf.int64),
            "boxes": found["groundtruth_boxes"],
            "labels": tf.cast(found["groundtruth_classes"], tf.int64),
            "is_crowd": found["groundtruth_is_crowd"],
        }

    return decode
