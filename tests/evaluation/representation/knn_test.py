# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark knn on pictures whose neighbours are known."""

import dataclasses
import json

import numpy as np
import pytest

from tests.evaluation.representation import pictures
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.representation import knn, labelled


def test_separate_classes_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(knn, "_QUERIES_AT_ONCE", 5)
    data = pictures.write_classes(tmp_path / "data")
    one = knn.NearestNeighbourBenchmark(k=5, ks=(1, 5, 30, 31, 100))
    result = pictures.run(one, data, tmp_path)
    assert result.figures["top_1_k5"] == result.figures["top_1_k1"] == 1
    assert result.figures["top_1_k5_low"] == result.figures["top_1_k5_high"] == 1
    assert [row.name for row in result.left_out] == ["k = 31", "k = 100"]
    assert "top_1_k31" not in result.figures
    assert [row["class"] for row in result.items] == ["blue", "green", "red"]
    assert all(row["images"] == 4 and row["top_1_k5"] == 1 for row in result.items)
    json.dumps(dataclasses.asdict(result), allow_nan=False)
    html = pictures.report(one, result, tmp_path)
    assert "100.0 – 100.0" in html
    assert "<td class=number>–</td>" in html


def test_all_neighbours_vote_by_their_cosine(tmp_path):
    """At a high temperature all votes are equal, and of all images most are blue."""
    data = tmp_path / "data"
    for split in ("train", "val"):
        for name, count in (("blue", 5), ("red", 3)):
            pictures.write_pictures(data / split / name, pictures.COLOURS[name], count)
    one = knn.NearestNeighbourBenchmark(k=8, ks=(1, 8), temperature=1e6)
    result = pictures.run(one, data, tmp_path)
    assert result.figures["top_1_k1"] == 1
    assert result.figures["top_1_k8"] == pytest.approx(5 / 8)
    assert result.figures["top_1_k8_low"] < 5 / 8 < result.figures["top_1_k8_high"]
    assert [row["top_1_k8"] for row in result.items] == [1, 0]
    sharp = knn.NearestNeighbourBenchmark(k=8, ks=(8,), temperature=0.01)
    assert pictures.run(sharp, data, tmp_path).figures["top_1_k8"] == 1


def test_a_bank_that_is_too_small_for_any_k(tmp_path):
    data = pictures.write_classes(tmp_path / "data", train=2, val=1)
    one = knn.NearestNeighbourBenchmark()
    result = pictures.run(one, data, tmp_path)
    assert result.figures == {"top_1_k20": None}
    assert [row.name for row in result.left_out] == [f"k = {k}" for k in (10, 20, 100, 200)]
    assert "mean colours" in pictures.report(one, result, tmp_path)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ks": ()}, "ks"),
        ({"ks": (0, 20)}, "ks"),
        ({"k": 7}, "k"),
        ({"temperature": 0.0}, "temperature"),
        ({"queries": "train"}, "queries"),
        ({"resamples": 0}, "resamples"),
    ],
)
def test_impossible_values(values, field):
    with pytest.raises(ValueError, match=rf"NearestNeighbourBenchmark\.{field}\b"):
        knn.NearestNeighbourBenchmark(**values)


def test_a_folder_without_classes(tmp_path):
    pictures.write_pictures(tmp_path / "data", (0, 0, 0), 3)
    with pytest.raises(data_errors.DataError, match="data"):
        pictures.run(knn.NearestNeighbourBenchmark(), tmp_path / "data", tmp_path)


def test_says_which_neighbours_are_arbitrary(tmp_path):
    data = tmp_path / "data"
    for split in ("train", "val"):
        pictures.write_pictures(data / split / "black", (0, 0, 0), 2, noise=0)
        pictures.write_pictures(data / split / "red", (200, 0, 0), 2)
    result = pictures.run(knn.NearestNeighbourBenchmark(k=1, ks=(1,)), data, tmp_path)
    assert any("features of 4 images are all 0" in note for note in result.notes)


def test_accuracy_by_class():
    labels = np.array([2, 0, 2, 2])
    rows = labelled.by_class(labels, ["a", "b", "c"], {"right": np.array([1, 0, 0, 1], bool)})
    assert rows == [
        {"class": "a", "images": 1, "right": 0},
        {"class": "c", "images": 3, "right": pytest.approx(2 / 3)},
    ]
