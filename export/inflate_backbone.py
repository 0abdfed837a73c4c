# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes an encoder's weights for Model Garden's 3-D ResNet, whose convolutions see time as well.

Example:
  python export/inflate_backbone.py --encoder=encoders/first --export_path=encoders/first_3d

Then the stock experiment video_classification_ucf101 starts from it:
  task.init_checkpoint: encoders/first_3d
  task.init_checkpoint_modules: backbone
On a video that stands still the network gives what the encoder gives on its frame.
"""

from __future__ import annotations

import os

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import command_line
from vito_tf.backbones import inflation

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Inflates, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors():
        if os.path.isdir(FLAGS.export_path) and os.listdir(FLAGS.export_path):
            raise ValueError(f"--export_path={FLAGS.export_path} is not empty.")
        path = inflation.write(FLAGS.encoder, FLAGS.export_path)
    print(f"Written to {path}.")


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("encoder", None, "Folder of an encoder, a ResNet-50.", required=True)
    flags.DEFINE_string("export_path", None, "Folder to write.", required=True)
    command_line.define_flags()


if __name__ == "__main__":
    define_flags()
    app.run(main)
