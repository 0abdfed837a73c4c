# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Any folder of pictures and maps of equal names."""

from __future__ import annotations

import functools
import io
import os
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.saliency import pairs

LAYOUT = (
    "pictures images/<name>.jpg or .png with maps maps/<name>.png (grey, 8 or 16 bits) or .npy "
    "([height, width]) of the same aspect ratio"
)
IMAGES = "images"
MAPS = "maps"
_IMAGE_ENDINGS = (".jpg", ".jpeg", ".png")
_MAP_ENDINGS = (".png", ".npy")

_OTHER_CEILING = (
    "Alignment divides by the agreement of people in ClickMe; the ceiling of these maps is another "
    "one: compare encoders, or look at the correlation itself."
)


def is_one(folder: str) -> bool:
    """Whether a folder has the layout of one of these data sets."""
    return all(tf.io.gfile.isdir(os.path.join(folder, part)) for part in (IMAGES, MAPS))


def find(folder: str) -> pairs.Pairs:
    """Lists what a folder has.

    Raises:
      DataError: two pictures, or two maps, have one name.
    """
    left_out: list[data_errors.LeftOut] = []
    images = _files(folder, IMAGES, _IMAGE_ENDINGS, left_out)
    maps = _files(folder, MAPS, _MAP_ENDINGS, left_out)
    for name in sorted(images.keys() ^ maps.keys()):
        missing = "map" if name in images else "picture"
        there = images.get(name) or maps[name]
        left_out.append(data_errors.LeftOut(name, f"there is no {missing} for {there}"))
    both = {name: (images[name], maps[name]) for name in images if name in maps}
    read = functools.partial(_read, both)
    return pairs.Pairs("pairs", len(both), "", [_OTHER_CEILING], left_out, read)


def _files(
    folder: str, part: str, endings: tuple[str, ...], left_out: list[data_errors.LeftOut]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(tf.io.gfile.listdir(os.path.join(folder, part))):
        name, ending = os.path.splitext(file)
        path = os.path.join(folder, part, file)
        if file.startswith("."):
            continue
        if ending.lower() not in endings:
            reason = f"{path} ends with none of {', '.join(endings)}"
            left_out.append(data_errors.LeftOut(f"{part}/{file}", reason))
        elif name in found:
            raise data_errors.DataError(f"{found[name]} and {path} have one name; remove one.")
        else:
            found[name] = path
    return found


def _read(
    files: Mapping[str, tuple[str, str]],
) -> Iterator[pairs.Pair | data_errors.LeftOut]:
    for name, (image, heat_map) in files.items():
        try:
            yield pairs.pair(name, pairs.decode_image(_bytes(image)), _heat_map(heat_map), None)
        except pairs.UnusableError as error:
            yield data_errors.LeftOut(name, str(error))


def _heat_map(path: str) -> np.ndarray:
    content = _bytes(path)
    if path.lower().endswith(".npy"):
        return _array(content)
    return pairs.decode_grey(functools.partial(tf.io.decode_png, dtype=tf.uint16), content)


def _array(content: bytes) -> np.ndarray:
    try:
        values = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise pairs.UnusableError(f"the map cannot be read: {error}") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise pairs.UnusableError("the map is no array of numbers")
    if values.ndim != 2 or not values.size:
        raise pairs.UnusableError(f"the map's shape is {list(values.shape)}, not [height, width]")
    return values.astype(np.float32)


def _bytes(path: str) -> bytes:
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()
