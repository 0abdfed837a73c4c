# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""COCO's detection data of 2017 (A.3), and your own in its format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import detection_records

PUBLISHED = {"train": 118287, "val": 5000}
NUM_CATEGORIES = 80


def read(source: str) -> conversion.DataSet:
    """Lists the images of both splits, `train` and `val`, with boxes or without.

    What is read:
      annotations/instances_{train,val}2017.json
      {train,val}2017/*.jpg

    Args:
      source: the folder of both.

    Raises:
      ConversionError: annotations are missing or unusable, or not of 80 categories.
    """
    files = {split: f"annotations/instances_{split}2017.json" for split in PUBLISHED}
    found = detection_records.data_set(
        source, files, lambda split, image: _in_folder(f"{split}2017", image), PUBLISHED
    )
    if len(found.class_names) != NUM_CATEGORIES:
        raise conversion.ConversionError(
            f"{source}/annotations has {len(found.class_names)} categories, and COCO "
            f"{NUM_CATEGORIES}; --dataset=coco_format is for other data in its format."
        )
    return found


def read_format(source: str) -> conversion.DataSet:
    """Lists the images of data of your own, as they are divided into `train` and `val`.

    What is read:
      annotations/instances_{train,val}.json
      {train,val}/*, pictures that the former name; see `photos.read`

    Args:
      source: the folder of both.

    Raises:
      ConversionError: annotations are missing or unusable.
    """
    files = {split: f"annotations/instances_{split}.json" for split in PUBLISHED}
    return detection_records.data_set(source, files, _in_folder)


def _in_folder(folder: str, image: Mapping[str, Any]) -> str | None:
    name = image.get("file_name")
    return f"{folder}/{name}" if isinstance(name, str) and name else None
