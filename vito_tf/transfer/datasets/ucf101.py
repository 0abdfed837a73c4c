# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""UCF101 (Soomro et al. 2012) as it was published: `UCF-101.rar` and the lists of three folds.

    SOURCE/UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi, ...
    SOURCE/ucfTrainTestlist/classInd.txt, trainlist01.txt, testlist01.txt, ...

A video becomes one record (`vito_tf.video.clip_examples`) with all its frames and their times.
"""

from __future__ import annotations

import functools
import os

from vito_tf.transfer.conversion import ConversionError, DataSet, Item, Split
from vito_tf.video import clip_examples, cutter, probing

VIDEO_FOLDER = "UCF-101"
LIST_FOLDER = "ucfTrainTestlist"
FOLDS = (1, 2, 3)
PUBLISHED = {"train": (9537, 9586, 9624), "test": (3783, 3734, 3696)}
"""Number of videos by fold; together 13320."""

_LONGEST_SECONDS = 600.0
_SETTINGS = cutter.CutSettings(
    clip_seconds=_LONGEST_SECONDS,
    frame_rate=30.0,
    short_side=256,
    min_seconds=0.0,
    jpeg_quality=95,
)


def read(source: str, fold: int = 1) -> DataSet:
    """Lists the videos of one fold; the splits are `train` and `test`.

    Frames keep their rate (25 per second, 29.97 for some), their size (320x240) and their times, so
    that clips of any rate can be taken; they are JPEG images of quality 95.

    Args:
      source: the folder that holds `UCF-101` and `ucfTrainTestlist`.
      fold: 1, 2 or 3. The paper does not say which; AVID-CMA's scripts use 1.

    Raises:
      ConversionError: there is no such fold, or a list is missing or damaged.
    """
    if fold not in FOLDS:
        raise ConversionError(f"UCF101 has the folds 1, 2 and 3, not {fold!r}.")
    class_names = _class_names(os.path.join(source, LIST_FOLDER, "classInd.txt"))
    labels = {name: label for label, name in enumerate(class_names)}
    splits = [
        _split(source, f"{name}list{fold:02d}.txt", name, published[fold - 1], labels)
        for name, published in PUBLISHED.items()
    ]
    return DataSet(splits, class_names)


def _class_names(path: str) -> list[str]:
    """Reads lines such as `1 ApplyEyeMakeup`; the numbers ascend from 1."""
    names = []
    for line_number, line in enumerate(_lines(path), 1):
        number, _, name = line.partition(" ")
        if number != str(line_number) or not name or name in names:
            raise ConversionError(
                f"Line {line_number} of {path} should be '{line_number} <class>', not {line!r}."
            )
        names.append(name)
    if not names:
        raise ConversionError(f"{path} names no classes.")
    return names


def _split(source: str, list_name: str, name: str, published: int, labels: dict[str, int]) -> Split:
    """Reads lines such as `Archery/v_Archery_g08_c01.avi 3`; test lists lack the 3."""
    path = os.path.join(source, LIST_FOLDER, list_name)
    items, missing = [], []
    for line in _lines(path):
        video, _, number = line.partition(" ")
        class_name, _, file_name = video.partition("/")
        label = labels.get(class_name)
        if label is None or not file_name or os.path.basename(file_name) != file_name:
            raise ConversionError(f"{path} has a line that names no video of a class: {line!r}.")
        if number and number != str(label + 1):
            raise ConversionError(f"{path} and classInd.txt disagree on the class of {video}.")
        file = os.path.join(source, VIDEO_FOLDER, class_name, file_name)
        if os.path.isfile(file):
            make = functools.partial(_record, file, video, label, class_name)
            items.append(Item(video, make))
        else:
            missing.append(os.path.join(VIDEO_FOLDER, video))
    return Split(name, items, published, missing)


def _lines(path: str) -> list[str]:
    """Lines that are not empty, without white space around them."""
    try:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConversionError(f"{path} cannot be read: {error}") from error


def _record(path: str, name: str, label: int, class_name: str) -> bytes:
    """The video as a `SequenceExample`."""
    try:
        clip, *others = cutter.cut_video(path, _SETTINGS)
    except probing.VideoError as error:
        raise ConversionError(f"{path} is no usable video: {error}.") from error
    if others:
        raise ConversionError(f"{path} is longer than {_LONGEST_SECONDS:g} s.")
    return clip_examples.build_clip(clip, name, label, class_name)
