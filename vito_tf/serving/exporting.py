# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From a run, or an encoder on disk, to a verified export with its papers."""

from __future__ import annotations

import dataclasses
import os

import tensorflow as tf

from vito_tf.pretraining import run_directory
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import (
    file_formats,
    model_card,
    publishing,
    references,
    trained_network,
    verify,
)

_IMAGE_SIZE = 224


@dataclasses.dataclass(frozen=True)
class Export:
    """What to write.

    Attributes:
      path: of the folder.
      file_format: 'saved_model', 'tflite', 'onnx' or 'backbone'.
      image_size: S, to which files are cropped, or the only size; None for that of the training,
        224 where it is not known.
      verify_images: a glob of photographs; None for some that are always there.
      overwrite: whether an export in the folder is replaced.
      licence: of the weights, for the model card; '' for no statement.
      data_description: Markdown for the model card; '' for no statement.
    """

    path: str
    file_format: str = "saved_model"
    image_size: int | None = None
    verify_images: str | None = None
    overwrite: bool = False
    licence: str = ""
    data_description: str = ""


def export_run(
    model_dir: str, export: Export, network: str = "online", checkpoint: str | None = None
) -> list[str]:
    """Exports the encoder of a pretraining run; the run's operative configuration goes with it.

    Args:
      model_dir: of the run.
      export: what to write.
      network: 'online' or 'target'.
      checkpoint: name in the run's folder of checkpoints; None for the newest.

    Returns:
      A line for each kind of call, with the errors that verification found.

    Raises:
      ValueError: for a run, a folder or photographs that cannot be used, or an export that does not
        compute what the network does; nothing stays then.
    """
    with publishing.published(export.path, export.overwrite) as folder:
        trained = trained_network.load(model_dir, network, checkpoint)
        origin = model_card.Origin(
            trained.summary, trained.config, export.data_description, export.licence
        )
        operative = os.path.join(model_dir, run_directory.OPERATIVE_CONFIG)
        if tf.io.gfile.exists(operative):
            tf.io.gfile.copy(operative, os.path.join(folder, run_directory.OPERATIVE_CONFIG))
        encoder = encoder_lib.of_run(trained)
        return _write(encoder, export.image_size or trained.image_size, export, origin, folder)


def export_folder(folder: str, export: Export) -> list[str]:
    """Exports an encoder on disk, such as a converted PyTorch checkpoint.

    Args:
      folder: of the encoder.
      export: what to write.

    Returns:
      As `export_run`.

    Raises:
      ValueError: as `export_run`.
    """
    with publishing.published(export.path, export.overwrite) as written:
        origin = model_card.Origin({}, "", export.data_description, export.licence)
        encoder = encoder_lib.of_folder(folder)
        return _write(encoder, export.image_size or _IMAGE_SIZE, export, origin, written)


def _write(
    encoder: encoder_lib.Encoder,
    image_size: int,
    export: Export,
    origin: model_card.Origin,
    folder: str,
) -> list[str]:
    cases = references.cases(encoder, export.file_format, image_size, export.verify_images)
    file_formats.WRITERS[export.file_format](encoder, image_size, folder)
    errors = verify.in_fresh_process(folder, export.file_format, cases)
    name = os.path.basename(export.path.rstrip("/"))
    card = model_card.model_card(encoder, export.file_format, image_size, name, origin, errors)
    with tf.io.gfile.GFile(os.path.join(folder, "README.md"), "w") as file:
        file.write(card)
    return errors
