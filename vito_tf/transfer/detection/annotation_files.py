# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The annotation file that detections are measured against, in COCO's or LVIS's format."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from vito_tf.transfer import reading

_LISTS = {
    "images": ("id",),
    "annotations": ("image_id", "category_id", "bbox"),
    "categories": ("id", "name"),
}


class AnnotationError(ValueError):
    """An annotation file that cannot be used; the message names it."""


def records(input_path: str | Sequence[str]) -> list[str]:
    """The files of records.

    Args:
      input_path: their pattern, such as '/data/val*.tfrecord', or several.
    """
    patterns = reading.patterns(input_path)
    return [path for pattern in patterns for path in sorted(tf.io.gfile.glob(pattern))]


def beside(input_path: str | Sequence[str]) -> str:
    """The annotation file that `convert_dataset` wrote beside records.

    Args:
      input_path: see `records`.

    Returns:
      Its path: `<split>.json` for records `<split>-00000-of-00001.tfrecord`.

    Raises:
      AnnotationError: if no record or no such file is there, or the records are of several splits.
    """
    paths = records(input_path)
    if not paths:
        raise AnnotationError(
            f"task.validation_data.input_path = {input_path!r} matches no file; without records, "
            "give task.annotation_file."
        )
    found = {
        os.path.join(os.path.dirname(path), os.path.basename(path).split("-")[0] + ".json")
        for path in paths
    }
    if len(found) > 1 or not tf.io.gfile.exists(min(found)):
        raise AnnotationError(
            f"Beside {paths[0]} there is no one annotation file ({', '.join(sorted(found))}); "
            "give task.annotation_file."
        )
    return min(found)


def read(path: str) -> dict[str, Any]:
    """Reads a file, on disk or wherever else TensorFlow can read.

    Args:
      path: of JSON with the lists `images`, `annotations` and `categories`.

    Returns:
      Its content. Annotations without `iscrowd` have 0, those without `area` their box's;
      COCO's evaluation asks for both. They are numbered anew from 1: both evaluations take the id 0
      for none, and of several with one id the last for all.

    Raises:
      AnnotationError: if there is none, or it has another content.
    """
    try:
        with tf.io.gfile.GFile(path) as file:
            data = json.loads(file.read())
    except (tf.errors.OpError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise AnnotationError(f"The annotation file {path} cannot be read: {reason}") from error
    for kind, names in _LISTS.items():
        if not isinstance(data, dict) or not isinstance(data.get(kind), list):
            raise AnnotationError(f"{path} is no annotation file: it has no list {kind!r}.")
        for number, one in enumerate(data[kind]):
            lacking = [name for name in names if not isinstance(one, dict) or name not in one]
            if lacking:
                raise AnnotationError(f"{path}: {kind}[{number}] has no {lacking[0]}.")
    for number, annotation in enumerate(data["annotations"], start=1):
        box = annotation["bbox"]
        if not isinstance(box, list) or len(box) != 4:
            raise AnnotationError(
                f"{path}: annotations[{number - 1}] has the bbox {box}, not 4 numbers."
            )
        annotation.setdefault("iscrowd", 0)
        annotation.setdefault("area", box[2] * box[3])
        annotation["id"] = number
    return data


def categories(data: dict[str, Any]) -> dict[int, str]:
    """The categories' names by their ids, in the order of these, which is that of classes."""
    return dict(sorted((one["id"], one["name"]) for one in data["categories"]))
