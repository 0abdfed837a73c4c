# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes small data sets of pictures with maps, for tests."""

import io
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

SIDE = 16


def picture(seed=0, scale=1.0, height=SIDE, width=SIDE):
    """uint8 [height, width, 3], smooth, so that JPEG keeps it."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, [3, 3, 3], np.uint8))
    return (np.asarray(coarse.resize([width, height])) * scale).astype(np.uint8)


def encoded(pixels, kind="JPEG"):
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write(path, content):
    """Writes bytes, and the folders above."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_pair(folder, name, image, heat_map):
    """Writes images/<name>.png and maps/<name>.npy."""
    write(f"{folder}/images/{name}.png", encoded(image, "PNG"))
    buffer = io.BytesIO()
    np.save(buffer, heat_map)
    write(f"{folder}/maps/{name}.npy", buffer.getvalue())


def record(image, heatmap, label):
    """A record of ClickMe; None leaves a feature out."""
    features = {}
    if image is not None:
        features["image"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
    if heatmap is not None:
        features["heatmap"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[heatmap]))
    if label is not None:
        features["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_shard(folder, number, records):
    """Writes val/val-<number>.tfrecords; returns its path."""
    path = pathlib.Path(folder) / "val" / f"val-{number}.tfrecords"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in records:
            writer.write(one)
    return path
