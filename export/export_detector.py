# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Writes a fine-tuned object detector as a SavedModel, and verifies it.

Example:
  python export/export_detector.py --model_dir=runs/vito_fcos_coco --export_path=detectors/coco

Images go in, boxes in their own pixels, classes and scores come out; the README.md that is written
shows how.
"""

from __future__ import annotations

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import command_line
from vito_tf.serving import detector_exporting

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Exports, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors():
        errors = detector_exporting.export(
            FLAGS.model_dir,
            FLAGS.export_path,
            FLAGS.checkpoint,
            FLAGS.verify_images,
            FLAGS.overwrite,
        )
    print("\n".join([*errors, f"Written to {FLAGS.export_path}."]))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("model_dir", None, "Of the fine-tuning run.", required=True)
    flags.DEFINE_string("export_path", None, "Folder to write.", required=True)
    flags.DEFINE_string("checkpoint", None, "Such as ckpt-1000; the run's newest by default.")
    flags.DEFINE_string(
        "verify_images",
        None,
        "A glob of images to compare export and network on; by default the first of the run's "
        "validation data.",
    )
    flags.DEFINE_bool("overwrite", False, "Replace an export in --export_path.")
    command_line.define_flags()


if __name__ == "__main__":
    define_flags()
    app.run(main)
