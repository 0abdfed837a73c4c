# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Your own pictures, in a folder for each class.

train/<class>/*  val/<class>/*    as they are divided, or
<class>/*                         to be divided
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import photos

_SPLITS = ("train", "val")


def read(source: str, validation_share: float = 0.1, seed: int = 0) -> conversion.DataSet:
    """Lists the pictures of the splits `train` and `val`; classes are in the order of their names.

    Files that have no picture's suffix, and hidden ones, are passed over.

    Args:
      source: a folder that holds `train` and `val`, or a folder for each class.
      validation_share: in the latter case, the share of each class (rounded, but never all of it)
        that becomes `val`, in [0, 1).
      seed: in the latter case, of the choice, which otherwise depends on the files' names alone.

    Raises:
      ConversionError: there are not two classes, a class is empty, `val` has a class that `train`
        lacks, or pictures or folders lie where they mean nothing.
      ValueError: `validation_share` is outside [0, 1).
    """
    if not os.path.isdir(source):
        raise conversion.ConversionError(f"--source={source} is no folder.")
    splits = pictures(source, validation_share, seed)
    classes = list(splits["train"])
    return conversion.DataSet(
        [conversion.Split(name, _items(split, classes)) for name, split in splits.items()], classes
    )


def pictures(
    source: str, validation_share: float = 0.1, seed: int = 0
) -> dict[str, dict[str, list[str]]]:
    """Lists the pictures of `train` and `val`, as `read` does.

    Returns:
      {split: {class: paths}}; classes, in order, are those of `train`.

    Raises:
      ConversionError: see `read`.
      ValueError: see `read`.
    """
    if not 0 <= validation_share < 1:
        raise ValueError(f"validation_share must be in [0, 1), not {validation_share}.")
    if os.path.isdir(os.path.join(source, "train")):
        splits = {name: _classes(os.path.join(source, name)) for name in _SPLITS}
    else:
        splits = _divided(_classes(source), validation_share, seed)
    if len(splits["train"]) < 2:
        raise conversion.ConversionError(
            f"{source} holds {len(splits['train'])} folders of pictures, one a class; two or more "
            "are needed."
        )
    for name in splits["val"]:
        if name not in splits["train"]:
            raise conversion.ConversionError(f"{source}: the class {name} of val is not in train.")
    return splits


def _classes(folder: str) -> dict[str, list[str]]:
    """{class: paths of its pictures}, both sorted."""
    classes = {}
    for entry in _entries(folder):
        if entry.is_file() and _is_picture(entry.name):
            raise conversion.ConversionError(f"{entry.path} lies in no folder of a class.")
        if entry.is_dir():
            classes[entry.name] = _pictures(entry.path)
    return classes


def _pictures(folder: str) -> list[str]:
    entries = _entries(folder)
    for entry in entries:
        if entry.is_dir():
            raise conversion.ConversionError(f"{entry.path} is a folder among a class's pictures.")
    paths = [entry.path for entry in entries if _is_picture(entry.name)]
    if not paths:
        raise conversion.ConversionError(
            f"{folder} holds no picture ({', '.join(photos.SUFFIXES)})."
        )
    return paths


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What a folder holds, sorted, without hidden names; nothing if there is no such folder."""
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".")]
    return sorted(visible, key=lambda entry: entry.name)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(photos.SUFFIXES)


def _divided(
    classes: Mapping[str, list[str]], share: float, seed: int
) -> dict[str, dict[str, list[str]]]:
    """Chooses validation pictures class by class."""
    splits: dict[str, dict[str, list[str]]] = {name: {} for name in _SPLITS}
    for name, paths in classes.items():

        def draw(path: str, name: str = name) -> bytes:
            return hashlib.sha256(f"{seed}/{name}/{os.path.basename(path)}".encode()).digest()

        count = min(round(share * len(paths)), len(paths) - 1)
        chosen = set(sorted(paths, key=draw)[:count])
        splits["train"][name] = [path for path in paths if path not in chosen]
        splits["val"][name] = [path for path in paths if path in chosen]
    return splits


def _items(classes: Mapping[str, list[str]], names: Sequence[str]) -> list[conversion.Item]:
    return [
        photos.item(f"{name}/{os.path.basename(path)}", path, label, name)
        for label, name in enumerate(names)
        for path in classes.get(name, [])
    ]
