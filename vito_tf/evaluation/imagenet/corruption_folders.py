# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The folders of ImageNet-3DCC, and its conditions against the clean images."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from vito_tf.evaluation import data_errors

# tools/download_imagenet_3dcc.sh of github.com/EPFL-VILAB/3DCommonCorruptions.
PUBLIC = (
    "near_focus",
    "far_focus",
    "fog_3d",
    "flash",
    "color_quant",
    "low_light",
    "xy_motion_blur",
    "z_motion_blur",
    "iso_noise",
    "bit_error",
    "h265_abr",
    "h265_crf",
)
# A.7's list; the public set and its generator have no view jitter.
OF_THE_PAPER = (
    "far_focus",
    "near_focus",
    "fog_3d",
    "flash",
    "xy_motion_blur",
    "z_motion_blur",
    "view_jitter",
)
SEVERITIES = (1, 2, 3, 4, 5)
CLEAN_FOLDERS = ("clean", "val")


class Condition(NamedTuple):
    """A corruption at a severity.

    Attributes:
      corruption: its folder's name.
      severity: 1 to 5.
      folder: that the class folders lie in.
    """

    corruption: str
    severity: int
    folder: str


class Found(NamedTuple):
    """What a folder holds.

    Attributes:
      conditions: that are there, by corruption and severity.
      left_out: wanted conditions that are not there, and folders that mean nothing here.
    """

    conditions: Sequence[Condition]
    left_out: Sequence[data_errors.LeftOut]


class Answers(NamedTuple):
    """Which of N images were classified correctly.

    Attributes:
      keys: label and file name without suffix; a corrupted image and its original share them.
      correct: bool [N].
    """

    keys: Sequence[tuple[int, str]]
    correct: np.ndarray


def find(folder: str, corruptions: Sequence[str], advice: str) -> Found:
    """Lists `<corruption>/<severity>`.

    Args:
      folder: that the corruptions lie in.
      corruptions: wanted, besides the public ones.
      advice: how the folder must look.

    Raises:
      DataError: there is none.
    """
    wanted = list(dict.fromkeys([*corruptions, *PUBLIC]))
    conditions, left_out = [], []
    for corruption in wanted:
        place = os.path.join(folder, corruption)
        if not os.path.isdir(place):
            reason = "no such folder"
            if corruption not in PUBLIC:
                reason += "; the public data set does not have this corruption"
            left_out.append(data_errors.LeftOut(corruption, reason))
            continue
        for severity in SEVERITIES:
            inside = os.path.join(place, str(severity))
            if os.path.isdir(inside) and os.listdir(inside):
                conditions.append(Condition(corruption, severity, inside))
            else:
                reason = "empty folder" if os.path.isdir(inside) else "no such folder"
                left_out.append(data_errors.LeftOut(f"{corruption}/{severity}", reason))
    if not conditions:
        raise data_errors.DataError(f"{folder} holds no <corruption>/<severity>/<wnid>. {advice}")
    for name in sorted(os.listdir(folder)):
        known = name in (*wanted, *CLEAN_FOLDERS) or name.startswith(".")
        if not known and os.path.isdir(os.path.join(folder, name)):
            left_out.append(data_errors.LeftOut(name, "this folder is no corruption of 3DCC"))
    return Found(conditions, left_out)


def check_square(path: str, encoded: bytes, binding: str) -> None:
    """Raises DataError if a corrupted image is not a square, as all of the public set's are.

    Args:
      path: of the image.
      encoded: its file.
      binding: of the setting that helps.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return  # The extractor leaves out what cannot be decoded, and counts it.
    if width != height:
        raise data_errors.DataError(
            f"{path} is {width} x {height}; ImageNet-3DCC's images are crops of 224 x 224. For "
            f"whole images bind {binding} = 'resize_and_crop'."
        )


def key(name: str, label: int) -> tuple[int, str]:
    """What an image shares with its corrupted versions."""
    return int(label), os.path.splitext(os.path.basename(name))[0]


def compare(clean: Answers, corrupted: Answers) -> dict[str, Any]:
    """Accuracies of the images that both have; of all images if they have none in common.

    Returns:
      `images`, how many corrupted ones are counted; `paired`, whether as many clean ones of the
      same names are compared with them; `without_original`, how many corrupted ones are not counted
      since others have an original; `clean_top_1`, `top_1` and their difference `delta`.
    """
    clean_of = dict(zip(clean.keys, clean.correct))
    common = np.array([one in clean_of for one in corrupted.keys])
    paired = bool(common.any())
    if paired:
        kept = corrupted.correct[common]
        originals = np.array([clean_of[one] for one in corrupted.keys if one in clean_of])
    else:
        kept, originals = corrupted.correct, clean.correct
    clean_top_1, top_1 = float(np.mean(originals)), float(np.mean(kept))
    return {
        "images": len(kept),
        "paired": paired,
        "without_original": len(corrupted.keys) - len(kept),
        "clean_top_1": clean_top_1,
        "top_1": top_1,
        "delta": clean_top_1 - top_1,
    }
