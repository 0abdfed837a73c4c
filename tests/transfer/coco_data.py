# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Small data in COCO's and LVIS's layouts."""

import json
import pathlib

import numpy as np
from PIL import Image

CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 90, "name": "eel"}]


def image(number, height=20, width=30, **fields):
    """An image's entry."""
    return {
        "id": number,
        "file_name": f"{number}.jpg",
        "height": height,
        "width": width,
        **fields,
    }


def annotation(number, image_id, category_id=7, bbox=(3, 4, 10, 6), **fields):
    """An annotation; without `bbox` if that is None."""
    entry = {"id": number, "image_id": image_id, "category_id": category_id, **fields}
    return entry if bbox is None else {**entry, "bbox": list(bbox)}


def document(images, annotations, categories=None):
    """What an annotation file holds."""
    return {
        "info": {"year": 2017},
        "images": images,
        "annotations": annotations,
        "categories": CATEGORIES if categories is None else categories,
    }


def write_json(path, contents):
    """Writes an annotation file; returns its path as a string."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(contents))
    return str(path)


def write_picture(path, height=20, width=30, seed=0):
    """Writes random pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, [height, width, 3], np.uint8)
    Image.fromarray(pixels).save(path)


def write_format(root, documents, folder="{}", file="instances_{}.json"):
    """Writes the layout of `coco_format`, or a like one, with all pictures: {split: document}."""
    for split, contents in documents.items():
        write_json(root / "annotations" / file.format(split), contents)
        for entry in contents["images"]:
            path = root / folder.format(split) / entry["file_name"]
            write_picture(path, entry["height"], entry["width"], entry["id"])
    return str(root)
