# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images whose labels are ILSVRC-2012's, whatever subset of its classes is there."""

from __future__ import annotations

import os
from collections.abc import Collection

import tensorflow as tf

from vito_tf.evaluation import data_errors, image_sets
from vito_tf.evaluation.imagenet import classes
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import imagenet

SUFFIXES = (".jpeg", ".jpg", ".png")
VALIDATION_LAYOUTS = (
    "ImageNet's validation set (ILSVRC2012_img_val.tar of image-net.org, 50,000 images) as "
    "val/<wnid>/*.JPEG, any subset of the class folders; or as val/ILSVRC2012_val_*.JPEG; or as "
    "the TFRecords val-* of python -m vito_tf.transfer.convert_dataset; or tfds:imagenet2012"
)
_FLAT_PREFIX = "ILSVRC2012_val_"


def of_class_folders(
    folder: str, permitted: Collection[int], what: str, advice: str
) -> image_sets.ImageSet:
    """The pictures `<wnid>/<name>` of a folder, labelled by wnid and not by position.

    Hidden folders are passed over, and so are files that are no pictures.

    Args:
      folder: that the class folders lie in.
      permitted: labels that may occur.
      what: the data set, for progress and messages.
      advice: how its folder must look.

    Returns:
      The images, in order of wnid and name; `<wnid>/<name>` is what they are called.

    Raises:
      DataError: there is no picture, or a folder is none of these classes.
    """
    paths, labels, names = [], [], []
    for wnid in _folders(folder, advice):
        label = classes.label_of().get(wnid)
        if label is None or label not in permitted:
            raise data_errors.DataError(
                f"{os.path.join(folder, wnid)} is no class of {what}. {advice}"
            )
        for name in _pictures(os.path.join(folder, wnid)):
            paths.append(os.path.join(folder, wnid, name))
            labels.append(label)
            names.append(f"{wnid}/{name}")
    if not paths:
        raise data_errors.DataError(f"{folder} has no pictures <wnid>/*.JPEG of {what}. {advice}")
    return image_sets.of_files(what, paths, labels, names)


def validation(source: str, advice: str) -> image_sets.ImageSet:
    """ImageNet's validation set or a part of it.

    Args:
      source: see `VALIDATION_LAYOUTS`; the folder `val` may be named itself.
      advice: for messages, how data must look.

    Raises:
      DataError: there are no such images.
    """
    what = "ImageNet val"
    is_tfds = source.startswith("tfds:")
    if is_tfds or tf.io.gfile.glob(os.path.join(source, "*.tfrecord*")):
        split = "validation" if is_tfds else "val"
        try:
            return _relabelled(image_sets.read(source, split), source)
        except data_errors.DataError as error:
            raise data_errors.DataError(f"{error} {advice}") from error
    inside = os.path.join(source, "val")
    folder = inside if os.path.isdir(inside) else source
    subfolders = _folders(folder, advice)
    flat = [name for name in _pictures(folder) if name.startswith(_FLAT_PREFIX)]
    if flat and subfolders:
        raise data_errors.DataError(
            f"{folder} holds both {flat[0]} and the folder {subfolders[0]}; one of them is too "
            f"many. {advice}"
        )
    if flat:
        return _flat(source, folder, flat, what)
    return of_class_folders(folder, range(len(classes.label_of())), what, advice)


def _folders(folder: str, advice: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if entry.is_dir()]
    except OSError as error:
        raise data_errors.DataError(f"{folder} is no folder to read. {advice}") from error
    return sorted(name for name in found if not name.startswith("."))


def _pictures(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        found = [entry.name for entry in entries if entry.is_file()]
    return sorted(
        name for name in found if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )


def _flat(source: str, folder: str, names: list[str], what: str) -> image_sets.ImageSet:
    """Validation images beside each other, with the classes of Kaggle's or the published list."""
    try:
        wnids = imagenet.validation_classes(source)
    except conversion.ConversionError as error:
        raise data_errors.DataError(str(error)) from error
    wnid_of = {os.path.splitext(name)[0]: wnid for name, wnid in wnids.items()}
    labels = []
    for name in names:
        wnid = wnid_of.get(os.path.splitext(name)[0])
        if wnid not in classes.label_of():
            raise data_errors.DataError(
                f"{os.path.join(folder, name)} is none of ImageNet's validation images."
            )
        labels.append(classes.label_of()[wnid])
    return image_sets.of_files(what, [os.path.join(folder, name) for name in names], labels, names)


def _relabelled(images: image_sets.ImageSet, source: str) -> image_sets.ImageSet:
    """Replaces labels of whatever classes a set names by ILSVRC's; without names they are these."""
    if not images.class_names:
        return images
    label_of = classes.label_of()
    for name in images.class_names:
        if name not in label_of:
            raise data_errors.DataError(f"{source}: {name!r} is no class of ILSVRC-2012.")
    count = len(images.class_names)
    table = tf.constant([label_of[name] for name in images.class_names] + [-1], tf.int64)

    def relabel(row: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        known = (row["label"] >= 0) & (row["label"] < count)
        return {**row, "label": tf.gather(table, tf.where(known, row["label"], count))}

    return images._replace(read=lambda: images.read().map(relabel), class_names=())
