# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes a pretrained encoder for Model Garden's `init_checkpoint`, and verifies it.

Example:
  python export/export_backbone.py --model_dir=runs/first --export_path=encoders/first

Then any task of Model Garden with a `resnet` backbone of the same architecture starts from it:
  task.init_checkpoint: encoders/first
  task.init_checkpoint_modules: backbone
"""

from __future__ import annotations

import sys

from vito_tf import environment

environment.prepare()

import tensorflow as tf
from absl import app, flags, logging

from vito_tf import configuration
from vito_tf.pretraining import trained_network
from vito_tf.serving import exporting

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Exports, turning what the user can mend into one line."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown argument: {argv[1]}")
    tf.get_logger().setLevel("ERROR")
    logging.set_verbosity(logging.WARNING)
    export = exporting.Export(
        FLAGS.export_path,
        "backbone",
        verify_images=FLAGS.verify_images,
        overwrite=FLAGS.overwrite,
        licence=FLAGS.license,
        data_description=FLAGS.data_description,
    )
    try:
        errors = exporting.export_run(FLAGS.model_dir, export, FLAGS.network, FLAGS.checkpoint)
    except ValueError as error:
        if FLAGS.traceback:
            raise
        sys.exit(f"error: {configuration.message(error)}")
    print("\n".join([*errors, f"Written to {FLAGS.export_path}."]))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("model_dir", None, "Of the pretraining run.", required=True)
    flags.DEFINE_string("export_path", None, "Folder to write.", required=True)
    flags.DEFINE_enum("network", "online", trained_network.NETWORKS, "Which of the run's two.")
    flags.DEFINE_string("checkpoint", None, "Such as step-500; the run's newest by default.")
    flags.DEFINE_string(
        "verify_images",
        None,
        "A glob of photographs to compare export and network on; by default three that come with "
        "matplotlib and scikit-learn.",
    )
    flags.DEFINE_bool("overwrite", False, "Replace an export in --export_path.")
    flags.DEFINE_string("license", "", "Of the weights, for the model card.")
    flags.DEFINE_string("data_description", "", "For the model card, in Markdown.")
    flags.DEFINE_bool("traceback", False, "Show where in the program an error arose.")


if __name__ == "__main__":
    define_flags()
    app.run(main)
