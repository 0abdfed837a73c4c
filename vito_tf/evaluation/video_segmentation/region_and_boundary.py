# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Region similarity J and boundary accuracy F of masks, as davis2017-evaluation defines them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

TOLERANCE = 0.008  # of a boundary's place, as a share of the image's diagonal


class Statistics(NamedTuple):
    """What is reported of one measure of one object.

    Attributes:
      mean: over the frames, in [0, 1].
      recall: share of the frames with more than 0.5.
      decay: mean of the first quarter of the frames minus that of the last, in [-1, 1].
    """

    mean: float
    recall: float
    decay: float


def region_similarity(true: np.ndarray, predicted: np.ndarray) -> float:
    """J: the size of the intersection as a share of the union; 1 if both masks are empty.

    Args:
      true: bool [H, W].
      predicted: bool [H, W].
    """
    union = np.count_nonzero(true | predicted)
    return np.count_nonzero(true & predicted) / union if union else 1.0


def boundary_accuracy(true: np.ndarray, predicted: np.ndarray) -> float:
    """F: the harmonic mean of the boundaries' precision and recall.

    A boundary's pixel counts as found where the other mask has one at a distance of at most
    ceil(`TOLERANCE` * diagonal) pixels (8 at 480 x 854). Where neither mask has a boundary, F is 1;
    where only one has, it is 0. A mask that covers the whole image has none.

    Args:
      true: bool [H, W].
      predicted: bool [H, W].
    """
    lines = [_boundary(true), _boundary(predicted)]
    counts = [np.count_nonzero(line) for line in lines]
    if not all(counts):
        return float(not any(counts))
    disk = _disk(math.ceil(TOLERANCE * math.hypot(*true.shape)))
    wide = [cv2.dilate(line.astype(np.uint8), disk).astype(bool) for line in lines]
    recall = np.count_nonzero(lines[0] & wide[1]) / counts[0]
    precision = np.count_nonzero(lines[1] & wide[0]) / counts[1]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def of_objects(true: np.ndarray, predicted: np.ndarray, objects: int) -> list[tuple[float, float]]:
    """J and F of each object in a frame.

    Args:
      true: uint8 [H, W], 0 is background, 1 ... are objects.
      predicted: the same.
      objects: how many there are in the sequence's first frame.
    """
    masks = [(true == number, predicted == number) for number in range(1, objects + 1)]
    return [(region_similarity(*pair), boundary_accuracy(*pair)) for pair in masks]


def statistics(values: Sequence[float] | np.ndarray) -> Statistics:
    """Mean, recall and decay of J or F over the evaluated frames of an object (one or more).

    The quarters share the frames at their borders, as in the official code. That one keeps the
    borders in 8 bits and so is wrong from the 257th frame on; this is not.
    """
    last = len(values) - 1
    borders = [(quarter * last + 2) // 4 for quarter in range(5)]  # rounded to the nearest, up
    first_quarter = values[: borders[1] + 1]
    last_quarter = values[borders[3] :]
    return Statistics(
        float(np.mean(values)),
        float(np.mean(np.asarray(values) > 0.5)),
        float(np.mean(first_quarter) - np.mean(last_quarter)),
    )


def _boundary(mask: np.ndarray) -> np.ndarray:
    """Pixels that differ from the one to the right, the one below, or the one below that."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    neighbours = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return np.logical_or.reduce([mask != neighbour for neighbour in neighbours])


def _disk(radius: int) -> np.ndarray:
    """All pixels at a distance of at most the radius: uint8 [2 r + 1, 2 r + 1]."""
    squares = np.arange(-radius, radius + 1) ** 2
    return (squares[:, None] + squares <= radius**2).astype(np.uint8)
