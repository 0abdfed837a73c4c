# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""PASCAL VOC 2012 for semantic segmentation, with SBD's further annotations (A.2: train_aug2012).

What is read, of VOCdevkit/VOC2012:
  JPEGImages/*.jpg
  SegmentationClass/*.png and ImageSets/Segmentation/{train,val}.txt
and for train_aug either of
  SegmentationClassAug/*.png and ImageSets/Segmentation/trainaug.txt
  benchmark_RELEASE/dataset/{cls/*.mat,train.txt,val.txt}, SBD as it is published, beside VOC.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

import numpy as np
import scipy.io

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import segmentation_records

CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "dining table",
    "dog",
    "horse",
    "motorbike",
    "person",
    "potted plant",
    "sheep",
    "sofa",
    "train",
    "tv/monitor",
)

_PUBLISHED = {"train": 1464, "train_aug": 10582, "val": 1449}
_VOC_FOLDERS = ("", "VOC2012", "VOCdevkit/VOC2012")
_SBD_FOLDERS = (*(f"{up}benchmark_RELEASE/dataset" for up in ("", "../", "../../")), "dataset")


def read(source: str) -> conversion.DataSet:
    """Lists the training and validation images.

    The split `train_aug` has the 10,582 images of `trainaug.txt`, or those of SBD and VOC's train
    that are not in VOC's val; VOC's own masks are preferred to SBD's. Where there is neither, the
    split is `train`, VOC's own 1,464 images. 255 are pixels between objects.

    Args:
      source: VOC2012, or the folder above it or above VOCdevkit.

    Raises:
      ConversionError: these are not there.
    """
    voc = _find(source, _VOC_FOLDERS, "ImageSets/Segmentation/val.txt")
    if voc is None:
        raise conversion.ConversionError(
            f"{source} is no VOCdevkit/VOC2012: it has no ImageSets/Segmentation/val.txt."
        )
    train, val = _names(voc, "train"), _names(voc, "val")
    sbd = _find(source, _SBD_FOLDERS, "train.txt")
    own = functools.partial(_voc_mask, voc, "SegmentationClass")
    if os.path.exists(os.path.join(voc, "ImageSets/Segmentation/trainaug.txt")):
        augmented = functools.partial(_voc_mask, voc, "SegmentationClassAug")
        masks = {name: augmented(name) for name in _names(voc, "trainaug")}
        first = _split("train_aug", voc, masks)
    elif sbd:
        masks = {name: os.path.join(sbd, "cls", f"{name}.mat") for name in _sbd_names(sbd)}
        masks.update({name: own(name) for name in train})
        first = _split("train_aug", voc, {n: m for n, m in masks.items() if n not in set(val)})
    else:
        first = _split("train", voc, {name: own(name) for name in train})
    return conversion.DataSet(
        [first, _split("val", voc, {name: own(name) for name in val})], CLASSES
    )


def _find(source: str, folders: Iterable[str], file: str) -> str | None:
    places = (os.path.join(source, folder) for folder in folders)
    return next((place for place in places if os.path.exists(os.path.join(place, file))), None)


def _names(voc: str, name: str) -> list[str]:
    return _read_list(os.path.join(voc, "ImageSets/Segmentation", f"{name}.txt"))


def _sbd_names(sbd: str) -> list[str]:
    return [
        name for part in ("train", "val") for name in _read_list(os.path.join(sbd, f"{part}.txt"))
    ]


def _read_list(path: str) -> list[str]:
    """The first word of each line, without folders and suffix, which some `trainaug.txt` have."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.split() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise conversion.ConversionError(f"{path} cannot be read: {error}") from error
    return [os.path.splitext(os.path.basename(words[0]))[0] for words in lines if words]


def _voc_mask(voc: str, folder: str, name: str) -> str:
    return os.path.join(voc, folder, f"{name}.png")


def _split(split: str, voc: str, masks: dict[str, str]) -> conversion.Split:
    items, missing = [], []
    for name, mask_path in sorted(masks.items()):
        image_path = os.path.join(voc, "JPEGImages", f"{name}.jpg")
        absent = next((path for path in (image_path, mask_path) if not os.path.exists(path)), None)
        if absent:
            missing.append(absent)
        else:
            make = functools.partial(_make, image_path, mask_path)
            items.append(conversion.Item(name, make))
    return conversion.Split(split, items, _PUBLISHED[split], missing)


def _make(image_path: str, mask_path: str) -> bytes:
    is_matlab = mask_path.endswith(".mat")
    mask = _read_matlab(mask_path) if is_matlab else segmentation_records.read_mask(mask_path)
    return segmentation_records.make(image_path, mask, mask_path, len(CLASSES))


def _read_matlab(path: str) -> np.ndarray:
    """SBD's `GTcls.Segmentation`; the file is parsed, nothing in it is executed."""
    try:
        mask = scipy.io.loadmat(path, variable_names=["GTcls"])["GTcls"][0, 0]["Segmentation"]
    except Exception as error:  # The parser of damaged files raises whatever it likes.
        raise conversion.ConversionError(f"{path} is no annotation of SBD: {error}") from error
    if not isinstance(mask, np.ndarray) or mask.dtype != np.uint8 or mask.ndim != 2:
        raise conversion.ConversionError(f"{path}: GTcls.Segmentation is no mask of 8-bit labels.")
    return mask
