# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ADE20K's scene parsing set of 150 classes, ADEChallengeData2016 (A.2).

What is read:
  images/{training,validation}/*.jpg
  annotations/{training,validation}/*.png: 0 for everything else, 1 to 150
  objectInfo150.txt: the names of the classes
"""

from __future__ import annotations

import functools
import os

import numpy as np

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import segmentation_records

NUM_CLASSES = 150
_SPLITS = {"train": ("training", 20210), "val": ("validation", 2000)}
_NAMES = "objectInfo150.txt"


def read(source: str) -> conversion.DataSet:
    """Lists the images of both splits, `train` and `val`.

    Records have the labels 0 to 149; the annotation's 0, pixels of none of the classes, becomes 255
    (mmsegmentation's `reduce_zero_label`). Classes are named by their first synonym, or by all of
    them where two classes share it.

    Args:
      source: ADEChallengeData2016, or the folder above it.

    Raises:
      ConversionError: it is not there.
    """
    inner = os.path.join(source, "ADEChallengeData2016")
    folder = inner if os.path.isdir(inner) else source
    names = _class_names(os.path.join(folder, _NAMES))
    splits = [_split(folder, split, *description) for split, description in _SPLITS.items()]
    return conversion.DataSet(splits, names)


def _class_names(path: str) -> list[str]:
    """The last of the tab-separated columns of each line but the first, which has their titles."""
    try:
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file if line.strip()][1:]
    except (OSError, UnicodeDecodeError) as error:
        raise conversion.ConversionError(f"{path} cannot be read: {error}") from error
    if len(rows) != NUM_CLASSES:
        raise conversion.ConversionError(f"{path} names {len(rows)} classes, not {NUM_CLASSES}.")
    full = [row[-1].strip() for row in rows]
    short = [name.replace(";", ",").split(",")[0].strip() for name in full]
    return [name if short.count(name) == 1 else all_ for name, all_ in zip(short, full)]


def _split(folder: str, split: str, part: str, published: int) -> conversion.Split:
    """Pairs images with masks; what has only one of them is missing the other."""
    images, masks = (os.path.join(folder, kind, part) for kind in ("images", "annotations"))
    stems = [_stems(images, ".jpg"), _stems(masks, ".png")]
    items, missing = [], []
    for name in sorted(stems[0] | stems[1]):
        image_path, mask_path = f"{images}/{name}.jpg", f"{masks}/{name}.png"
        if name not in stems[0]:
            missing.append(image_path)
        elif name not in stems[1]:
            missing.append(mask_path)
        else:
            items.append(conversion.Item(name, functools.partial(_make, image_path, mask_path)))
    return conversion.Split(split, items, published, missing)


def _stems(folder: str, suffix: str) -> set[str]:
    try:
        files = os.listdir(folder)
    except OSError as error:
        raise conversion.ConversionError(f"{folder} cannot be read: {error}") from error
    return {name[: -len(suffix)] for name in files if name.endswith(suffix)}


def _make(image_path: str, mask_path: str) -> bytes:
    annotation = segmentation_records.read_mask(mask_path)
    if annotation.max(initial=0) > NUM_CLASSES:
        raise conversion.ConversionError(
            f"{mask_path} has the label {annotation.max()}; there are {NUM_CLASSES} classes, and 0."
        )
    mask = annotation - np.uint8(1)  # 0 becomes 255.
    return segmentation_records.make(image_path, mask, mask_path, NUM_CLASSES)
