# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Where the detector predicts: the centres of the cells of each level of the pyramid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import structures


def make(image_size: Sequence[int], min_level: int, max_level: int) -> structures.Locations:
    """The locations of all levels, finest first.

    Level l has ceil(size / 2**l) cells a side, as a pyramid of padded convolutions has. Centres are
    at (index + 1/2) stride (FCOS's `compute_locations`); in a last cell that the image does not
    fill they may lie beyond its border.

    Args:
      image_size: height and width of the network's input, in pixels, 1 or more.
      min_level: finest level.
      max_level: coarsest level, included.

    Returns:
      constants, see `structures.Locations`.

    Raises:
      ValueError: the image is empty, or there is no level.
    """
    if min(image_size) < 1:
        raise ValueError(f"input_size {tuple(image_size)}: height and width must be 1 or more")
    if not 0 <= min_level <= max_level:
        raise ValueError(
            f"min_level {min_level}, max_level {max_level}: 0 <= min_level <= max_level is needed"
        )
    centres, strides = [], []
    for level in range(min_level, max_level + 1):
        stride = 2**level
        rows, columns = (-(-side // stride) for side in image_size)
        cells = np.indices((rows, columns)).reshape(2, -1).T
        centres.append((cells + 0.5) * stride)
        strides.append(np.full(len(cells), stride))
    return structures.Locations(
        centres=tf.constant(np.concatenate(centres), tf.float32),
        strides=tf.constant(np.concatenate(strides), tf.float32),
        counts=tuple(len(level) for level in strides),
    )
