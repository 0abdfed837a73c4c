# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the removal of near-duplicates, against slow loops."""

from __future__ import annotations

import apache_beam as beam
import numpy as np
import pytest

from tests.curation import rows as rows_lib
from vito_tf.curation import near_duplicates
from vito_tf.curation.name_order import name_key, place_in_order
from vito_tf.curation.near_duplicates import DropNearDuplicates, NearDuplicates
from vito_tf.curation.similarity import Embedded, rounded
from vito_tf.video.video_rows import VideoRow

THRESHOLD = 0.9
RNG = np.random.default_rng(1)
VECTORS = rows_lib.embeddings(RNG, 150)
ROWS = rows_lib.rows_of(VECTORS)


def _place(row):
    return place_in_order(row.name, "near duplicates")


def _slow(rows, vectors):
    """By name: the first of the videos before it that a video is near to."""
    cosines = vectors @ vectors.T
    assert np.abs(cosines - THRESHOLD).min() > 1e-3
    expected = {}
    for index, row in enumerate(rows):
        before = [
            other
            for other in range(len(rows))
            if cosines[index, other] >= THRESHOLD and _place(rows[other]) < _place(row)
        ]
        if before:
            first = min(before, key=lambda other: _place(rows[other]))
            expected[row.name] = (rows[first].name, cosines[index, first])
    return expected


def _check(chosen, rows, vectors):
    expected = _slow(rows, vectors)
    assert expected
    for row in rows:
        if row.name not in expected:
            assert chosen[row.name] == row
            continue
        name, cosine = expected[row.name]
        assert chosen[row.name].reason == "near_duplicate"
        text, score = chosen[row.name].detail.rsplit(" is ", maxsplit=1)
        assert text == f"its similarity to {name!r}"
        assert float(score) == pytest.approx(cosine, abs=2e-3)


def test_later_ones_are_dropped_whatever_the_order_the_bundles_and_the_blocks(monkeypatch):
    expected = rows_lib.choose(DropNearDuplicates(THRESHOLD), ROWS)
    _check(expected, ROWS, VECTORS)
    monkeypatch.setattr(near_duplicates, "_ROWS_PER_TILE", 8)
    monkeypatch.setattr(near_duplicates, "_ROWS_PER_CHUNK", 7)
    shuffled = [ROWS[index] for index in RNG.permutation(len(ROWS))]
    transform = DropNearDuplicates(THRESHOLD, rows_per_block=40)
    assert rows_lib.choose(transform, shuffled, num_workers=5) == expected


def test_blocks_may_be_empty():
    rows, vectors = ROWS[:24], VECTORS[:24]
    transform = DropNearDuplicates(THRESHOLD, rows_per_block=1)
    _check(rows_lib.choose(transform, rows, num_workers=2), rows, vectors)


def test_of_identical_videos_one_is_kept():
    rows = rows_lib.rows_of(np.tile(VECTORS[:1], [50, 1]))
    chosen = rows_lib.choose(DropNearDuplicates(0.999, rows_per_block=20), rows, num_workers=2)
    kept = [name for name, row in chosen.items() if row.is_kept]
    assert kept == [min(rows, key=_place).name]
    others = [row.detail for row in chosen.values() if not row.is_kept]
    assert all(detail.startswith(f"its similarity to {kept[0]!r} is") for detail in others)


def test_what_an_evaluation_set_holds_is_dropped_first():
    files = [Embedded((b"x.jpg",), rounded(VECTORS[:1])), Embedded((b"y",), rounded(VECTORS[1:2]))]
    rows = [ROWS[0], *ROWS[2:60]]
    vectors = np.concatenate([VECTORS[:1], VECTORS[2:60]])
    near = (vectors @ VECTORS[:2].T).max(axis=1) >= THRESHOLD
    rest = [index for index in range(len(rows)) if not near[index]]
    duplicates = _slow([rows[index] for index in rest], vectors[rest])
    chosen = rows_lib.choose(DropNearDuplicates(THRESHOLD, beam.Create(files)), rows, 2)
    assert near[0]
    assert chosen[rows[0].name].detail.startswith("its similarity to 'x.jpg' is 1.000")
    for index, row in enumerate(rows):
        reason = "in_evaluation_set" if near[index] else ""
        assert chosen[row.name].reason == ("near_duplicate" if row.name in duplicates else reason)


def test_rows_that_cannot_be_judged_pass():
    rows = [VideoRow("a", ""), VideoRow("b", "", embedding=(1.0, 0.0)).drop("damaged", "x")]
    rows.append(VideoRow("c", "", embedding=(1.0, 0.0)))
    chosen = rows_lib.choose(DropNearDuplicates(0.9, beam.Create([])), rows)
    assert chosen == {row.name: row for row in rows}


def test_settings_are_checked():
    assert hash(NearDuplicates(evaluation_folders=["a"])) == hash(NearDuplicates(0.95, ("a",)))
    with pytest.raises(ValueError, match=r"evaluation_folders must be a list"):
        NearDuplicates(evaluation_folders="/data")
    for threshold in (0.0, 1.0):
        with pytest.raises(ValueError, match=r"NearDuplicates\.threshold"):
            NearDuplicates(threshold=threshold)


def test_the_order_is_pseudo_random_and_its_own():
    names = [f"video{index}" for index in range(1000)]
    orders = [
        sorted(names, key=lambda name: place_in_order(name, purpose))
        for purpose in ("near duplicates", "balance")
    ]
    ranks = [np.argsort(np.argsort(order)) for order in orders]
    for a, b in ((ranks[0], ranks[1]), (ranks[0], np.arange(1000)), (ranks[1], np.arange(1000))):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
    assert name_key("\udcff") == b"\xed\xb3\xbf"
