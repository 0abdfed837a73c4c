# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny segmentation records for tests: coloured rectangles on grey."""

import io
import json
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

COLOURS = np.array([[120, 120, 120], [220, 40, 40], [40, 60, 220]])
NAMES = ["ground", "brick", "pool"]


def picture(seed, height=64, width=64):
    """An image and its mask: a red and a blue rectangle, a border of 255 between some of them."""
    rng = np.random.default_rng(seed)
    mask = np.zeros([height, width], np.uint8)
    for label in (1, 2):
        top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
        mask[top : top + height // 2, left : left + width // 2] = label
    image = COLOURS[mask] + rng.integers(-30, 31, [height, width, 1])
    mask[-1] = 255
    return image.clip(0, 255).astype(np.uint8), mask


def png(array):
    """Encodes uint8 [H, W] or [H, W, 3]."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def example(image, mask):
    """A serialised record."""
    features = {
        "image/encoded": png(image),
        "image/segmentation/class/encoded": png(mask),
    }
    feature = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        for name, value in features.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write(folder, split, pairs, names=NAMES):
    """Writes records, and `dataset.json` beside them; returns their path."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps({"class_names": list(names)}))
    path = folder / f"{split}-00000-of-00001.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for pair in pairs:
            writer.write(example(*pair))
    return str(path)
