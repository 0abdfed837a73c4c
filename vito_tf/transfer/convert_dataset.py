# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Converts a data set from its own layout to the TFRecords that the fine-tuning experiments read.

Examples:
  python -m vito_tf.transfer.convert_dataset --dataset=pascal_voc \
      --source=/data/VOCdevkit --output=/data/records/pascal_voc
  python -m vito_tf.transfer.convert_dataset --dataset=image_folder \
      --source=/data/my_photos --output=/data/records/my_photos
  python -m vito_tf.transfer.convert_dataset --dataset=coco_format \
      --source=/data/my_boxes --output=/data/records/my_boxes

What is missing is named; --allow_partial converts what is there. The same command resumes.
"""

from __future__ import annotations

import inspect
import os
from typing import Any, Callable

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import command_line
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import (
    ade20k,
    coco,
    image_folder,
    imagenet,
    lvis,
    pascal_voc,
    ucf101,
)

FLAGS = flags.FLAGS
READERS: dict[str, Callable[..., conversion.DataSet]] = {
    "ade20k": ade20k.read,
    "coco": coco.read,
    "coco_format": coco.read_format,
    "image_folder": image_folder.read,
    "imagenet": imagenet.read,
    "lvis": lvis.read,
    "pascal_voc": pascal_voc.read,
    "ucf101": ucf101.read,
}
ITEMS_PER_SHARD = {"ucf101": 64}
_OPTIONS = ("fold", "subset_list")


def main(argv: list[str]) -> None:
    """Converts, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors(
        interrupted="Interrupted; the same command goes on where it stopped."
    ):
        info = _convert()
    print(f"{'classes':24s} {len(info['class_names'])}")
    for name, split in info["splits"].items():
        left_out = split["skipped"] + split["missing"]
        print(f"{name:24s} {split['num_examples']} examples, {left_out} left out")
        if "boxes" in split:
            skipped = split["skipped_annotations"]
            reasons = "".join(f"; {reason}: {count}" for reason, count in skipped.items())
            left_out = f"{sum(skipped.values())} left out{reasons}"
            print(f"{name + ' boxes':24s} {split['boxes']}, {left_out}")


def _convert() -> dict[str, Any]:
    reader = READERS[FLAGS.dataset]
    given = {name: FLAGS[name].value for name in _OPTIONS if FLAGS[name].value is not None}
    for name in given:
        if name not in inspect.signature(reader).parameters:
            raise ValueError(f"--{name} is not for --dataset={FLAGS.dataset}.")
    if not os.path.isdir(FLAGS.source):
        raise ValueError(f"--source={FLAGS.source} is no folder.")
    return conversion.convert(
        reader(FLAGS.source, **given),
        FLAGS.output,
        FLAGS.items_per_shard or ITEMS_PER_SHARD.get(FLAGS.dataset, 1000),
        FLAGS.allow_partial,
        FLAGS.num_workers,
    )


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_enum(
        "dataset", None, sorted(READERS), "Which data set; image_folder and coco_format are yours."
    )
    flags.DEFINE_string("source", None, "Folder of the data set as it was published.")
    flags.DEFINE_string("output", None, "Folder for the records.")
    flags.DEFINE_bool("allow_partial", False, "Convert what is there and list what is not.")
    flags.DEFINE_integer("items_per_shard", None, "Records a file.", lower_bound=1)
    flags.DEFINE_integer("num_workers", os.cpu_count(), "Threads.", lower_bound=1)
    flags.DEFINE_integer("fold", None, "Of ucf101: which of its three divisions.", 1, 3)
    flags.DEFINE_string(
        "subset_list", None, "Of imagenet: a file that lists the images to train on."
    )
    command_line.define_flags()
    flags.mark_flags_as_required(["dataset", "source", "output"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
