# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny folders of DAVIS' layout: coloured squares that move over a grey background."""

import os

import numpy as np
from PIL import Image

COLOURS = np.array([[90, 90, 90], [250, 20, 20], [20, 20, 250]], np.uint8)
SIZE = 48, 72


def mask_of(time, objects=2):
    """Squares of 16 pixels, the first one going right, the second one down; uint8 [48, 72]."""
    mask = np.zeros(SIZE, np.uint8)
    mask[8:24, 4 * time : 4 * time + 16] = 1
    if objects > 1:
        mask[4 * time : 4 * time + 16, 48:64] = 2
    return mask


def write_sequence(folder, name, frames=6, objects=2, year=2017, masks=None):
    """Writes frames and (the first `masks`) masks of a sequence."""
    for part in ("JPEGImages", "Annotations"):
        os.makedirs(f"{folder}/{part}/480p/{name}", exist_ok=True)
    for time in range(frames):
        mask = mask_of(time, objects)
        path = f"{folder}/JPEGImages/480p/{name}/{time:05d}.jpg"
        Image.fromarray(COLOURS[mask]).save(path, quality=98, subsampling=0)
        if masks is None or time < masks:
            path = f"{folder}/Annotations/480p/{name}/{time:05d}.png"
            write_mask(mask if year == 2017 else np.uint8(255) * (mask > 0), path, year == 2017)
    return folder


def write_mask(mask, path, indexed=True):
    """Writes a mask as an indexed PNG or in grey."""
    image = Image.fromarray(mask)
    if indexed:
        image.putpalette([level for index in range(256) for level in (index, 255 - index, 7)])
    image.save(path)


def write_list(folder, names, path="2017/val.txt"):
    """Writes a list of sequences."""
    path = f"{folder}/ImageSets/{path}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("\n".join(names) + "\n")
