# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes a pretrained encoder for Model Garden's `init_checkpoint`, and verifies it.

Example:
  python export/export_backbone.py --model_dir=runs/first --export_path=encoders/first

Then any task of Model Garden with a backbone of the same architecture, of type `resnet` or of our
type `swin`, starts from it:
  task.init_checkpoint: encoders/first
  task.init_checkpoint_modules: backbone
  task.model.norm_activation.norm_epsilon: 1.0e-5  (ResNets)
"""

from __future__ import annotations

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import command_line
from vito_tf.serving import export_flags, exporting

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Exports, turning what the user can mend into one line."""
    command_line.begin(argv)
    export = exporting.Export(
        FLAGS.export_path,
        "backbone",
        verify_images=FLAGS.verify_images,
        overwrite=FLAGS.overwrite,
        licence=FLAGS.license,
        data_description=FLAGS.data_description,
    )
    with command_line.one_line_errors():
        errors = exporting.export_run(FLAGS.model_dir, export, FLAGS.network, FLAGS.checkpoint)
    print("\n".join([*errors, f"Written to {FLAGS.export_path}."]))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("model_dir", None, "Of the pretraining run.", required=True)
    export_flags.define()


if __name__ == "__main__":
    define_flags()
    app.run(main)
