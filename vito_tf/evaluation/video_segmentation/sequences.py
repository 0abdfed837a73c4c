# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Finds and reads the sequences of a DAVIS folder, 2016 or 2017."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence as SequenceOf
from typing import NamedTuple

import numpy as np
from PIL import Image

from vito_tf.evaluation import data_errors

DATA = (
    "DAVIS 2017 (DAVIS-2017-trainval-480p.zip) or DAVIS 2016 (DAVIS-data.zip) from "
    "davischallenge.org, unpacked to a folder with JPEGImages/480p/SEQUENCE/00000.jpg ..., "
    "Annotations/480p/SEQUENCE/00000.png ... and ImageSets/2017/val.txt"
)

# Sequences of a split, and frames where known: the papers of 2016 and 2017 (arXiv:1704.00675).
PUBLISHED = {
    (2016, "train"): (30, None),
    (2016, "val"): (20, None),
    (2017, "train"): (60, 4209),
    (2017, "val"): (30, 1999),
}
_VOID = 255


class Sequence(NamedTuple):
    """The files of a sequence.

    Attributes:
      name: of its folders.
      frames: paths, in order.
      masks: of each frame, a path or, behind the first, None.
    """

    name: str
    frames: SequenceOf[str]
    masks: SequenceOf[str | None]


class Found(NamedTuple):
    """What a folder holds of a split.

    Attributes:
      year: 2016, where a mask says object or background, or 2017, where it says which object.
      sequences: in the split's order.
      left_out: sequences that are listed but cannot be used.
      partial: what keeps these sequences from being the whole split, in words; '' for nothing.
    """

    year: int
    sequences: SequenceOf[Sequence]
    left_out: SequenceOf[data_errors.LeftOut]
    partial: str


def find(folder: str, split: str, names: SequenceOf[str] = ()) -> Found:
    """Lists the sequences of a split.

    Args:
      folder: of the data set, `DATA`.
      split: such as 'val'.
      names: sequences to take instead of the whole split.

    Raises:
      DataError: the folder is not of this layout, or a name is unknown.
    """
    frames_folder, masks_folder = _folders(folder)
    present = sorted(entry.name for entry in os.scandir(frames_folder) if entry.is_dir())
    if not present:
        raise data_errors.DataError(f"{frames_folder} has no folders of sequences. Needed: {DATA}.")
    year = _year(masks_folder, present)
    listed, remarks = _listed(folder, year, split), []
    if listed is None:
        listed = present
        remarks.append(
            f"no list ImageSets/{year}/{split}.txt, so all {len(present)} sequences present count "
            f"as '{split}'"
        )
    if names:
        unknown = sorted(set(names) - {*listed, *present})
        if unknown:
            raise data_errors.DataError(
                f"Davis.sequences names {', '.join(unknown)}, which {frames_folder} does not have."
            )
        remarks.append(f"{len(set(names))} sequences were chosen of {len(listed)}")
        listed = [name for name in dict.fromkeys([*listed, *present]) if name in names]
    files = [_files(frames_folder, masks_folder, name) for name in listed]
    found = [one for one in files if isinstance(one, Sequence)]
    left_out = [one for one in files if isinstance(one, data_errors.LeftOut)]
    remarks += _counts(year, split, found)
    return Found(year, found, left_out, "; ".join(remarks))


def _folders(folder: str) -> tuple[str, str]:
    """Where frames and masks are."""
    paths = []
    for part in ("JPEGImages", "Annotations"):
        path = os.path.join(folder, part, "480p")
        if not os.path.isdir(path):
            problem = f"{path} does not exist"
            if os.path.isdir(os.path.join(folder, part, "Full-Resolution")):
                problem += ", only Full-Resolution; the protocol is for the 480p version"
            raise data_errors.DataError(f"{problem}. Needed: {DATA}.")
        paths.append(path)
    return paths[0], paths[1]


def _year(masks_folder: str, names: SequenceOf[str]) -> int:
    """2017 if a first mask numbers its objects, 2016 if all are 0 and 255."""
    values: set[int] = set()
    for name in names:
        masks = sorted(glob.glob(os.path.join(glob.escape(masks_folder), name, "*.png")))
        try:
            values.update(np.unique(_indices(masks[0])).tolist() if masks else ())
        except data_errors.DataError:
            continue  # the sequence is left out when its turn comes
    if not values - {0}:
        raise data_errors.DataError(
            f"No sequence has a first mask with an object in {masks_folder}. Needed: {DATA}."
        )
    return 2016 if values <= {0, _VOID} else 2017


