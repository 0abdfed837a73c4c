# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures and human maps as ClickMe's evaluation prepares them.

Fel et al. 2022, "Harmonizing the object recognition strategies of deep neural networks with
humans"; serre-lab/Harmonization, `common/clickme_dataset.py` and `common/blur.py`. Model maps are
not blurred.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

BLURRED_SIZE = 64
KERNEL_SIZE = 10
SIGMA = 10.0


def blur_kernel() -> np.ndarray:
    """The Gaussian that human maps are blurred with: float32 [10, 10], summing to 1.

    An even size has no middle. The reference numbers columns from -5 to 4 and rows from 4 down to
    -5, so that the largest weight is at [4, 5]; this is kept.
    """
    columns = np.arange(KERNEL_SIZE) - KERNEL_SIZE // 2
    squares = columns[::-1, None] ** 2 + columns[None, :] ** 2
    kernel = np.exp(-squares / (2 * SIGMA**2))
    return (kernel / kernel.sum()).astype(np.float32)


def human_map(heat_map: tf.Tensor, size: int) -> tf.Tensor:
    """Shrinks, blurs and enlarges where people clicked.

    Args:
      heat_map: [H, W] float32 of any range; 256 x 256 in ClickMe.
      size: S of the map to compare with; 224 in ClickMe.

    Returns:
      [S, S] float32: bilinear to 64 x 64 without antialiasing, convolved with `blur_kernel` (zeros
      around), bilinear to S x S.
    """
    small = tf.image.resize(heat_map[None, ..., None], [BLURRED_SIZE, BLURRED_SIZE])
    blurred = tf.nn.conv2d(small, blur_kernel()[..., None, None], 1, "SAME")
    return tf.image.resize(blurred, [size, size])[0, ..., 0]


def view(image: tf.Tensor, size: int) -> tf.Tensor:
    """The picture that the network sees.

    Args:
      image: uint8 [H, W, 3].
      size: S.

    Returns:
      [S, S, 3] float32 in [0, 1], bilinear without antialiasing.
    """
    return tf.image.resize(image, [size, size]) / 255
