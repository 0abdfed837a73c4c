# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A tiny UCF101 in its published layout, whose two classes differ in the order of time alone."""

from __future__ import annotations

import os

import numpy as np

from tests.video.fake_videos import write_images

CLASSES = ("RedThenBlue", "BlueThenRed")
RATE, NUM_FRAMES, SIZE = 10, 20, (48, 32)


def frames(label, seed=0):
    """uint8 [NUM_FRAMES, H, W, 3]: a square moves, and the colour changes in the middle."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    images = np.full([NUM_FRAMES, height, width, 3], 40, np.uint8)
    top, left = rng.integers(0, 16, 2)
    for number, image in enumerate(images):
        is_late = number >= NUM_FRAMES // 2
        channel = 2 if is_late != bool(label) else 0
        image[..., channel] = 150
        start = left + number % (NUM_FRAMES // 2)
        image[top : top + 10, start : start + 10] = 230
    return images


def write_ucf101(folder, num_train=4, num_test=2, folds=(1,)):
    """Writes videos and lists; returns the folder as a string."""
    listed: dict[str, list[str]] = {"train": [], "test": []}
    for label, name in enumerate(CLASSES):
        os.makedirs(folder / "UCF-101" / name)
        for number in range(num_train + num_test):
            video = f"{name}/v_{name}_g{number + 1:02d}_c01.avi"
            path = str(folder / "UCF-101" / video)
            write_images(path, frames(label, number), RATE, codec="mpeg4")
            if number < num_train:
                listed["train"].append(f"{video} {label + 1}")
            else:
                listed["test"].append(video)
    lists = folder / "ucfTrainTestlist"
    lists.mkdir()
    index = "".join(f"{number + 1} {name}\r\n" for number, name in enumerate(CLASSES))
    (lists / "classInd.txt").write_text(index)
    for split, lines in listed.items():
        for fold in folds:
            (lists / f"{split}list{fold:02d}.txt").write_text("".join(f"{x}\r\n" for x in lines))
    return str(folder)
