# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Windows of feature maps, shifted and padded, for Swin's attention (Liu et al. 2021, §3.2).

Padding, shift and mask are those of the reference's segmentation and detection backbones. Sizes are
Python's where they are known when a graph is made, and tensors where they are not.
"""

from __future__ import annotations

from typing import Union

import numpy as np
import tensorflow as tf

Size = Union[int, tf.Tensor]
_MASKED = -100.0  # The reference's: added to logits, it leaves weights of e^-100.


def size_of(maps: tf.Tensor) -> tuple[Size, Size]:
    """Height and width of [B, H, W, C]."""
    dynamic = tf.shape(maps)
    height, width = (
        dynamic[axis] if maps.shape[axis] is None else maps.shape[axis] for axis in (1, 2)
    )
    return height, width


class Windows:
    """One way to cut maps [B, H, W, C] of one size into windows.

    Attributes:
      mask: float32 [windows, 1, window**2, window**2], to be added to the logits of attention: 0,
        or -100 between positions that only the shift has brought together; None if there are none.
    """

    def __init__(self, maps: tf.Tensor, window: int, shifted: bool):
        """Prepares for maps.

        A shift is half a window, and 0 where a map is no larger than a window in one direction: the
        reference's classifier has none there, such as in level 5 of the images of 224 that it was
        trained on. Its segmentation and detection backbones shift, and mask, there too; on larger
        maps all agree.

        Args:
          maps: of the size and channels of all that will be cut.
          window: size of a window.
          shifted: whether the windows are shifted.
        """
        height, width = size_of(maps)
        below, right = -height % window, -width % window
        rows, columns = (height + below) // window, (width + right) // window
        channels = maps.shape[-1]
        self._size = height, width
        self._tokens = window**2
        self._padding = tf.stack([[0, 0], [0, below], [0, right], [0, 0]])
        self._padded = tf.stack([-1, rows * window, columns * window, channels])
        self._split = tf.stack([-1, rows, window, columns, window, channels])
        self._tiles = tf.stack([-1, rows, columns, window, window, channels])
        self._shift = _shift(height, width, window) if shifted else 0
        self._is_shifted = not isinstance(self._shift, int) or self._shift > 0
        self.mask = _mask(rows, columns, window, self._shift) if self._is_shifted else None

    def cut(self, maps: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C], padded by zeros, to [B * windows, window**2, C]."""
        maps = _pad(maps, self._padding)
        if self._is_shifted:
            maps = _roll(maps, self._shift)
        tiles = tf.transpose(tf.reshape(maps, self._split), [0, 1, 3, 2, 4, 5])
        return tf.reshape(tiles, [-1, self._tokens, maps.shape[-1]])

    def join(self, windows: tf.Tensor) -> tf.Tensor:
        """Undoes `cut`."""
        split = tf.transpose(tf.reshape(windows, self._tiles), [0, 1, 3, 2, 4, 5])
        maps = tf.reshape(split, self._padded)
        if self._is_shifted:
            maps = _roll(maps, -self._shift)
        return maps[:, : self._size[0], : self._size[1]]


def _pad(maps: tf.Tensor, padding: tf.Tensor) -> tf.Tensor:
    padded = tf.pad(maps, padding)
    padded.set_shape([None, None, None, maps.shape[-1]])  # Lost where a size is unknown.
    return padded


def _shift(height: Size, width: Size, window: int) -> Size:
    if isinstance(height, int) and isinstance(width, int):
        return window // 2 if min(height, width) > window else 0
    return tf.where(tf.minimum(height, width) > window, window // 2, 0)


def _roll(maps: tf.Tensor, shift: Size) -> tf.Tensor:
    """Moves [B, H, W, C] up and left cyclically, down and right if `shift` is negative.

    `tf.roll` cannot be converted to TFLite where sizes are unknown.
    """
    maps = tf.concat([maps[:, shift:], maps[:, :shift]], axis=1)
    return tf.concat([maps[:, :, shift:], maps[:, :, :shift]], axis=2)


def _mask(rows: Size, columns: Size, window: int, shift: Size) -> tf.Tensor:
    """`Windows.mask` of rows x columns windows: the last of each hold what came from the start."""
    inside = tf.range(window) >= window - shift  # Of the last window in a direction.
    wrapped = [
        tf.cast((tf.range(count) == count - 1)[:, None] & inside, tf.int32)
        for count in (rows, columns)
    ]
    parts = 2 * wrapped[0][:, None, :, None] + wrapped[1][None, :, None, :]
    parts = tf.reshape(parts, [-1, window**2])
    differ = parts[:, None, :, None] != parts[:, None, None, :]
    return tf.where(differ, _MASKED, 0.0)


def relative_positions(window: int) -> np.ndarray:
    """Rows of the table of biases: int [window**2, window**2], of a query and a key.

    (query's row - key's) and (query's column - key's), each from 1 - window to window - 1, number
    the rows of the table [(2 * window - 1)**2, heads], row differences first.
    """
    row, column = np.divmod(np.arange(window**2), window)
    rows = row[:, None] - row[None, :] + window - 1
    columns = column[:, None] - column[None, :] + window - 1
    return rows * (2 * window - 1) + columns
