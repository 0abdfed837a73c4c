# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the similarity of embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from vito_tf.curation.similarity import SCALE, Embedded, rounded, similarities, stacked


@pytest.mark.parametrize("dimensions", [2, 100, 1280])
def test_it_is_the_cosine(dimensions):
    rng = np.random.default_rng(dimensions)
    a = rng.standard_normal([30, dimensions]) * 7
    b = np.concatenate([rng.standard_normal([40, dimensions]), a + 0.1])
    expected = (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (
        b / np.linalg.norm(b, axis=1, keepdims=True)
    ).T
    found = similarities(rounded(a), rounded(b))
    assert np.abs(found - expected).max() < 1e-3
    assert np.abs(found - expected).std() < 2e-4
    assert found.min() >= -1
    assert found.max() <= 1


def test_it_is_exact_in_any_shape_and_order():
    """In whole numbers, nothing depends on the order of summation."""
    rng = np.random.default_rng(0)
    a, b = (rounded(rng.standard_normal([50, 1280])) for _ in range(2))
    b[:25] = a[:25]
    whole = similarities(a, b)
    exact = np.clip((a.astype(np.int64) @ b.astype(np.int64).T) / SCALE**2, -1, 1)
    np.testing.assert_array_equal(whole, exact.astype(np.float32))
    order = rng.permutation(1280)
    np.testing.assert_array_equal(similarities(a[:, order], b[:, order]), whole)
    for rows in (slice(0, 1), slice(3, 10)):
        np.testing.assert_array_equal(similarities(a[rows], b), whole[rows])


def test_every_partial_sum_fits_into_float32():
    dimensions = 30_000
    ones = rounded(np.ones([1, dimensions]))
    assert ones.dtype == np.int16
    assert (SCALE + dimensions**0.5 / 2) ** 2 < 2**24


def test_a_zero_vector_resembles_nothing():
    zero, one = rounded([[0.0, 0.0]]), rounded([[3.0, 4.0]])
    assert similarities(zero, one).item() == 0
    assert similarities(one, one).item() == 1


def test_parts_are_stacked_by_name():
    parts = [
        Embedded((b"c", b"a"), np.array([[3, 3], [1, 1]], np.int16)),
        Embedded((b"b",), np.array([[2, 2]], np.int16)),
    ]
    for some in (parts, parts[::-1]):
        found = stacked(some)
        assert found.names == (b"a", b"b", b"c")
        np.testing.assert_array_equal(found.vectors, [[1, 1], [2, 2], [3, 3]])
    assert stacked([]).names == ()
