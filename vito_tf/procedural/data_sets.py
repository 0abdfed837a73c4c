# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes labelled pictures of the procedural objects, to try fine-tuning on without any download.

Example:
  python -m vito_tf.procedural.data_sets --output=data/procedural

`photos/{train,val}/<class>/*.jpg` is a folder of labelled photos as a user would have it;
`VOCdevkit/VOC2012` holds the same pictures in PASCAL VOC's layout, with masks of 12 of its classes.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np
from absl import app, flags
from PIL import Image

from vito_tf import progress
from vito_tf.procedural import objects, rendering, scenes

_SPLITS = {"train": "train", "val": "held_out"}
_QUALITY = 95


def write(output: str, train_per_class: int, val_per_class: int, seed: int = 0) -> None:
    """Writes both layouts; one frame a scene, its moment drawn from the seed.

    Args:
      output: folder.
      train_per_class: pictures of each class to train on.
      val_per_class: pictures of other instances to validate on.
      seed: of all.
    """
    root = pathlib.Path(output)
    voc = root / "VOCdevkit" / "VOC2012"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (voc / folder).mkdir(parents=True, exist_ok=True)
    counts = {"train": train_per_class, "val": val_per_class}
    for split, count in counts.items():
        names = []
        rng = np.random.default_rng([seed, count])
        specs = [
            scenes.ClipSpec(_SPLITS[split], label, instance, seed)
            for instance in range(count)
            for label in range(len(objects.CLASSES))
        ]
        for spec in progress.bar(specs, desc=f"{split} pictures", unit="picture"):
            moment = int(rng.integers(scenes.NUM_FRAMES))
            frames, masks = rendering.render_clip(spec, frames=[moment])
            class_name = objects.CLASSES[spec.label].name
            names.append(f"{split}_{class_name}_{spec.instance:04d}")
            photo = root / "photos" / split / class_name / f"{spec.instance:04d}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(frames[0]).save(photo, quality=_QUALITY, subsampling=0)
            Image.fromarray(frames[0]).save(
                voc / "JPEGImages" / f"{names[-1]}.jpg", quality=_QUALITY, subsampling=0
            )
            mask = Image.fromarray(masks[0].astype(np.uint8) * (spec.label + 1), mode="P")
            mask.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
            mask.save(voc / "SegmentationClass" / f"{names[-1]}.png")
        listing = voc / "ImageSets" / "Segmentation" / f"{split}.txt"
        listing.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def main(argv: list[str]) -> None:
    """Writes what the flags ask for."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown argument: {argv[1]}")
    write(flags.FLAGS.output, flags.FLAGS.train_per_class, flags.FLAGS.val_per_class)
    print(os.path.abspath(flags.FLAGS.output))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("output", None, "Folder for the pictures.")
    flags.DEFINE_integer("train_per_class", 20, "Pictures of each class.", lower_bound=1)
    flags.DEFINE_integer("val_per_class", 20, "Of other instances.", lower_bound=1)
    flags.mark_flags_as_required(["output"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
