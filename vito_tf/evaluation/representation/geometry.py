# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Geometry of features: how many dimensions they use, how they spread, how they move.

All functions take numpy arrays and compute in float64; None stands for what is not defined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

_ROUNDING = 1e-5
"""Relative differences that float32 networks make of equal inputs."""

_ROWS = 1024


def unit(features: np.ndarray) -> np.ndarray:
    """Vectors [N, D], none of them 0, on the unit sphere."""
    features = np.asarray(features, np.float64)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def singular_values(features: np.ndarray) -> np.ndarray | None:
    """Singular values of centred features.

    Args:
      features: [N, D].

    Returns:
      [min(N, D)] from the largest to the smallest; None if the features are all alike.
    """
    features = np.asarray(features, np.float64)
    centred = features - features.mean(axis=0)
    if np.linalg.norm(centred) <= _ROUNDING * np.linalg.norm(features):
        return None
    return scipy.linalg.svdvals(centred)


def effective_rank(values: np.ndarray) -> float:
    """Effective rank: exp of the entropy of the singular values' shares (Roy and Vetterli 2007).

    Args:
      values: singular values; of centred features here, so that their mean is no dimension.

    Returns:
      From 1, all variation in one direction, to the number of values, equal in all of them.
    """
    shares = values[values > 0] / values.sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))


def explained_variance(values: np.ndarray) -> np.ndarray:
    """Share of the variance along each principal component, from its singular values."""
    return values**2 / np.sum(values**2)


def relative_spread(points: np.ndarray) -> float:
    """Mean over dimensions of the standard deviation, times sqrt(D) (Chen and He 2021, SimSiam).

    Args:
      points: [N, D] on the unit sphere.

    Returns:
      0 for a collapsed encoder, 1 where all dimensions vary alike about a mean of 0.
    """
    return float(points.std(axis=0).mean() * np.sqrt(points.shape[1]))


def alignment(first: np.ndarray, second: np.ndarray) -> float:
    """Mean squared distance of positive pairs (Wang and Isola 2020, equation 5, alpha = 2).

    Args:
      first: [N, D] on the unit sphere.
      second: [N, D], the other view of each.

    Returns:
      In [0, 4]; 0 if both views of every image coincide.
    """
    return float(np.mean(np.sum((first - second) ** 2, axis=1)))


def uniformity(points: np.ndarray) -> float | None:
    """Logarithm of the mean Gaussian potential of pairs (Wang and Isola 2020, equation 6, t = 2).

    Args:
      points: [N, D] on the unit sphere.

    Returns:
      From 0, all points coincide, down to about -4, points uniform on a sphere of many dimensions;
      None if there is no pair.
    """
    count = len(points)
    if count < 2:
        return None
    total = 0.0
    for start in range(0, count, _ROWS):
        rows = points[start : start + _ROWS]
        squares = np.maximum(2 - 2 * rows @ points[start:].T, 0)
        total += np.sum(np.triu(np.exp(-2 * squares), k=1))
    return float(np.log(total / (count * (count - 1) / 2)))


def curvature(points: np.ndarray) -> float | None:
    """Mean angle between successive steps of a trajectory (Hénaff et al. 2019).

    Args:
      points: [T, D], in the order of time.

    Returns:
      In degrees: 0 for a straight line, 180 for moving to and fro. Angles at a step of length 0
      (to float32's rounding) do not count; None if there is no other.
    """
    points = np.asarray(points, np.float64)
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    moved = lengths > _ROUNDING * np.linalg.norm(points, axis=1).max(initial=0)
    turns = moved[:-1] & moved[1:]
    if not turns.any():
        return None
    products = np.sum(steps[:-1] * steps[1:], axis=1)[turns]
    cosines = products / (lengths[:-1] * lengths[1:])[turns]
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean())


def adjacent_cosine(points: np.ndarray) -> float:
    """Mean cosine of successive points [T, D] on the unit sphere, T >= 2."""
    return float(np.mean(np.sum(points[:-1] * points[1:], axis=1)))


def cosine_between(trajectories: Sequence[np.ndarray]) -> float | None:
    """Mean cosine of two points of different trajectories, each pair of trajectories counting once.

    Args:
      trajectories: [T, D] each, on the unit sphere.

    Returns:
      In [-1, 1]; None if there are fewer than two.
    """
    count = len(trajectories)
    if count < 2:
        return None
    means = np.stack([points.mean(axis=0) for points in trajectories])
    own = np.sum(means**2)
    return float((np.sum(means.sum(axis=0) ** 2) - own) / (count * (count - 1)))


def temporal_stability(adjacent: float, between: float) -> float | None:
    """How much more alike adjacent frames are than frames of different videos.

    Args:
      adjacent: mean cosine of the features of adjacent frames.
      between: mean cosine of the features of frames of different videos.

    Returns:
      (adjacent - between) / (1 - between): 1 if adjacent frames have the same features, 0 if they
      are no more alike than any two; None if all features are alike. Our choice of a scale on which
      encoders whose features lie in a narrow cone compare with others.
    """
    if 1 - between <= _ROUNDING:
        return None
    return (adjacent - between) / (1 - between)


def principal_plane(points: np.ndarray) -> np.ndarray:
    """Coordinates [T, 2] of a trajectory [T, D], T and D >= 2, on its two principal axes."""
    points = np.asarray(points, np.float64)
    left, values, _ = scipy.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return left[:, :2] * values[:2]
