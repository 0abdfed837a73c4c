# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet (ILSVRC-2012 classification) in its own layout, and the lists of parts of it.

    train/n01440764/n01440764_10026.JPEG    1,281,167 images of 1000 classes
    val/ILSVRC2012_val_00000001.JPEG        50,000 images, or in a folder for each class
    LOC_val_solution.csv                    of Kaggle's copy; not needed

Labels are places in the order of WordNet identifiers, as everywhere but in the development kit's
`ILSVRC2012_validation_ground_truth.txt`, whose numbers have another order. Classes of flat
validation images come from `LOC_val_solution.csv` or else from TensorFlow Datasets' list.

22 training images are CMYK and n02105855_2933.JPEG is a PNG file: these become RGB JPEG.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence

import tensorflow_datasets as tfds

from vito_tf.curation import categories
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import photos

PUBLISHED_TRAIN = 1_281_167
PUBLISHED_VALIDATION = 50_000
_SUFFIX = ".JPEG"
_SOLUTION = "LOC_val_solution.csv"
_TFDS_LABELS = "datasets/imagenet2012/validation_labels.txt"
_PNG_FILES = ("n02105855_2933.JPEG",)


def read(source: str, subset_list: str | None = None) -> conversion.DataSet:
    """Lists the images of the splits `train` and `val`.

    Args:
      source: the folder that holds `train` and `val`.
      subset_list: file with a training image's name a line, such as the published lists of 1% and
        10% (github.com/google-research/simclr, imagenet_subsets/1percent.txt and 10percent.txt);
        all others are left out.

    Returns:
      The data set; the names of the classes are WordNet identifiers.

    Raises:
      ConversionError: `source` holds no ImageNet, or `subset_list` no names.
    """
    wnids = [category.wnid for category in categories.imagenet_categories()]
    if not any(os.path.isdir(os.path.join(source, name)) for name in ("train", "val")):
        raise conversion.ConversionError(f"--source={source} holds neither train/ nor val/.")
    train = _class_folders(os.path.join(source, "train"), wnids)
    missing = _absent_classes(train, wnids, "train")
    published = PUBLISHED_TRAIN
    if subset_list:
        chosen = _names(subset_list)
        train = {name: place for name, place in train.items() if name in chosen}
        missing = [name for name in chosen if name not in train]
        published = len(chosen)
    splits = [
        conversion.Split("train", _items(train, wnids), published, missing),
        _validation(source, wnids),
    ]
    return conversion.DataSet(splits, wnids)


def _validation(source: str, wnids: Sequence[str]) -> conversion.Split:
    folder = os.path.join(source, "val")
    flat = os.path.isdir(folder) and any(name.endswith(_SUFFIX) for name in os.listdir(folder))
    if flat:
        classes = validation_classes(source)
        here = set(os.listdir(folder))
        images = {name: (folder, wnid) for name, wnid in classes.items() if name in here}
        missing = [name for name in classes if name not in here]
    else:
        images = _class_folders(folder, wnids)
        missing = _absent_classes(images, wnids, "val")
    return conversion.Split("val", _items(images, wnids), PUBLISHED_VALIDATION, missing)


def _class_folders(folder: str, wnids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """{name of image: (its folder, its class)}; empty if there is no such folder."""
    images: dict[str, tuple[str, str]] = {}
    if not os.path.isdir(folder):
        return images
    known = set(wnids)
    for wnid in sorted(os.listdir(folder)):
        place = os.path.join(folder, wnid)
        if not os.path.isdir(place):
            continue
        if wnid not in known:
            raise conversion.ConversionError(f"{place} is no class of ILSVRC-2012.")
        names = sorted(name for name in os.listdir(place) if name.endswith(_SUFFIX))
        images.update((name, (place, wnid)) for name in names)
    return images


def _absent_classes(
    images: Mapping[str, tuple[str, str]], wnids: Sequence[str], split: str
) -> list[str]:
    found = {wnid for _, wnid in images.values()}
    return [f"{split}/{wnid}/" for wnid in wnids if wnid not in found]


def validation_classes(source: str) -> dict[str, str]:
    """The class of each flat validation image.

    Args:
      source: a folder; `LOC_val_solution.csv` lies in it, in its folder `val` or nowhere.

    Returns:
      WordNet identifiers of all 50,000 by file name.

    Raises:
      ConversionError: the CSV file lacks its columns.
    """
    for folder in (source, os.path.join(source, "val")):
        path = os.path.join(folder, _SOLUTION)
        if os.path.exists(path):
            return _solution(path)
    with tfds.core.tfds_path(_TFDS_LABELS).open() as file:
        wnids = file.read().split()
    return {f"ILSVRC2012_val_{n:08d}{_SUFFIX}": wnid for n, wnid in enumerate(wnids, start=1)}


def _solution(path: str) -> dict[str, str]:
    """Reads rows such as `ILSVRC2012_val_00048981,n03995372 85 1 499 272`."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return {
                row["ImageId"] + _SUFFIX: row["PredictionString"].split()[0]
                for row in csv.DictReader(file)
            }
    except (AttributeError, IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise conversion.ConversionError(
            f"{path} does not have the columns ImageId and PredictionString."
        ) from error


def _names(path: str) -> dict[str, None]:
    """The lines of a list, in order."""
    try:
        with open(path, encoding="utf-8") as file:
            names = dict.fromkeys(file.read().split())
    except (OSError, UnicodeDecodeError) as error:
        raise conversion.ConversionError(f"--subset_list={path} cannot be read: {error}") from error
    if not names:
        raise conversion.ConversionError(f"--subset_list={path} names no image.")
    return names


def _items(images: Mapping[str, tuple[str, str]], wnids: Sequence[str]) -> list[conversion.Item]:
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    return [
        photos.item(name, os.path.join(folder, name), labels[wnid], wnid, name in _PNG_FILES)
        for name, (folder, wnid) in images.items()
    ]
