# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Examples of Model Garden's format for semantic segmentation, from pictures on disk."""

from __future__ import annotations

import io
import os

import numpy as np
import tensorflow as tf
from PIL import Image

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import photos

IGNORED = 255


def make(image_path: str, mask: np.ndarray, mask_path: str, num_classes: int) -> bytes:
    """Serialises an image and its mask.

    Args:
      image_path: see `photos.read`.
      mask: uint8 [H, W] of labels below `num_classes`, or 255.
      mask_path: where the mask comes from, for messages.
      num_classes: of the data set.

    Returns:
      A `tf.train.Example`.

    Raises:
      ConversionError: the image cannot be used, or the mask does not fit it or the classes.
    """
    encoded, height, width = photos.read(image_path)
    if mask.shape != (height, width):
        raise conversion.ConversionError(
            f"{mask_path} has {mask.shape[1]}x{mask.shape[0]} pixels, but {image_path} has "
            f"{width}x{height}."
        )
    check_labels(mask, mask_path, num_classes)
    picture = io.BytesIO()
    Image.fromarray(mask).save(picture, "PNG")
    name = os.path.basename(image_path).encode()
    features = {
        "image/encoded": conversion.bytes_feature(encoded),
        "image/format": conversion.bytes_feature(b"jpeg"),
        "image/filename": conversion.bytes_feature(name),
        "image/height": conversion.int64_feature(height),
        "image/width": conversion.int64_feature(width),
        "image/segmentation/class/encoded": conversion.bytes_feature(picture.getvalue()),
        "image/segmentation/class/format": conversion.bytes_feature(b"png"),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def read_mask(path: str) -> np.ndarray:
    """Reads the labels of a PNG, not the colours of its palette: uint8 [H, W].

    Raises:
      ConversionError: the file is not a picture of 8-bit labels.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode not in ("L", "P"):
                raise conversion.ConversionError(
                    f"{path} is no mask of 8-bit labels: its pixels are {picture.mode}."
                )
            return np.asarray(picture)
    except conversion.ConversionError:
        raise
    except Exception as error:  # Decoders of damaged files raise whatever they like.
        raise conversion.ConversionError(f"{path} cannot be read: {error}") from error


def check_labels(mask: np.ndarray, path: str, num_classes: int) -> None:
    """Raises `ConversionError` for labels that are neither below `num_classes` nor 255."""
    wrong = mask[(mask >= num_classes) & (mask != IGNORED)]
    if wrong.size:
        raise conversion.ConversionError(
            f"{path} has the label {wrong.max()}; there are {num_classes} classes, and {IGNORED}."
        )
