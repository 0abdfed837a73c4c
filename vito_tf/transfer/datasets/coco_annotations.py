# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Annotation files in COCO's format, LVIS's included: reading, checking, and what is left out.

A file that is not what it should be is refused. Single annotations that cannot be trained on are
left out and counted by reason; evaluation by the official code is on all that it can make sense of.
"""

from __future__ import annotations

import collections
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask

from vito_tf.transfer import conversion

UNKNOWN_IMAGE = "unknown image_id"
UNKNOWN_CATEGORY = "unknown category_id"
NO_BOX = "no bbox"
NOT_FINITE = "bbox not finite"
DEGENERATE = "bbox without area"
OUTSIDE = "bbox outside the image"
_EVALUATED = (None, DEGENERATE, OUTSIDE)
"""Reasons in spite of which the official evaluation counts an annotation."""

_TOLERANCE = 0.01
"""Pixels, to which COCO rounds its boxes, that do not make a box a clipped one."""

_LARGEST_ID = 2**63 - 1

_MOST_CODED_PIXELS = 2**28
"""Of an image with run-length codes, which pycocotools counts in 32 bits."""

Json = dict[str, Any]


class Annotations(NamedTuple):
    """An annotation file.

    Attributes:
      images: its images by their ids.
      categories: names by published ids, ascending.
      boxes: by image id, the annotations that can be trained on, crowds among them. Each has a
        `bbox`, `area` and `iscrowd`.
      evaluated: all annotations that the official evaluation knows how to count.
      skipped: ids and reasons of those that are not in `boxes`.
      num_clipped: those in `boxes` that reach out of their image.
      num_derived: those in `boxes` that were made from a segmentation.
      document: the file without images, annotations and segmentations.
      digest: of all of the file, in hexadecimal digits.
    """

    images: dict[int, Json]
    categories: dict[int, str]
    boxes: dict[int, list[Json]]
    evaluated: list[Json]
    skipped: list[tuple[int, str]]
    num_clipped: int
    num_derived: int
    document: Json
    digest: str


def read(path: str) -> Annotations:
    """Reads a file in COCO's format; segmentations are dropped on the way where there is a `bbox`.

    A box that is missing is made from the segmentation: the extent of its polygons, as in COCO, or
    of its run-length code. An `area` that is missing, negative or no number is the box's; `iscrowd`
    is 1 for whatever pycocotools takes for it, 0 if missing.

    Args:
      path: a local file. Of LVIS's 1 GB, the text and about as much again are in memory.

    Raises:
      ConversionError: the file cannot be read, is not in COCO's format, repeats an id, or has
        annotations of which none can be used.
    """
    document, digest = _load(path)
    images = _by_id(path, document, "images")
    for number, image in images.items():
        if not all(_is_whole(image.get(name), 1) for name in ("height", "width")):
            raise conversion.ConversionError(
                f"{path}: the image {number} has no height and width in pixels."
            )
    categories = _categories(path, document)
    annotations = _by_id(path, document, "annotations", required=False)
    boxes: dict[int, list[Json]] = collections.defaultdict(list)
    evaluated, skipped, num_clipped, num_derived = [], [], 0, 0
    for number, annotation in annotations.items():
        is_derived = _derive_box(annotation, images)
        reason = _fault(annotation, images, categories)
        if reason in _EVALUATED:
            evaluated.append(_complete(annotation))
        if reason:
            skipped.append((number, reason))
            continue
        boxes[annotation["image_id"]].append(annotation)
        num_derived += is_derived
        num_clipped += _reaches_out(annotation["bbox"], images[annotation["image_id"]])
    if annotations and not boxes:
        raise conversion.ConversionError(
            f"{path}: none of {len(annotations)} annotations can be used; the annotation "
            f"{skipped[0][0]} has: {skipped[0][1]}."
        )
    rest = {name: document[name] for name in document if name not in ("images", "annotations")}
    return Annotations(
        images, categories, dict(boxes), evaluated, skipped, num_clipped, num_derived, rest, digest
    )


def evaluation_file(annotations: Annotations) -> bytes:
    """The JSON file that the official evaluation reads: all but the segmentations."""
    contents = {
        **annotations.document,
        "images": list(annotations.images.values()),
        "annotations": annotations.evaluated,
    }
    return json.dumps(contents, separators=(",", ":")).encode()


def clipped(bbox: Sequence[float], image: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """The part of a box [x, y, width, height] within its image: y_min, x_min, y_max, x_max."""
    x, y, width, height = bbox
    return (
        min(max(y, 0.0), image["height"]),
        min(max(x, 0.0), image["width"]),
        min(max(y + height, 0.0), image["height"]),
        min(max(x + width, 0.0), image["width"]),
    )


def _load(path: str) -> tuple[Json, str]:
    """The document and its digest."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                digest.update(part)
        with open(path, encoding="utf-8") as file:
            document = json.load(file, object_hook=_without_segmentation)
    except OSError as error:
        raise conversion.ConversionError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise conversion.ConversionError(f"{path} is no JSON file: {error}") from error
    if not isinstance(document, dict):
        raise conversion.ConversionError(f"{path} is not in COCO's format: it is no object.")
    return document, digest.hexdigest()


