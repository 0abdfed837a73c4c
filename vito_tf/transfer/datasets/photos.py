# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Picture files as the records that Model Garden's image classification reads."""

from __future__ import annotations

import functools
import io
import os

import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from vito_tf.transfer import conversion

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif")
_JPEG_FORMATS = ("JPEG", "MPO")
"""MPO is a JPEG file, as phones write it, with further ones (a preview, depth) behind the first."""
_KEPT_MODES = ("L", "RGB")
_CONVERTED_MODES = ("1", "L", "P", "RGB", "CMYK", "YCbCr")
_ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
_JPEG_QUALITY = 95


def item(
    name: str, path: str, label: int, class_name: str, drop_alpha: bool = False
) -> conversion.Item:
    """A picture to be converted; see `example`."""
    make = functools.partial(example, path, label, class_name, drop_alpha)
    return conversion.Item(name, make)


def example(path: str, label: int, class_name: str, drop_alpha: bool = False) -> bytes:
    """Makes a record of a picture; RGB and greyscale JPEG files go into it as they are.

    All others become RGB JPEG of quality 95 without chroma subsampling (our choice), since Model
    Garden's reader takes JPEG alone by default.

    Args:
      path: of the picture.
      label: its class, from 0.
      class_name: likewise, in words or as a WordNet identifier.
      drop_alpha: whether to leave out an alpha channel, not to refuse it.

    Returns:
      A serialised `tf.train.Example`.

    Raises:
      ConversionError: the file cannot be read, is empty, cannot be decoded, holds several pictures,
        or has an alpha channel or more than 8 bits a channel.
    """
    jpeg, height, width = read(path, drop_alpha)
    feature = {
        "image/encoded": conversion.bytes_feature(jpeg),
        "image/format": conversion.bytes_feature(b"JPEG"),
        "image/filename": conversion.bytes_feature(os.path.basename(path).encode()),
        "image/height": conversion.int64_feature(height),
        "image/width": conversion.int64_feature(width),
        "image/class/label": conversion.int64_feature(label),
        "image/class/text": conversion.bytes_feature(class_name.encode()),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def read(path: str, drop_alpha: bool = False) -> tuple[bytes, int, int]:
    """Reads a picture, and checks it by decoding all of it; see `example`.

    Returns:
      A JPEG file of 8-bit grey or RGB pixels, height and width.

    Raises:
      ConversionError: see `example`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise conversion.ConversionError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise conversion.ConversionError(f"{path} is empty.")
    try:
        with Image.open(io.BytesIO(data)) as image:
            _check(image, path, drop_alpha)
            size = image.size
            if image.format in _JPEG_FORMATS and image.mode in _KEPT_MODES:
                image.draft("L", (1, 1))  # Reads all of the file, but computes few pixels.
                image.load()
                return data, size[1], size[0]
            buffer = io.BytesIO()
            image.convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
            return buffer.getvalue(), size[1], size[0]
    except conversion.ConversionError:
        raise
    except Exception as error:  # Decoders of damaged files raise whatever they like.
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "it is of no known format." if unknown else " ".join(str(error).split())
        raise conversion.ConversionError(f"{path} cannot be decoded: {reason}") from error


def _check(image: Image.Image, path: str, drop_alpha: bool) -> None:
    """Refuses pictures that have no one meaning as RGB of 8 bits."""
    has_alpha = image.mode in _ALPHA_MODES or "transparency" in image.info
    if has_alpha and not drop_alpha:
        raise conversion.ConversionError(
            f"{path} has an alpha channel; what should show through it is not known."
        )
    if not has_alpha and image.mode not in _CONVERTED_MODES:
        raise conversion.ConversionError(f"{path} has pixels of kind {image.mode}, not of 8 bits.")
    if getattr(image, "n_frames", 1) > 1 and image.format not in _JPEG_FORMATS:
        raise conversion.ConversionError(f"{path} holds several pictures.")
    if not all(image.size):
        raise conversion.ConversionError(f"{path} has no pixels.")