def _listed(folder: str, year: int, split: str) -> list[str] | None:
    """The sequences that a list in ImageSets names, or None if there is no list."""
    places = [str(year), "480p"] if year == 2016 else [str(year)]
    for place in places:
        path = os.path.join(folder, "ImageSets", place, f"{split}.txt")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            lines = [line.split()[0] for line in file if line.strip()]
        # The lists of 2016 name files: /JPEGImages/480p/SEQUENCE/00000.jpg
        names = [os.path.basename(os.path.dirname(line)) or line for line in lines]
        wrong = [name for name in names if os.path.basename(name) != name or name in (".", "..")]
        if wrong or not names:
            raise data_errors.DataError(f"{path} is no list of sequences: {wrong[:1] or 'empty'}.")
        return list(dict.fromkeys(names))
    return None


def _files(frames_folder: str, masks_folder: str, name: str) -> Sequence | data_errors.LeftOut:
    """A sequence's files, or what is wrong with them."""
    paths = [
        sorted(glob.glob(os.path.join(glob.escape(folder), name, pattern)))
        for folder, pattern in ((frames_folder, "*.jpg"), (masks_folder, "*.png"))
    ]
    frames, masks = ({os.path.basename(path)[:-4]: path for path in some} for some in paths)
    if len(frames) < 3:
        reason = f"{len(frames)} frames in {os.path.join(frames_folder, name)}; needed are 3"
    elif next(iter(frames)) not in masks:
        reason = f"no mask of the first frame in {os.path.join(masks_folder, name)}"
    elif masks.keys() - frames.keys():
        reason = f"{masks[min(masks.keys() - frames.keys())]} is a mask without a frame"
    else:
        return Sequence(name, list(frames.values()), [masks.get(frame) for frame in frames])
    return data_errors.LeftOut(name, reason)


def _counts(year: int, split: str, found: SequenceOf[Sequence]) -> list[str]:
    """How far the sequences fall short of what is published of the split."""
    sequences, frames = PUBLISHED.get((year, split), (None, None))
    if sequences is not None and len(found) != sequences:
        return [f"{len(found)} sequences of the {sequences} of DAVIS {year} {split}"]
    ours = sum(len(sequence.frames) for sequence in found)
    if frames is not None and ours != frames:
        return [f"{ours} frames of the {frames} of DAVIS {year} {split}"]
    return []


def read_frame(path: str) -> np.ndarray:
    """A frame as uint8 [H, W, 3].

    Raises:
      DataError: it cannot be decoded.
    """
    return _open(path, "RGB")


def read_mask(path: str, year: int) -> np.ndarray:
    """A mask as uint8 [H, W]: 0 is background, 1 ... are objects.

    Of 2016, all that is not 0 is object 1. Of 2017, 255 ("void") becomes background, which the
    official code does with the true masks; that the propagated mask begins so too is our choice.

    Raises:
      DataError: it cannot be decoded, or has colours instead of numbers.
    """
    indices = _indices(path)
    if year == 2016:
        return (indices > 0).astype(np.uint8)
    return np.where(indices == _VOID, 0, indices).astype(np.uint8)


def _indices(path: str) -> np.ndarray:
    """What a mask's file says, uint8 [H, W]; a few of 2016 come with alpha or in grey RGB."""
    pixels = _open(path)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * _VOID
    if pixels.dtype != np.uint8:
        raise data_errors.DataError(f"{path} has {pixels.dtype} pixels, a mask has 8 bits.")
    if pixels.ndim == 2:
        return pixels
    colours = pixels[..., : 3 if pixels.shape[-1] > 2 else 1]
    if (colours != colours[..., :1]).any():
        raise data_errors.DataError(f"{path} has colours in place of the indices of objects.")
    return colours[..., 0]


def _open(path: str, mode: str | None = None) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode) if mode else image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise data_errors.DataError(f"{path} cannot be read: {error}.") from error
