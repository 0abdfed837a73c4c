# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""LVIS v1, 1203 categories on the images of COCO (A.3).

What is read:
  annotations/lvis_v1_{train,val}.json
  {train,val}2017/*.jpg, images of COCO; those of LVIS's `val` lie in both
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import detection_records

PUBLISHED = {"train": 100170, "val": 19809}
NUM_CATEGORIES = 1203


def read(source: str) -> conversion.DataSet:
    """Lists the images of both splits, `train` and `val`, with boxes or without.

    Args:
      source: the folder of all of it.

    Raises:
      ConversionError: annotations are missing or unusable, or not of 1203 categories.
    """
    files = {split: f"annotations/lvis_v1_{split}.json" for split in PUBLISHED}
    found = detection_records.data_set(source, files, _image_path, PUBLISHED, federated=True)
    if len(found.class_names) != NUM_CATEGORIES:
        raise conversion.ConversionError(
            f"{source}/annotations has {len(found.class_names)} categories, and LVIS v1 "
            f"{NUM_CATEGORIES}."
        )
    return found


def _image_path(split: str, image: Mapping[str, Any]) -> str | None:
    """The folder and the file at the end of the image's address in COCO."""
    del split
    address = image.get("coco_url")
    return "/".join(address.split("/")[-2:]) if isinstance(address, str) and address else None
