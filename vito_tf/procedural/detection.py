# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes pictures of the procedural objects with boxes in COCO's format, to try detection on.

Example:
  python -m vito_tf.procedural.detection --output=data/procedural_boxes
  python -m vito_tf.transfer.convert_dataset --dataset=coco_format \
      --source=data/procedural_boxes --output=data/records/procedural_boxes
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags
from PIL import Image

from vito_tf import progress
from vito_tf.procedural import detection_scenes, objects

SPLITS = ("train", "val")
_QUALITY = 95


def write(
    output: str,
    num_train: int,
    num_val: int,
    image_size: Sequence[int] = (160, 192),
    seed: int = 0,
    options: detection_scenes.Options | None = None,
) -> None:
    """Writes `annotations/instances_{train,val}.json` and `{train,val}/*.jpg`.

    The categories are `objects.CLASSES`, with ids from 1. `area` is that of the visible part.

    Args:
      output: folder.
      num_train: pictures to train on.
      num_val: others to validate on.
      image_size: height and width in pixels.
      seed: of all; pictures do not depend on how many there are.
      options: see `detection_scenes.draw`.

    Raises:
      ValueError: the pictures would be too small.
    """
    root = pathlib.Path(output)
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    for part, (split, count) in enumerate(zip(SPLITS, (num_train, num_val))):
        (root / split).mkdir(exist_ok=True)
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for number in progress.bar(range(count), desc=f"{split} pictures", unit="picture"):
            picture = detection_scenes.draw(image_size, [seed, part, number], options)
            images.append(
                {
                    "id": number + 1,
                    "file_name": f"{number + 1:06d}.jpg",
                    "height": image_size[0],
                    "width": image_size[1],
                }
            )
            Image.fromarray(picture.pixels).save(
                root / split / images[-1]["file_name"], quality=_QUALITY, subsampling=0
            )
            _annotate(annotations, images[-1]["id"], picture)
        contents = {
            "images": images,
            "annotations": annotations,
            "categories": [
                {"id": label, "name": kind.name} for label, kind in enumerate(objects.CLASSES, 1)
            ],
        }
        path = root / "annotations" / f"instances_{split}.json"
        path.write_text(json.dumps(contents), encoding="utf-8")


def _annotate(
    annotations: list[dict[str, Any]], image_id: int, picture: detection_scenes.Picture
) -> None:
    """Appends the objects of a picture."""
    areas = np.count_nonzero(picture.masks, axis=(1, 2))
    boxes = detection_scenes.boxes(picture.masks)
    for label, box, area in zip(picture.labels, boxes, areas):
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": image_id,
                "category_id": int(label) + 1,
                "bbox": box.tolist(),
                "area": int(area),
                "iscrowd": 0,
            }
        )


def main(argv: list[str]) -> None:
    """Writes what the flags ask for."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown argument: {argv[1]}")
    given = flags.FLAGS
    size = (given.height, given.width)
    write(given.output, given.num_train, given.num_val, size, given.seed)
    print(os.path.abspath(given.output))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("output", None, "Folder for the pictures.")
    flags.DEFINE_integer("num_train", 400, "Pictures to train on.", lower_bound=1)
    flags.DEFINE_integer("num_val", 100, "Others to validate on.", lower_bound=1)
    flags.DEFINE_integer("height", 160, "Of the pictures, in pixels.", lower_bound=32)
    flags.DEFINE_integer("width", 192, "Of the pictures, in pixels.", lower_bound=32)
    flags.DEFINE_integer("seed", 0, "Of all.", lower_bound=0)
    flags.mark_flags_as_required(["output"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