def _without_segmentation(entry: Json) -> Json:
    if entry.get("bbox"):
        entry.pop("segmentation", None)
    return entry


def _by_id(path: str, document: Json, kind: str, required: bool = True) -> dict[int, Json]:
    """The entries of a list of the document by their ids."""
    entries = document.get(kind)
    if not isinstance(entries, list) or (required and not entries):
        raise conversion.ConversionError(f"{path} is not in COCO's format: it has no {kind}.")
    found: dict[int, Json] = {}
    for position, entry in enumerate(entries):
        number: Any = entry.get("id") if isinstance(entry, dict) else None
        if not _is_whole(number, 0):
            raise conversion.ConversionError(
                f"{path}: entry {position} of {kind} has no id that is a whole number from 0."
            )
        if number in found:
            raise conversion.ConversionError(f"{path}: two of {kind} have the id {number}.")
        found[number] = entry
    return found


def _is_whole(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= _LARGEST_ID


def _categories(path: str, document: Json) -> dict[int, str]:
    categories = {}
    for number, entry in sorted(_by_id(path, document, "categories").items()):
        name = entry.get("name")
        if not isinstance(name, str) or not name:
            raise conversion.ConversionError(f"{path}: the category {number} has no name.")
        categories[number] = name
    return categories


def _derive_box(annotation: Json, images: Mapping[int, Json]) -> bool:
    """Makes a missing box from the segmentation, if that can be; returns whether it could."""
    segmentation: Any = annotation.pop("segmentation", None)
    image_id: Any = annotation.get("image_id")
    if segmentation is None or not _is_whole(image_id, 0) or image_id not in images:
        return False
    if isinstance(segmentation, dict):
        box = _box_of_runs(segmentation, images[image_id])
    else:
        box = _box_of_polygons(segmentation)
    if box:
        annotation["bbox"] = box
    return bool(box)


def _box_of_polygons(polygons: Any) -> list[float] | None:
    """The extent of polygons [x, y, x, y, ...]."""
    if not isinstance(polygons, list) or not polygons:
        return None
    rows = [_numbers(polygon) for polygon in polygons]
    if any(row is None or len(row) < 6 or len(row) % 2 for row in rows):
        return None
    points = np.array([value for row in rows if row for value in row]).reshape(-1, 2)
    first, last = points.min(axis=0), points.max(axis=0)  # NaN if one is.
    return [*first.tolist(), *(last - first).tolist()]


def _box_of_runs(runs: Json, image: Json) -> list[float] | None:
    """The extent of a run-length code of COCO's, compressed or not."""
    size, counts = [image["height"], image["width"]], runs.get("counts")
    if runs.get("size") != size or math.prod(size) > _MOST_CODED_PIXELS:
        return None
    if isinstance(counts, str) and counts.isascii():
        code = {"size": size, "counts": counts.encode()}
    elif isinstance(counts, list) and all(_is_whole(count, 0) for count in counts):
        if sum(counts) != math.prod(size):
            return None
        code = mask.frPyObjects({"size": size, "counts": counts}, *size)
    else:
        return None
    try:
        mask.decode(code)  # Which alone checks a compressed code.
    except ValueError:
        return None
    return [float(value) for value in mask.toBbox(code)]


def _fault(
    annotation: Json, images: Mapping[int, Json], categories: Mapping[int, str]
) -> str | None:
    """Why an annotation cannot be trained on; None if it can."""
    image_id: Any = annotation.get("image_id")
    category_id: Any = annotation.get("category_id")
    if not _is_whole(image_id, 0) or image_id not in images:
        return UNKNOWN_IMAGE
    if not _is_whole(category_id, 0) or category_id not in categories:
        return UNKNOWN_CATEGORY
    box = _numbers(annotation.get("bbox"))
    if box is None or len(box) != 4:
        return NO_BOX
    if not math.isfinite(sum(box) + box[2] * box[3]):
        return NOT_FINITE
    if min(box[2:]) <= 0:
        return DEGENERATE
    y_min, x_min, y_max, x_max = clipped(box, images[image_id])
    return None if y_max > y_min and x_max > x_min else OUTSIDE


def _numbers(values: Any) -> list[float] | None:
    """A list of numbers as floats; None for anything else."""
    if not isinstance(values, list) or any(type(value) not in (int, float) for value in values):
        return None
    try:
        return [float(value) for value in values]
    except OverflowError:
        return [math.inf]


def _complete(annotation: Json) -> Json:
    """Fills in what the evaluation needs."""
    area = _numbers([annotation.get("area")])
    if area is None or not 0 <= area[0] < math.inf:
        annotation["area"] = annotation["bbox"][2] * annotation["bbox"][3]
    annotation["iscrowd"] = int(bool(annotation.get("iscrowd")))
    return annotation


def _reaches_out(bbox: Sequence[float], image: Json) -> bool:
    y_min, x_min, y_max, x_max = clipped(bbox, image)
    inside = [x_min, y_min, x_max - x_min, y_max - y_min]
    return any(abs(a - b) > _TOLERANCE for a, b in zip(bbox, inside))
