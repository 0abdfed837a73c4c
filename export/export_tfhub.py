# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Writes a pretrained encoder as a TF-Hub SavedModel, as TFLite files or as ONNX, and verifies it.

Examples:
  python export/export_tfhub.py --model_dir=runs/first --export_path=encoders/first
  python export/export_tfhub.py --model_dir=runs/first --export_path=encoders/lite \
      --format=tflite --image_size=224
  python export/export_tfhub.py --encoder=encoders/from_torch --export_path=encoders/hub

The first is for hub.KerasLayer("encoders/first") and tf.saved_model.load("encoders/first"); its
README.md shows how. The last exports what export_backbone or convert_torch has written.
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
        FLAGS.format,
        FLAGS.image_size,
        FLAGS.verify_images,
        FLAGS.overwrite,
        FLAGS.license,
        FLAGS.data_description,
    )
    with command_line.one_line_errors():
        if FLAGS.encoder:
            errors = exporting.export_folder(FLAGS.encoder, export)
        else:
            errors = exporting.export_run(FLAGS.model_dir, export, FLAGS.network, FLAGS.checkpoint)
    print("\n".join([*errors, f"Written to {FLAGS.export_path}."]))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("model_dir", None, "Of the pretraining run.")
    flags.DEFINE_string("encoder", None, "Instead of a run: folder of an encoder on disk.")
    flags.mark_flags_as_mutual_exclusive(["model_dir", "encoder"], required=True)
    flags.DEFINE_enum("format", "saved_model", ["saved_model", "tflite", "onnx"], "What to write.")
    flags.DEFINE_integer(
        "image_size",
        None,
        "Side in pixels to which the SavedModel crops files, and the only size of TFLite and ONNX; "
        "by default that of the training, 224 where it is not known.",
        lower_bound=1,
    )
    export_flags.define()


if __name__ == "__main__":
    define_flags()
    app.run(main)
