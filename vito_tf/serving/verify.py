# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Compares an export with what the network computed; `in_fresh_process` runs it as a program.

Nothing of the process that wrote the export is left then but the export itself: apart from Model
Garden's checkpoints, exports are loaded without this package and without Model Garden.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Callable

import numpy as np
import tensorflow as tf
from absl import app, flags

from vito_tf.serving import cases

FLAGS = flags.FLAGS
FLOAT_TOLERANCE = 1e-4  # largest difference, relative to the output's largest value
INT8_COSINE = 0.99  # smallest cosine, with weights of 8 bits
_ERROR = "error: "

Call = Callable[[str, np.ndarray], dict]


class VerificationError(ValueError):
    """An export that does not compute what its network does."""


def in_fresh_process(folder: str, file_format: str, all_cases: Sequence[cases.Case]) -> list[str]:
    """Compares an export with references, in a process of its own and without a GPU.

    Args:
      folder: of the export.
      file_format: 'saved_model', 'tflite', 'onnx' or 'backbone'.
      all_cases: of the network.

    Returns:
      A line for each kind of call, with its errors.

    Raises:
      VerificationError: if they differ, or the export cannot be loaded.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "references.npz")
        cases.write(path, all_cases)
        words = [f"--export_path={folder}", f"--format={file_format}", f"--references={path}"]
        process = subprocess.run(
            [sys.executable, "-m", "vito_tf.serving.verify", *words],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        reasons = [line for line in lines if line.startswith(_ERROR)] or lines
        raise VerificationError(f"The export was not kept: {reasons[-1].removeprefix(_ERROR)}")
    return process.stdout.splitlines()


def compare(folder: str, file_format: str, all_cases: Sequence[cases.Case]) -> list[str]:
    """Compares an export with references in this process; see `in_fresh_process`."""
    lines = []
    for name, call, is_int8 in _LOADERS[file_format](folder):
        kinds: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for case in all_cases:
            outputs = call(case.call, case.value)
            if set(outputs) != set(case.expected):
                raise VerificationError(f"{name}: {case.call} gives {sorted(outputs)}.")
            pairs = [(np.asarray(outputs[key]), value) for key, value in case.expected.items()]
            kinds.setdefault(case.call, []).extend(pairs)
        lines += [_line(f"{name} {kind}", pairs, is_int8) for kind, pairs in kinds.items()]
    return lines


def _line(name: str, pairs: list[tuple[np.ndarray, np.ndarray]], is_int8: bool) -> str:
    if any(got.shape != expected.shape for got, expected in pairs):
        raise VerificationError(f"{name}: outputs have other shapes than the network's.")
    differences = [float(np.abs(got - expected).max()) for got, expected in pairs]
    relatives = [
        difference / max(float(np.abs(expected).max()), 1e-12)
        for difference, (_, expected) in zip(differences, pairs)
    ]
    cosines = [
        float(np.vdot(got, expected) / (np.linalg.norm(got) * np.linalg.norm(expected) + 1e-12))
        for got, expected in pairs
    ]
    relative, cosine = np.max(relatives), np.min(cosines)  # NaN if any is
    line = (
        f"{name}: largest absolute error {np.max(differences):.2e}, relative {relative:.2e}, "
        f"smallest cosine {cosine:.6f}"
    )
    agrees = cosine >= INT8_COSINE if is_int8 else relative <= FLOAT_TOLERANCE
    if not agrees:
        bound = f"cosine {INT8_COSINE}" if is_int8 else f"relative {FLOAT_TOLERANCE}"
        raise VerificationError(f"{line}; the bound is {bound}.")
    return line


def _saved_model(folder: str) -> list[tuple[str, Call, bool]]:
    module = tf.saved_model.load(folder)

    def call(name: str, value: np.ndarray) -> dict:
        if name == "image_bytes":
            return module.signatures[name](tf.constant([value.tobytes()]))
        if name in module.signatures:
            return module.signatures[name](tf.constant(value))
        outputs = (module if name == "features" else getattr(module, name))(tf.constant(value))
        return outputs if isinstance(outputs, dict) else {"features": outputs}

    return [("saved_model", call, False)]


def _tflite(folder: str) -> list[tuple[str, Call, bool]]:
    def load(file: str) -> Call:
        interpreter = tf.lite.Interpreter(os.path.join(folder, file), num_threads=1)
        runner = interpreter.get_signature_runner()
        return lambda _, value: runner(images=value)

    return [
        (file, load(file), "int8" in file)
        for file in sorted(tf.io.gfile.listdir(folder))
        if file.endswith(".tflite")
    ]


def _onnx(folder: str) -> list[tuple[str, Call, bool]]:
    import onnxruntime  # of the extra [onnx]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        os.path.join(folder, "encoder.onnx"), options, providers=["CPUExecutionProvider"]
    )

    def call(_: str, value: np.ndarray) -> dict:
        return {"features": session.run(["features"], {"images": value})[0]}

    return [("onnx", call, False)]


def _backbone(folder: str) -> list[tuple[str, Call, bool]]:
    """A backbone of Model Garden's type that fits, with weights restored as its tasks do it."""
    from official.vision.modeling.backbones import factory

    from vito_tf.backbones import encoder_files, model_garden, normalisation

    config, norm = model_garden.taking(encoder_files.read(folder).architecture)
    backbone = factory.build_backbone(
        tf.keras.layers.InputSpec(shape=[None, None, None, 3]), config, norm
    )
    status = tf.train.Checkpoint(backbone=backbone).read(tf.train.latest_checkpoint(folder))
    status.expect_partial().assert_existing_objects_matched()

    def call(_: str, value: np.ndarray) -> dict:
        return backbone(normalisation.normalise(tf.constant(value)), training=False)

    return [(f"Model Garden's {config.type}", call, False)]


_LOADERS = {
    "saved_model": _saved_model,
    "tflite": _tflite,
    "onnx": _onnx,
    "backbone": _backbone,
}


def main(argv: list[str]) -> None:
    """Prints the errors, or one line of what is wrong."""
    del argv
    tf.get_logger().setLevel("ERROR")
    try:
        lines = compare(FLAGS.export_path, FLAGS.format, cases.read(FLAGS.references))
    except Exception as error:
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        sys.exit(_ERROR + reason)
    print("\n".join(lines))


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("export_path", None, "Folder of the export.")
    flags.DEFINE_enum("format", "saved_model", sorted(_LOADERS), "What the folder holds.")
    flags.DEFINE_string("references", None, "File that `cases.write` wrote.")
    flags.mark_flags_as_required(["export_path", "references"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
