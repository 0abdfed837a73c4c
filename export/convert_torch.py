# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Converts PyTorch's ResNets and Swin transformers to encoders on disk, and encoders back.

ResNets are of torchvision's layout, Swin transformers of microsoft/Swin-Transformer's: classifiers,
and backbones for segmentation and detection. Which of them a file holds is recognised.

Examples:
  python export/convert_torch.py --checkpoint=moco_v2_800ep_pretrain.pth.tar --export_path=moco
  python export/convert_torch.py --checkpoint=swin_small_patch4_window7_224.pth --export_path=swin
  python export/convert_torch.py --encoder=runs/export --export_path=vito.safetensors

The folder that the first writes is what `backbone.encoder.path` and `init_checkpoint` take. PyTorch
is not needed, and nothing in the file is executed.
"""

from __future__ import annotations

from typing import Any

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import command_line
from vito_tf.backbones import torch_conversion

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Converts, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors():
        figures = _convert()
    for name, value in figures.items():
        print(f"{name:20s} {value}")
    print(f"{'written':20s} {FLAGS.export_path}")


def _convert() -> dict[str, Any]:
    if FLAGS.checkpoint:
        return torch_conversion.to_encoder(
            FLAGS.checkpoint, FLAGS.export_path, FLAGS.prefix, FLAGS.overwrite
        )
    return torch_conversion.to_checkpoint(
        FLAGS.encoder, FLAGS.export_path, FLAGS.ignore_padding, FLAGS.overwrite
    )


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("checkpoint", None, "A .pth, .pt or .safetensors file to convert.")
    flags.DEFINE_string("encoder", None, "Or the folder of an encoder to convert.")
    flags.DEFINE_string(
        "export_path",
        None,
        "The folder that receives the encoder, or the .safetensors, .pth or .pt file.",
    )
    flags.DEFINE_string(
        "prefix",
        None,
        "With --checkpoint: what the names of the network's tensors begin with, where the file "
        "holds several networks, e.g. module.encoder_q.",
    )
    flags.DEFINE_bool(
        "ignore_padding",
        False,
        "With --encoder: convert a ResNet that pads as TensorFlow does, though PyTorch does not.",
    )
    flags.DEFINE_bool("overwrite", False, "Replace what is at --export_path.")
    command_line.define_flags()
    flags.mark_flags_as_mutual_exclusive(["checkpoint", "encoder"], required=True)
    flags.mark_flag_as_required("export_path")


if __name__ == "__main__":
    define_flags()
    app.run(main)
