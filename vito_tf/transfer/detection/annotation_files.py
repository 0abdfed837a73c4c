# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The annotation file that detections are measured against, in COCO's or LVIS's format."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

_LISTS = ("images", "annotations", "categories")


class AnnotationError(ValueError):
    """An annotation file that cannot be used; the message names it."""


def beside(input_path: str | Sequence[str]) -> str:
    """The annotation file that `convert_dataset` wrote beside records.

    Args:
      input_path: the records' pattern, such as '/data/val*.tfrecord', or several.

    Returns:
      Its path: `<split>.json` for records `<split>-00000-of-00001.tfrecord`.

    Raises:
      AnnotationError: if no record or no such file is there, or the records are of several splits.
    """
    patterns = input_path.split(",") if isinstance(input_path, str) else list(input_path or ())
    records = [path for pattern in patterns for path in tf.io.gfile.glob(pattern.strip())]
    if not records:
        raise AnnotationError(
            f"task.validation_data.input_path = {input_path!r} matches no file; without records, "
            "give task.annotation_file."
        )
    found = {
        os.path.join(os.path.dirname(path), os.path.basename(path).split("-")[0] + ".json")
        for path in records
    }
    if len(found) > 1 or not tf.io.gfile.exists(min(found)):
        raise AnnotationError(
            f"Beside {records[0]} there is no one annotation file ({', '.join(sorted(found))}); "
            "give task.annotation_file."
        )
    return min(found)


def read(path: str) -> dict[str, Any]:
    """Reads a file, on disk or wherever else TensorFlow can read.

    Args:
      path: of JSON with the lists `images`, `annotations` and `categories`.

    Returns:
      Its content. Annotations without `iscrowd` have 0, those without `area` their box's;
      COCO's evaluation asks for both. Where one has the id 0, which both evaluations take for
      none, all are numbered anew.

    Raises:
      AnnotationError: if there is none, or it has another content.
    """
    try:
        with tf.io.gfile.GFile(path) as file:
            data = json.loads(file.read())
    except (tf.errors.OpError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise AnnotationError(f"The annotation file {path} cannot be read: {reason}") from error
    missing = [
        name for name in _LISTS if not isinstance(data, dict) or type(data.get(name)) is not list
    ]
    if missing:
        raise AnnotationError(f"{path} is no annotation file: it has no list {missing[0]!r}.")
    for annotation in data["annotations"]:
        box = annotation.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            raise AnnotationError(f"{path}: annotation {annotation.get('id')} has no bbox.")
        annotation.setdefault("iscrowd", 0)
        annotation.setdefault("area", box[2] * box[3])
    if any(annotation.get("id") == 0 for annotation in data["annotations"]):
        for number, annotation in enumerate(data["annotations"], start=1):
            annotation["id"] = number
    return data


def categories(data: dict[str, Any]) -> dict[int, str]:
    """The categories' names by their ids, in the order of these, which is that of classes."""
    return dict(sorted((one["id"], one["name"]) for one in data["categories"]))
