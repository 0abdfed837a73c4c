# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""J and F against brute force and closed forms."""

import math

import numpy as np
import pytest

from vito_tf.evaluation.video_segmentation import region_and_boundary


def boundary_pixels(mask):
    """Coordinates [N, 2] of the boundary by the official rule, pixel by pixel."""
    height, width = mask.shape
    found = []
    for y in range(height):
        for x in range(width):
            others = [(y, x + 1), (y + 1, x), (y + 1, x + 1)]
            inside = [mask[at] for at in others if at[0] < height and at[1] < width]
            if any(other != mask[y, x] for other in inside):
                found.append((y, x))
    return np.array(found, float).reshape(-1, 2)


def brute_force(true, predicted):
    """F by the distances of all pairs of boundary pixels."""
    tolerance = np.ceil(0.008 * np.linalg.norm(true.shape))
    lines = boundary_pixels(true), boundary_pixels(predicted)
    if not len(lines[0]) or not len(lines[1]):
        return float(len(lines[0]) == len(lines[1]))
    distances = np.linalg.norm(lines[0][:, None] - lines[1][None], axis=-1)
    recall = (distances.min(1) <= tolerance).mean()
    precision = (distances.min(0) <= tolerance).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def blobs(seed, height, width):
    """Two masks of smooth random shape, of one image or of different ones."""
    generator = np.random.default_rng(seed)
    low = generator.standard_normal((2, 4, 5))
    low[1] = 0.7 * low[0] + 0.5 * low[1]
    y, x = np.linspace(0, 2.99, height), np.linspace(0, 3.99, width)
    rows, columns = np.floor(y).astype(int), np.floor(x).astype(int)
    mixed = low[:, rows][:, :, columns] * (1 - y % 1)[:, None]
    mixed = mixed + low[:, rows + 1][:, :, columns] * (y % 1)[:, None]
    return mixed[0] > 0.1, mixed[1] > 0.1


@pytest.mark.parametrize(("height", "width"), [(41, 53), (60, 107), (200, 90)])
def test_random_masks_score_as_by_brute_force(height, width):
    for seed in range(4):
        true, predicted = blobs(seed, height, width)
        ours = region_and_boundary.boundary_accuracy(true, predicted)
        assert ours == pytest.approx(brute_force(true, predicted), abs=1e-12)
        intersection = sum(map(bool, (true & predicted).ravel()))
        union = sum(map(bool, (true | predicted).ravel()))
        assert region_and_boundary.region_similarity(true, predicted) == intersection / union


def test_noise_scores_as_by_brute_force():
    """Single pixels, and boundaries in the last row, the last column and the corner."""
    generator = np.random.default_rng(0)
    for share in (0.01, 0.03, 0.97):
        true, predicted = generator.random((2, 30, 40)) < share
        assert region_and_boundary.boundary_accuracy(true, predicted) == pytest.approx(
            brute_force(true, predicted), abs=1e-12
        )


def square(top=100, left=100, height=480, width=854):
    mask = np.zeros([height, width], bool)
    mask[top : top + 200, left : left + 200] = True
    return mask


def test_a_perfect_mask_scores_one():
    assert region_and_boundary.of_objects(square() * 1, square() * 1, 1) == [(1, 1)]


def test_both_empty_scores_one_and_one_empty_scores_nothing():
    empty = np.zeros([20, 30], np.uint8)
    full = np.ones([20, 30], np.uint8)
    part = np.pad(np.ones([5, 5], np.uint8), ((5, 10), (5, 20)))
    assert region_and_boundary.of_objects(empty, empty, 1) == [(1, 1)]
    assert region_and_boundary.of_objects(part, empty, 1) == [(0, 0)]
    assert region_and_boundary.of_objects(empty, part, 1) == [(0, 0)]
    assert region_and_boundary.of_objects(full, empty, 1) == [(0, 1)]  # neither has a boundary


def test_the_tolerance_at_480p_is_8_pixels():
    true = square()
    assert math.ceil(0.008 * math.hypot(480, 854)) == 8
    assert region_and_boundary.boundary_accuracy(true, square(100, 108)) == 1
    moved = region_and_boundary.boundary_accuracy(true, square(100, 109))
    # Two of the four sides are missed, but for their ends, which the other sides are near to.
    assert 0.5 < moved < 0.6
    overlap = 200 * 191 / (2 * 200 * 200 - 200 * 191)
    assert region_and_boundary.region_similarity(true, square(100, 109)) == overlap


def test_objects_are_scored_one_by_one():
    true = np.zeros([10, 10], np.uint8)
    true[:5, :4], true[:5, 4:8] = 1, 2
    swapped = np.select([true == 1, true == 2], [2, 1], 0)
    scores = region_and_boundary.of_objects(true, swapped, 3)
    assert [region for region, _ in scores] == [0, 0, 1]


def test_statistics_of_a_linear_decline():
    values = np.linspace(1, 0.2, 41)
    statistics = region_and_boundary.statistics(values)
    assert statistics.mean == pytest.approx(0.6)
    assert statistics.recall == 25 / 41  # 1 - 0.02 n > 0.5 for n = 0 .. 24
    assert statistics.decay == pytest.approx(values[:11].mean() - values[30:].mean())
    assert statistics.decay == pytest.approx(0.6)


def test_quarters_are_those_of_the_official_code():
    generator = np.random.default_rng(1)
    for length in range(1, 200):
        values = generator.random(length)
        borders = np.round(np.linspace(1, length, 5) + 1e-10) - 1
        first, *_, third, last = borders.astype(int)
        second = int(borders[1])
        expected = values[first : second + 1].mean() - values[third : last + 1].mean()
        assert region_and_boundary.statistics(values).decay == pytest.approx(expected, abs=1e-12)


def test_an_object_that_disappears():
    """Right until it goes, and never given up after."""
    assert region_and_boundary.statistics([1.0] * 10 + [0.0] * 10) == (0.5, 0.5, 1.0)


def test_recall_takes_more_than_half():
    assert region_and_boundary.statistics([0.5, 0.5, 0.51]).recall == pytest.approx(1 / 3)
