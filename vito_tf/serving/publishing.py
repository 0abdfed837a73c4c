# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A folder that is either whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import tensorflow as tf

from vito_tf.serving import file_formats

# What exports consist of; a folder with anything else in it is never removed.
_OWN_NAMES = (
    *("README.md", "encoder.json", "detector.json", "operative_config.gin", "checkpoint"),
    *("saved_model.pb", "fingerprint.pb", "variables", "assets"),
    *("backbone-1.index", "backbone-1.data-00000-of-00001"),
    *(file_formats.TFLITE_FLOAT, file_formats.TFLITE_INT8, file_formats.ONNX),
)


class PublishingError(ValueError):
    """A folder that cannot be written; the message names it."""


@contextlib.contextmanager
def published(path: str, overwrite: bool) -> Iterator[str]:
    """Gives a temporary folder beside `path`, which takes its place when all has gone well.

    Args:
      path: of the folder to write; missing or empty, unless `overwrite`.
      overwrite: whether an export in its place is replaced.

    Raises:
      PublishingError: if there is something that must not be replaced, or no way to write there.
    """
    path = path.rstrip("/") or "/"
    _check_free(path, overwrite)
    temporary = f"{path}.partial-{os.getpid()}"
    try:
        tf.io.gfile.makedirs(temporary)
    except tf.errors.OpError as error:
        raise PublishingError(f"--export_path={path} cannot be written: {error.message}") from error
    try:
        yield temporary
        _check_free(path, overwrite)
        if tf.io.gfile.exists(path):
            tf.io.gfile.rmtree(path)
        tf.io.gfile.rename(temporary, path)
    finally:
        if tf.io.gfile.exists(temporary):
            tf.io.gfile.rmtree(temporary)


def _check_free(path: str, overwrite: bool) -> None:
    if not tf.io.gfile.exists(path):
        return
    if not tf.io.gfile.isdir(path):
        raise PublishingError(f"--export_path={path} is a file.")
    names = [name.rstrip("/") for name in tf.io.gfile.listdir(path)]
    if names and not overwrite:
        raise PublishingError(f"--export_path={path} is not empty; --overwrite replaces an export.")
    foreign = [name for name in sorted(names) if name not in _OWN_NAMES]
    if foreign:
        raise PublishingError(
            f"--export_path={path} holds {foreign[0]}, which is no part of an export: --overwrite "
            "does not remove it."
        )
