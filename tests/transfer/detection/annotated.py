# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Annotations of a few images, and detections of them."""

import numpy as np

CATEGORIES = {3: "square", 7: "disc", 9: "ring"}
SIZE = (200, 320)


def data(boxes):
    """Annotations in LVIS's format, which COCO's code takes as well.

    Args:
      boxes: a list an image, of (category id, [x, y, width, height]).
    """
    found = [
        {"image_id": image, "category_id": category, "bbox": list(box), "area": box[2] * box[3]}
        for image, objects in enumerate(boxes, start=1)
        for category, box in objects
    ]
    height, width = SIZE
    lists = {"neg_category_ids": list(CATEGORIES), "not_exhaustive_category_ids": []}
    images = [
        {"id": image, "height": height, "width": width, **lists}
        for image in range(1, len(boxes) + 1)
    ]
    return {
        "images": images,
        "annotations": [
            {"id": n, "iscrowd": 0, **annotation} for n, annotation in enumerate(found, start=1)
        ],
        "categories": [
            {"id": number, "name": name, "frequency": frequency}
            for (number, name), frequency in zip(CATEGORIES.items(), "rcf")
        ],
    }


def result(image, category, box, score):
    """A detection in COCO's format of results."""
    return {"image_id": image, "category_id": category, "bbox": list(box), "score": score}


def batch(ids, detections, most=4):
    """A batch as `validation_step` returns it.

    Args:
      ids: of images.
      detections: a list an image, of (class, [y_min, x_min, y_max, x_max], score).
      most: detections an image.
    """
    boxes = np.zeros([len(ids), most, 4], np.float32)
    classes = np.full([len(ids), most], -1, np.int32)
    scores = np.zeros([len(ids), most], np.float32)
    for image, found in enumerate(detections):
        for number, (one, box, score) in enumerate(found):
            classes[image, number], boxes[image, number], scores[image, number] = one, box, score
    return {
        "image_id": np.array(ids, np.int64),
        "boxes": boxes,
        "classes": classes,
        "scores": scores,
        "num_detections": np.array([len(found) for found in detections], np.int32),
    }
