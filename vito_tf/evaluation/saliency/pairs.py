# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures with maps of where people looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import data_errors
from vito_tf.transfer import reading


class Pair(NamedTuple):
    """A picture and its map, of one aspect ratio.

    Attributes:
      name: one of a kind.
      image: uint8 [H, W, 3].
      heat_map: float32 [h, w], finite and not constant.
      label: ImageNet class, or None.
    """

    name: str
    image: np.ndarray
    heat_map: np.ndarray
    label: int | None


class Pairs(NamedTuple):
    """All pairs of a data set, in a fixed order.

    Attributes:
      data_set: what it is called.
      size: number of pairs, readable or not.
      partial: what is missing of the data set, in words.
      notes: what a reader of figures on these data must know.
      unmatched: files that make no pair.
      read: gives each pair, or why it cannot be used.
    """

    data_set: str
    size: int
    partial: str
    notes: Sequence[str]
    unmatched: Sequence[data_errors.LeftOut]
    read: Callable[[], Iterator[Pair | data_errors.LeftOut]]


class UnusableError(ValueError):
    """Why a pair cannot be used."""


def decode_image(encoded: bytes) -> np.ndarray:
    """Decodes a picture, as uint8 [H, W, 3]; raises UnusableError."""
    try:
        return reading.decode_image(tf.constant(encoded)).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise UnusableError(f"the picture cannot be decoded: {_reason(error)}") from error


def decode_grey(decode: Callable[[bytes], tf.Tensor], encoded: bytes) -> np.ndarray:
    """Decodes a grey map, as float32 [H, W].

    Args:
      decode: a TensorFlow operation for a picture file.
      encoded: the file.

    Raises:
      UnusableError: it cannot be decoded, or it has colours.
    """
    try:
        pixels = decode(encoded).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise UnusableError(f"the map cannot be decoded: {_reason(error)}") from error
    if pixels.shape[-1] != 1:
        raise UnusableError(f"the map is not grey: it has {pixels.shape[-1]} channels")
    return pixels[..., 0].astype(np.float32)


def pair(name: str, image: np.ndarray, heat_map: np.ndarray, label: int | None) -> Pair:
    """Makes a pair of what fits together; raises UnusableError, with the reason, for the rest."""
    height, width = image.shape[:2]
    map_height, map_width = heat_map.shape
    # Rounding a side to whole pixels shifts the products by no more than the longest side.
    shift = abs(height * map_width - width * map_height)
    if shift > max(height, width, map_height, map_width):
        raise UnusableError(
            f"the picture is {width} x {height}, the map {map_width} x {map_height}: their aspect "
            "ratios differ"
        )
    if not np.isfinite(heat_map).all():
        raise UnusableError("the map has values that are not finite")
    if heat_map.min() == heat_map.max():
        raise UnusableError("the map is constant, so that it correlates with nothing")
    return Pair(name, image, heat_map, label)


def _reason(error: tf.errors.OpError) -> str:
    return error.message.splitlines()[0]
