# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes an encoder as a SavedModel, TFLite files, an ONNX file, or Model Garden's checkpoint."""

from __future__ import annotations

import os
from typing import Callable

import tensorflow as tf

from vito_tf.backbones import encoder_files
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import encoder_module

TFLITE_FLOAT = "encoder.float32.tflite"
TFLITE_INT8 = "encoder.int8_weights.tflite"
ONNX = "encoder.onnx"
_VARIABLES = "variables/variables"
_ONNX_OPSET = 17  # the newest that tf2onnx 1.16, Python 3.9's last, writes by itself


class MissingPackageError(ValueError):
    """A format whose packages are not installed; the message names the extra."""


def write_saved_model(encoder: encoder_lib.Encoder, image_size: int, folder: str) -> None:
    """Writes a reusable SavedModel that is an encoder's folder as well (`encoder_files`).

    Args:
      encoder: what to write.
      image_size: S of the signature `image_bytes`.
      folder: receives it.
    """
    module = encoder_module.EncoderModule(encoder, image_size)
    tf.saved_model.save(module, folder, signatures=module.signatures())
    # With it, Model Garden's `init_checkpoint` takes the folder.
    with tf.io.gfile.GFile(os.path.join(folder, "checkpoint"), "w") as file:
        file.write(f'model_checkpoint_path: "{_VARIABLES}"\n')
    files = encoder_files.EncoderFiles(
        folder, encoder.architecture, _VARIABLES, encoder.source, encoder.last_level
    )
    files.write_description()


def write_backbone(encoder: encoder_lib.Encoder, image_size: int, folder: str) -> None:
    """Writes an encoder's folder, which Model Garden's `init_checkpoint` takes as it is.

    Args:
      encoder: what to write.
      image_size: without effect.
      folder: receives it.
    """
    del image_size
    encoder_files.write(
        folder, encoder.backbone, encoder.architecture, encoder.source, encoder.last_level
    )


def write_tflite(encoder: encoder_lib.Encoder, image_size: int, folder: str) -> None:
    """Writes two files, with float32 weights and with int8 weights (dynamic range quantisation).

    Their one signature takes `images` [1, S, S, 3] float32 in [0, 1] and gives `features` [1, C].

    Args:
      encoder: what to write.
      image_size: S.
      folder: receives them.
    """
    holder, function = _fixed_size(encoder, [1, image_size, image_size, 3])
    for name, optimizations in ((TFLITE_FLOAT, []), (TFLITE_INT8, [tf.lite.Optimize.DEFAULT])):
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [function.get_concrete_function()], holder
        )
        converter.optimizations = optimizations
        with tf.io.gfile.GFile(os.path.join(folder, name), "wb") as file:
            file.write(converter.convert())


def write_onnx(encoder: encoder_lib.Encoder, image_size: int, folder: str) -> None:
    """Writes a graph from `images` [B, S, S, 3] float32 in [0, 1] to `features` [B, C].

    Args:
      encoder: what to write.
      image_size: S.
      folder: receives it.

    Raises:
      MissingPackageError: if the extra `onnx` is not installed.
    """
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx
    except ImportError as error:
        raise MissingPackageError(
            f"--format=onnx needs {error.name}: pip install -c constraints.txt -e '.[onnx]'"
        ) from error
    _, function = _fixed_size(encoder, [None, image_size, image_size, 3])
    tf2onnx.convert.from_function(
        function,
        input_signature=function.input_signature,
        opset=_ONNX_OPSET,
        output_path=os.path.join(folder, ONNX),
    )


def _fixed_size(
    encoder: encoder_lib.Encoder, shape: list[int | None]
) -> tuple[tf.__internal__.tracking.AutoTrackable, tf.types.experimental.PolymorphicFunction]:
    """A function of images of one size, and what holds its variables."""
    holder = tf.__internal__.tracking.AutoTrackable()
    holder.variables = list(encoder.backbone.variables)
    function = tf.function(
        lambda images: {"features": encoder.features(images)},
        input_signature=[tf.TensorSpec(shape, tf.float32, name="images")],
        autograph=False,
    )
    return holder, function


WRITERS: dict[str, Callable[[encoder_lib.Encoder, int, str], None]] = {
    "saved_model": write_saved_model,
    "tflite": write_tflite,
    "onnx": write_onnx,
    "backbone": write_backbone,
}
