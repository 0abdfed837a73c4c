# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Geometry by closed forms and slow transcriptions."""

import math

import numpy as np
import pytest

from vito_tf.evaluation.representation import geometry


def _features(count=30, dimensions=6, seed=0):
    return np.random.default_rng(seed).normal(size=[count, dimensions])


def _simplex(count):
    """Points [count, count] whose centred singular values are count - 1 equal ones and a 0."""
    return np.eye(count)


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_effective_rank_of_equal_singular_values(rank):
    """Roy and Vetterli: equal singular values have their number as effective rank."""
    features = np.pad(_simplex(rank + 1), ((0, 0), (0, 4))) + 7
    values = geometry.singular_values(features)
    assert values is not None
    assert geometry.effective_rank(values) == pytest.approx(rank, abs=1e-6)
    np.testing.assert_allclose(geometry.explained_variance(values)[:rank], 1 / rank)


def test_effective_rank_equals_the_definition():
    features = _features() * [5, 2, 1, 0.5, 0.1, 0]
    mean = [sum(row[d] for row in features) / 30 for d in range(6)]
    centred = np.array([[row[d] - mean[d] for d in range(6)] for row in features])
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(centred.T @ centred), 0))[::-1]
    shares = [value / roots.sum() for value in roots if value > 1e-9]
    expected = math.exp(-sum(share * math.log(share) for share in shares))
    values = geometry.singular_values(features)
    assert values is not None
    np.testing.assert_allclose(values, roots, atol=1e-6)
    assert geometry.effective_rank(values) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(
        geometry.explained_variance(values), roots**2 / (roots**2).sum(), atol=1e-9
    )


def test_collapsed_features_have_no_rank():
    rounding = 1e-7 * np.random.default_rng(0).normal(size=[20, 8])
    features = (np.full([20, 8], 3.0) * (1 + rounding)).astype(np.float32)
    assert geometry.singular_values(features) is None
    assert geometry.singular_values(np.zeros([3, 2])) is None
    sphere = geometry.unit(features)
    assert geometry.relative_spread(sphere) == pytest.approx(0, abs=1e-6)
    assert geometry.uniformity(sphere) == pytest.approx(0, abs=1e-6)
    assert geometry.alignment(sphere, sphere) == 0


def test_spread_and_uniformity_of_a_uniform_sphere():
    """Gaussians are uniform in direction; there E exp(4 (x.y - 1)) has a closed form in 3-D."""
    sphere = geometry.unit(_features(1500, 3))
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), 1)
    assert geometry.relative_spread(sphere) == pytest.approx(1, abs=0.02)
    expected = math.log((1 - math.exp(-8)) / 8)  # x.y is uniform in [-1, 1].
    assert geometry.uniformity(sphere) == pytest.approx(expected, abs=0.02)


def test_alignment_uniformity_and_spread_equal_their_definitions(monkeypatch):
    monkeypatch.setattr(geometry, "_ROWS", 7)
    first, second = geometry.unit(_features()), geometry.unit(_features(seed=1))
    distances = [sum((x - y) ** 2 for x, y in zip(*pair)) for pair in zip(first, second)]
    assert geometry.alignment(first, second) == pytest.approx(sum(distances) / 30)
    potentials = [
        math.exp(-2 * sum((x - y) ** 2 for x, y in zip(first[i], first[j])))
        for i in range(30)
        for j in range(i)
    ]
    expected = math.log(sum(potentials) / len(potentials))
    assert geometry.uniformity(first) == pytest.approx(expected)
    deviations = [
        math.sqrt(sum((x - sum(column) / 30) ** 2 for x in column) / 30) for column in first.T
    ]
    expected = sum(deviations) / 6 * math.sqrt(6)
    assert geometry.relative_spread(first) == pytest.approx(expected)


def test_one_point_has_no_uniformity():
    assert geometry.uniformity(np.ones([1, 1])) is None


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[0, 0], [1, 1], [2, 2], [5, 5]], 0),
        ([[0, 0], [1, 0], [1, 1], [0, 1], [0, 2]], 90),
        ([[0, 0], [1, 0], [0, 0], [3, 0]], 180),
        ([[0, 0], [1, 0], [2, 0], [2, 1]], 45),
        ([[0, 0], [0, 1], [0, 1], [1, 1], [1, 2]], 90),
    ],
    ids=["straight", "right angles", "to and fro", "mean", "passes over a pause"],
)
def test_curvature(points, expected):
    assert geometry.curvature(np.array(points, float)) == pytest.approx(expected, abs=1e-5)


def test_curvature_of_a_regular_polygon():
    angles = np.arange(12) * 2 * np.pi / 12
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) + 100
    assert geometry.curvature(points) == pytest.approx(30)


@pytest.mark.parametrize(
    "points", [np.ones([5, 3]), np.zeros([4, 2]), [[0, 0], [1, 1]], [[0, 1], [1, 1], [1, 1]]]
)
def test_what_stands_still_has_no_curvature(points):
    assert geometry.curvature(np.array(points, np.float32)) is None


def test_rounding_is_no_motion():
    noise = np.random.default_rng(0).normal(size=[9, 50]) * 1e-7
    assert geometry.curvature((10 * (1 + noise)).astype(np.float32)) is None


def test_cosines_equal_their_definitions():
    trajectories = [geometry.unit(_features(count, seed=count)) for count in (3, 5, 4)]
    adjacent = [float(trajectories[0][i] @ trajectories[0][i + 1]) for i in range(2)]
    assert geometry.adjacent_cosine(trajectories[0]) == pytest.approx(sum(adjacent) / 2)
    pairs = []
    for i, first in enumerate(trajectories):
        for second in trajectories[:i]:
            cosines = [float(x @ y) for x in first for y in second]
            pairs.append(sum(cosines) / len(cosines))
    assert geometry.cosine_between(trajectories) == pytest.approx(sum(pairs) / 3)
    assert geometry.cosine_between(trajectories[:1]) is None


def test_stability():
    assert geometry.temporal_stability(1.0, 0.4) == 1
    assert geometry.temporal_stability(0.4, 0.4) == 0
    assert geometry.temporal_stability(0.7, 0.4) == pytest.approx(0.5)
    assert geometry.temporal_stability(1.0, 1.0) is None


def test_principal_plane_keeps_distances_in_a_plane():
    flat = _features(8, 2) * [3, 1]
    axes = np.linalg.qr(_features(5, 5, seed=2))[0][:2]
    plane = geometry.principal_plane(flat @ axes + 4)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(plane[:, None] - plane[None], axis=-1), distances, atol=1e-9
    )
    assert plane[:, 0].std() > plane[:, 1].std()
