# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The images that humans saw, and what an encoder takes them for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import data_errors, extraction, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.human_consistency import data_sets, sixteen_classes

SIZE = 224
"""Side of all stimuli, in pixels; the original shows them to networks without resizing."""

# Of a name like 0001_lp_dnn_40_chair_10_n04099969_7577.png.
_CONDITION, _CATEGORY, _PARTS = 3, 4, 6


class Stimulus(NamedTuple):
    """An image.

    Attributes:
      path: of the PNG file.
      name: of the file below the data set's folder.
      condition: one of the data set's.
      image_id: see `data_sets.image_id`.
      category: number of what it shows; of its shape where texture conflicts.
    """

    path: str
    name: str
    condition: str
    image_id: str
    category: int


class Decided(NamedTuple):
    """What an encoder takes N stimuli for.

    Attributes:
      stimuli: in order of their names.
      decisions: int64 [N], numbers of categories.
      left_out: files that are no stimuli or cannot be decoded.
      partial: how many of the published stimuli there are; '' if all.
      notes: what a reader must know.
    """

    stimuli: Sequence[Stimulus]
    decisions: np.ndarray
    left_out: Sequence[data_errors.LeftOut]
    partial: str
    notes: Sequence[str]


def find(
    folder: str, data_set: data_sets.DataSet
) -> tuple[Sequence[Stimulus], Sequence[data_errors.LeftOut]]:
    """All PNG files below a folder but hidden ones.

    Condition and category are the 4th and 5th part of a name such as
    0001_lp_dnn_40_chair_10_n04099969_7577.png; files of other names lie in a folder that is called
    like their category, and their data set has only one condition
    (`modelvshuman/datasets/info_mappings.py`).

    Args:
      folder: local or of `tf.io.gfile`.
      data_set: whose stimuli they are.

    Returns:
      The stimuli in order of their names; and files that are none.

    Raises:
      DataError: there is no stimulus.
    """
    found: dict[tuple[str, str], Stimulus] = {}
    left_out = []
    for path in _pictures(folder):
        name = os.path.relpath(path, folder)
        stimulus = _stimulus(path, name, data_set)
        if isinstance(stimulus, str):
            left_out.append(data_errors.LeftOut(f"{data_set.name}/{name}", stimulus))
            continue
        first = found.setdefault((stimulus.condition, stimulus.image_id), stimulus)
        if first is not stimulus:
            reason = f"the same stimulus as {first.name}"
            left_out.append(data_errors.LeftOut(f"{data_set.name}/{name}", reason))
    if not found:
        why = f": {left_out[0].name}: {left_out[0].reason}" if left_out else ""
        raise data_errors.DataError(
            f"{folder} holds no stimulus of {data_set.name}{why}. {data_sets.DATA}"
        )
    return list(found.values()), left_out


def decide(
    encoder: encoder_lib.Encoder,
    folder: str,
    data_set: data_sets.DataSet,
    extractor: extraction.Extractor,
) -> Decided:
    """Shows a data set to an encoder.

    To an encoder of 224 x 224 pixels they are shown as they are; pictures of another size are left
    out. For other encoders they are resized bilinearly (our choice; the original has none).

    Args:
      encoder: has logits.
      folder: of the stimuli.
      data_set: whose stimuli they are.
      extractor: computes the logits.

    Raises:
      DataError: no stimulus can be used, or logits are not finite.
    """
    stimuli, left_out = find(folder, data_set)
    fits = encoder.image_size == SIZE
    images = image_sets.of_files(
        data_set.name, [one.path for one in stimuli], names=[one.name for one in stimuli]
    )
    how = preprocessing.AS_IS if fits else preprocessing.WHOLE
    extracted = extractor.extract(encoder, images, how, encoder_lib.LOGITS)
    by_name = {one.name: one for one in stimuli}
    shown = [by_name[name] for name in extracted.names]
    unusable = [
        data_errors.LeftOut(f"{data_set.name}/{one.name}", one.reason) for one in extracted.left_out
    ]
    lacking = len(shown) < data_set.stimuli
    return Decided(
        shown,
        sixteen_classes.decide(extracted.values),
        [*left_out, *unusable],
        f"{data_set.name}: {len(shown)} of {data_set.stimuli} stimuli" if lacking else "",
        [] if fits else [f"Stimuli were resized from {SIZE} to {encoder.image_size} pixels."],
    )


def _pictures(folder: str) -> list[str]:
    return sorted(
        os.path.join(parent, file)
        for parent, _, files in tf.io.gfile.walk(folder)
        for file in files
        if file.lower().endswith(".png") and not file.startswith(".")
    )


def _stimulus(path: str, name: str, data_set: data_sets.DataSet) -> Stimulus | str:
    """The stimulus, or why the file is none."""
    parent, file = os.path.split(name)
    parts = file.split("_")
    if len(parts) >= _PARTS:
        condition, category = data_sets.condition(parts[_CONDITION]), parts[_CATEGORY]
    elif len(data_set.conditions) == 1:
        condition, category = data_set.conditions[0], os.path.basename(parent)
    else:
        return "the name does not say the condition"
    number = sixteen_classes.numbers().get(category)
    if number is None:
        return f"{category!r} is none of the 16 categories"
    if condition not in data_set.conditions:
        return f"{condition!r} is none of the conditions {', '.join(data_set.conditions)}"
    return Stimulus(path, name, condition, data_sets.image_id(file), number)
