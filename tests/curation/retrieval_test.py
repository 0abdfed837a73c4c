# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of retrieval by target images, against slow loops."""

from __future__ import annotations

import itertools

import apache_beam as beam
import numpy as np
import pytest

from tests.curation import rows as rows_lib
from vito_tf.curation import retrieval
from vito_tf.curation.name_order import name_key
from vito_tf.curation.retrieval import NearestToTargets, Retrieve
from vito_tf.curation.similarity import Embedded, rounded
from vito_tf.video.video_rows import VideoRow

RNG = np.random.default_rng(0)
VECTORS = rows_lib.embeddings(RNG, 120)
ROWS = rows_lib.rows_of(VECTORS)
TARGETS = rows_lib.embeddings(RNG, 7)


def _settings(**kwargs):
    return NearestToTargets(images="unused", **kwargs)


def _retrieve(rows, settings, num_workers=1):
    middle = len(TARGETS) // 2
    parts = [
        Embedded((b"a",) * middle, rounded(TARGETS[:middle])),
        Embedded((b"b",) * (len(TARGETS) - middle), rounded(TARGETS[middle:])),
    ]
    return rows_lib.choose(Retrieve(settings, beam.Create(parts)), rows, num_workers)


@pytest.mark.parametrize(("neighbours", "min_similarity"), [(3, -1.0), (4, 0.5)])
def test_it_keeps_the_neighbours_of_each_target(neighbours, min_similarity):
    cosines = VECTORS @ TARGETS.T
    expected = set()
    for target in range(len(TARGETS)):
        ranked = sorted(range(len(ROWS)), key=lambda row: -cosines[row, target])
        expected |= {row for row in ranked[:neighbours] if cosines[row, target] >= min_similarity}
    chosen = _retrieve(
        ROWS, _settings(neighbours=neighbours, min_similarity=min_similarity), num_workers=3
    )
    assert {index for index, row in enumerate(ROWS) if chosen[row.name].is_kept} == expected
    for index, row in enumerate(ROWS):
        assert chosen[row.name].score == pytest.approx(cosines[index].max(), abs=1e-3)
        assert chosen[row.name].reason == ("" if index in expected else "not_retrieved")


def test_the_outcome_does_not_depend_on_order_or_bundles():
    expected = _retrieve(ROWS, _settings(neighbours=2))
    shuffled = [ROWS[index] for index in RNG.permutation(len(ROWS))]
    assert _retrieve(shuffled, _settings(neighbours=2), num_workers=5) == expected


def test_equally_near_videos_are_taken_by_name():
    rows = rows_lib.rows_of(np.tile(VECTORS[:1], [6, 1]))
    chosen = _retrieve(rows[::-1], _settings(neighbours=2), num_workers=2)
    kept = sorted((name for name, row in chosen.items() if row.is_kept), key=name_key)
    assert kept == sorted((row.name for row in rows), key=name_key)[:2]


def test_rows_that_cannot_be_judged():
    rows = [VideoRow("a", ""), VideoRow("b", "").drop("damaged", "x"), ROWS[0]]
    chosen = _retrieve(rows, _settings())
    assert chosen["a"].reason == "no_embedding"
    assert chosen["b"] == rows[1]
    assert chosen[ROWS[0].name].is_kept
    (unjudged,) = rows_lib.choose(Retrieve(_settings(), beam.Create([])), rows[:1]).values()
    assert unjudged.reason == "no_embedding"


def test_merging_is_associative_and_commutative():
    scores = RNG.integers(4, size=[9, 3]).astype(np.float32)  # Many ties.
    names = [b"%d" % index for index in RNG.permutation(9)]
    whole = retrieval.nearest(scores, names, 4)
    parts = [
        retrieval.nearest(scores[part], names[part], 4)
        for part in (slice(0, 2), slice(2, 3), slice(3, 9))
    ]
    for a, b, c in itertools.permutations(parts):
        for merged in (retrieval.merge([a, retrieval.merge([b, c])]), retrieval.merge([a, b, c])):
            np.testing.assert_array_equal(merged.scores, whole.scores)
            np.testing.assert_array_equal(merged.names, whole.names)
    for target in range(3):
        ranked = sorted(range(9), key=lambda row: (-scores[row, target], names[row]))
        assert whole.names[target].tolist() == [names[row] for row in ranked[:4]]


@pytest.mark.parametrize("kwargs", [{"neighbours": 0}, {"min_similarity": 1.5}])
def test_settings_are_checked(kwargs):
    with pytest.raises(ValueError, match=rf"NearestToTargets\.{next(iter(kwargs))}"):
        _settings(**kwargs)


def test_targets_that_cannot_be_read_are_an_error():
    with pytest.raises(RuntimeError, match=r"NearestToTargets.images: none of the images can be"):
        rows_lib.choose(Retrieve(_settings(), beam.Create([])), ROWS[:3])
