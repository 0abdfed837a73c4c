# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Examples of Model Garden's format for detection, and splits of them.

Boxes are normalised, and labels are the published ids of the categories, as Model Garden's own
conversion of COCO has them. LVIS adds `image/neg_category_ids` and
`image/not_exhaustive_category_ids`.

Each split comes with `<split>.json`, the annotations that the official evaluation reads.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any, Callable

import tensorflow as tf

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import coco_annotations, photos

FEDERATED_LISTS = ("neg_category_ids", "not_exhaustive_category_ids")
"""Of an image in LVIS: categories that it has no object of, and categories of which not all of its
objects have a box. Objects of further categories may be there without a box."""


def data_set(
    source: str,
    files: Mapping[str, str],
    image_path: Callable[[str, Mapping[str, Any]], str | None],
    published: Mapping[str, int] | None = None,
    federated: bool = False,
) -> conversion.DataSet:
    """Lists the images of annotation files in COCO's format.

    Args:
      source: the folder that all paths are in.
      files: the annotation file of each split.
      image_path: from a split and an image's entry to the picture's path in `source`; None where
        the entry does not say.
      published: images of each split.
      federated: whether images have LVIS's lists, without which they are refused.

    Returns:
      A data set whose `dataset.json` has `category_ids` in the order of `class_names`, `federated`,
      and counts of boxes by split.

    Raises:
      ConversionError: an annotation file is missing or cannot be used, an image's path leaves
        `source` or is that of another, or splits differ in their categories.
    """
    splits = []
    categories: dict[int, str] = {}
    for name, file in files.items():
        path = os.path.join(source, file)
        annotations = coco_annotations.read(path)
        if categories and annotations.categories != categories:
            raise conversion.ConversionError(f"{path} has other categories than the splits before.")
        categories = annotations.categories
        if federated:
            _check_lists(path, annotations)
        paths = _paths(path, annotations, functools.partial(image_path, name))
        lists = FEDERATED_LISTS if federated else ()
        splits.append(_split(source, name, annotations, paths, lists, (published or {}).get(name)))
    return conversion.DataSet(
        splits,
        list(categories.values()),
        {"category_ids": list(categories), "federated": federated},
    )


def example(
    path: str,
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    categories: Mapping[int, str],
    lists: Sequence[str] = (),
) -> bytes:
    """Makes a record of a picture and its boxes, which are clipped to it.

    Args:
      path: of the picture; see `photos.read`.
      image: its entry in the annotation file.
      annotations: of the image, each with a box that lies in it at least in part.
      categories: names by id.
      lists: of the image's entry that go into the record as they are, such as `FEDERATED_LISTS`.

    Returns:
      A serialised `tf.train.Example`.

    Raises:
      ConversionError: the picture cannot be used, or has another size than its entry.
    """
    encoded, height, width = photos.read(path)
    if (height, width) != (image["height"], image["width"]):
        raise conversion.ConversionError(
            f"{path} has {width}x{height} pixels, but its annotations are for "
            f"{image['width']}x{image['height']}."
        )
    boxes = [coco_annotations.clipped(annotation["bbox"], image) for annotation in annotations]
    labels = [annotation["category_id"] for annotation in annotations]
    feature = {
        "image/encoded": conversion.bytes_feature(encoded),
        "image/format": conversion.bytes_feature(b"jpeg"),
        "image/filename": conversion.bytes_feature(os.path.basename(path).encode()),
        "image/source_id": conversion.bytes_feature(str(image["id"]).encode()),
        "image/height": conversion.int64_feature(height),
        "image/width": conversion.int64_feature(width),
        "image/object/class/label": conversion.int64_feature(*labels),
        "image/object/class/text": conversion.bytes_feature(
            *(categories[label].encode() for label in labels)
        ),
        "image/object/area": _float_feature(*(entry["area"] for entry in annotations)),
        "image/object/is_crowd": conversion.int64_feature(
            *(entry["iscrowd"] for entry in annotations)
        ),
    }
    for side, (name, length) in enumerate(
        [("ymin", height), ("xmin", width), ("ymax", height), ("xmax", width)]
    ):
        values = (box[side] / length for box in boxes)
        feature[f"image/object/bbox/{name}"] = _float_feature(*values)
    for name in lists:
        feature[f"image/{name}"] = conversion.int64_feature(*image[name])
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def _float_feature(*values: float) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def _check_lists(path: str, annotations: coco_annotations.Annotations) -> None:
    """Refuses images without LVIS's lists of category ids."""
    for number, image in annotations.images.items():
        for name in FEDERATED_LISTS:
            ids = image.get(name)
            if not isinstance(ids, list) or not all(
                type(one) is int and one in annotations.categories for one in ids
            ):
                raise conversion.ConversionError(
                    f"{path}: the image {number} has no list {name} of category ids."
                )


def _paths(
    file: str,
    annotations: coco_annotations.Annotations,
    image_path: Callable[[Mapping[str, Any]], str | None],
) -> dict[int, str]:
    """Paths of the pictures by image id, each within the data set's folder and named once."""
    paths: dict[int, str] = {}
    owners: dict[str, int] = {}
    for number, image in annotations.images.items():
        path = image_path(image)
        if path is None:
            raise conversion.ConversionError(f"{file}: the image {number} has no file name.")
        path = os.path.normpath(path)
        if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
            raise conversion.ConversionError(
                f"{file}: the image {number} lies outside of the data set: {path}"
            )
        if owners.setdefault(path, number) != number:
            raise conversion.ConversionError(
                f"{file}: the images {owners[path]} and {number} are both {path}."
            )
        paths[number] = path
    return paths


def _split(
    source: str,
    name: str,
    annotations: coco_annotations.Annotations,
    paths: Mapping[int, str],
    lists: Sequence[str],
    published: int | None,
) -> conversion.Split:
    items, missing = [], []
    for number, image in annotations.images.items():
        path = os.path.join(source, paths[number])
        if not os.path.isfile(path):
            missing.append(path)
            continue
        boxes = annotations.boxes.get(number, [])
        make = functools.partial(example, path, image, boxes, annotations.categories, lists)
        items.append(conversion.Item(paths[number], make))
    return conversion.Split(
        name,
        items,
        published,
        missing,
        notes=[(f"annotation {number}", reason) for number, reason in annotations.skipped],
        info=_counts(annotations),
        files={f"{name}.json": functools.partial(coco_annotations.evaluation_file, annotations)},
        digest=annotations.digest,
    )


def _counts(annotations: coco_annotations.Annotations) -> dict[str, Any]:
    """What `dataset.json` says of the annotations of all images that the file lists."""
    reasons = [reason for _, reason in annotations.skipped]
    crowds = {
        number: sum(entry["iscrowd"] for entry in boxes)
        for number, boxes in annotations.boxes.items()
    }
    return {
        "boxes": sum(map(len, annotations.boxes.values())),
        "crowds": sum(crowds.values()),
        "most_boxes": max(
            (len(boxes) - crowds[number] for number, boxes in annotations.boxes.items()), default=0
        ),
        "clipped_boxes": annotations.num_clipped,
        "boxes_from_segmentations": annotations.num_derived,
        "images_without_boxes": len(annotations.images) - len(annotations.boxes),
        "skipped_annotations": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
    }
