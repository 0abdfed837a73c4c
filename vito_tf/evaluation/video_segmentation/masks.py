# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From frames and masks to what is propagated, and back (VFS: mmcv's, PIL's and torch's ways)."""

from __future__ import annotations

import os

import cv2
import numpy as np
import tensorflow as tf
from PIL import Image

_COLOURS = 22  # that the data set's own palette has; greys follow


def working_size(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Height and width of a frame whose shorter side is resized, rounded as mmcv does."""
    scale = short_side / min(height, width)
    return int(height * scale + 0.5), int(width * scale + 0.5)


def resized_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes uint8 [H, W, 3] as OpenCV does (bilinear, not anti-aliased): float32 in [0, 1]."""
    if frame.shape[:2] != size:
        frame = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_LINEAR)
    return frame.astype(np.float32) / 255


def one_hot(
    mask: np.ndarray, frame_size: tuple[int, int], map_size: tuple[int, int], objects: int
) -> np.ndarray:
    """The first labels: a mask at the size of the feature map.

    Args:
      mask: uint8 [H, W] of 0 ... objects.
      frame_size: of the frame that the features are of; the mask is brought to it first.
      map_size: h, w.
      objects: number of objects.

    Returns:
      float32 [h, w, objects + 1]; the first channel is the background.
    """
    image = Image.fromarray(mask)
    for size in (frame_size, map_size):
        image = image.resize(size[::-1], Image.Resampling.NEAREST)
    return np.eye(objects + 1, dtype=np.float32)[np.asarray(image)]


@tf.function(
    autograph=False,
    input_signature=[
        tf.TensorSpec([None, None, None], tf.float32),
        tf.TensorSpec([2], tf.int32),
    ],
)
def from_labels(labels: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """The object with the greatest label at every pixel of the frame.

    Args:
      labels: [h, w, C]; they are resized bilinearly (pixels' centres aligned), and each channel is
        stretched to [0, 1] if any of it is positive.
      size: H, W.

    Returns:
      uint8 [H, W].
    """
    large = tf.image.resize(labels[None], size, "bilinear")[0]
    low = tf.reduce_min(large, (0, 1), keepdims=True)
    high = tf.reduce_max(large, (0, 1), keepdims=True)
    stretched = (large - low) / (high - low + 1e-12)
    return tf.cast(tf.argmax(tf.where(high > 0, stretched, large), -1), tf.uint8)


def palette() -> np.ndarray:
    """The colours of DAVIS' masks, uint8 [256, 3]."""
    index = np.arange(256)
    colours = np.repeat(index[:, None], 3, 1)
    # Bit 3 n + c of the index is bit 7 - n of colour c, but for 192, which is 191.
    bits = (index[:_COLOURS, None, None] >> (np.arange(3)[:, None] + [0, 3, 6])) & 1
    colours[:_COLOURS] = np.minimum((bits << np.array([7, 6, 5])).sum(-1), 191)
    return colours.astype(np.uint8)


def write(mask: np.ndarray, path: str) -> None:
    """Writes uint8 [H, W] as an indexed PNG, which davis2017-evaluation reads; in one step."""
    image = Image.fromarray(mask)
    image.putpalette(palette().tobytes())
    image.save(f"{path}.partial", format="PNG")
    os.replace(f"{path}.partial", path)
