# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark linear_probe: its choice of a setting, and pictures that are told apart."""

import dataclasses
import json

import numpy as np
import pytest

from tests.evaluation.representation import pictures
from vito_tf.evaluation import data_errors, extraction
from vito_tf.evaluation.representation import labelled, linear_probe


def test_holds_out_a_share_of_each_class():
    labels = np.repeat([0, 1, 2], [10, 4, 5])
    held = linear_probe.held_out(labels, 0.25, seed=0)
    np.testing.assert_array_equal(np.bincount(labels[held]), [2, 1, 1])
    np.testing.assert_array_equal(held, linear_probe.held_out(labels, 0.25, seed=0))
    assert (held != linear_probe.held_out(labels, 0.25, seed=1)).any()


def test_halves_the_intervals_beside_the_best():
    assert linear_probe.midpoints({1e4: 0.1, 1.0: 0.5, 1e-4: 0.2}) == pytest.approx([1e2, 1e-2])
    assert linear_probe.midpoints({1e4: 0.6, 1.0: 0.6, 1e-4: 0.6}) == pytest.approx([1e2])
    assert linear_probe.midpoints({1.0: 0.2, 1e-2: 0.9}) == pytest.approx([1e-1])


def test_ends_at_8_strengths_a_decade():
    """As CLIP's search does, where the best strength is 1 from the beginning."""
    tried = {10.0**power: -float(abs(power)) for power in range(-6, 7, 2)}
    for _ in range(linear_probe.LinearProbe.halvings):
        tried.update(dict.fromkeys(linear_probe.midpoints(tried), -1.0))
    assert min(value for value in tried if value > 1) == pytest.approx(10 ** (1 / 8))
    assert len(tried) == 15


@pytest.mark.parametrize("sweep", linear_probe.SWEEPS)
def test_separate_classes_are_told_apart(tmp_path, sweep):
    data = pictures.write_classes(tmp_path / "data")
    one = linear_probe.LinearProbe(sweep=sweep, halvings=1, learning_rates=(9, 3), epochs=30)
    result = pictures.run(one, data, tmp_path)
    assert result.figures["top_1"] == result.figures["top_1_low"] == 1
    assert "top_5" not in result.figures
    tried = dict(result.details["tried"])
    assert len(tried) == (2 if sweep == "learning_rate" else 9 - (len(result.notes) > 0))
    assert tried[result.details["chosen"]] == max(tried.values())
    assert result.details["confusion"] == {
        "classes": ["blue", "green", "red"],
        "counts": [[4, 0, 0], [0, 4, 0], [0, 0, 4]],
    }
    assert [row["top_1"] for row in result.items] == [1, 1, 1]
    json.dumps(dataclasses.asdict(result), allow_nan=False)
    html = pictures.report(one, result, tmp_path)
    assert html.count("<img") == 2
    assert ("λ" if sweep == "l2" else "rate 9") in html


def test_a_single_strength_needs_no_choice(tmp_path):
    data = pictures.write_classes(tmp_path / "data", train=2, val=1)
    with pytest.raises(data_errors.DataError, match=r"LinearProbe\.strengths"):
        pictures.run(linear_probe.LinearProbe(), data, tmp_path)
    with pytest.raises(data_errors.DataError, match=r"LinearProbe\.learning_rates"):
        pictures.run(linear_probe.LinearProbe(sweep="learning_rate"), data, tmp_path)
    one = linear_probe.LinearProbe(strengths=(1.0,), max_iterations=1)
    result = pictures.run(one, data, tmp_path)
    assert result.details["chosen"] == 1.0
    assert result.details["tried"] == []
    assert any("did not converge" in note for note in result.notes)
    assert pictures.report(one, result, tmp_path).count("<img") == 1


def test_the_most_accurate_strength_is_chosen(tmp_path, monkeypatch):
    """Of equals, the first."""
    tried = {1.0: 0.25, 10.0: 0.75, 100.0: 0.75, 0.1: 0.5}
    monkeypatch.setattr(linear_probe.LinearProbe, "_sweep", lambda *_: tried)
    data = pictures.write_classes(tmp_path / "data", train=2, val=1)
    result = pictures.run(linear_probe.LinearProbe(), data, tmp_path)
    assert result.details["chosen"] == 10
    assert result.details["tried"] == [[0.1, 0.5], [1.0, 0.25], [10.0, 0.75], [100.0, 0.75]]


def test_the_choice_is_made_by_images_that_were_held_out():
    """Labels without meaning can be learnt by heart, but not guessed."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=[60, 100]).astype(np.float32)
    train = extraction.Extracted(features, np.arange(60) % 2, [""] * 60, [])
    sets = labelled.Labelled(train, train, ["a", "b"], [])
    one = linear_probe.LinearProbe(strengths=(1e-2, 1e-3), halvings=0)
    assert max(one._sweep(sets, "data").values()) < 0.9


def test_ten_classes_have_top_5(tmp_path):
    for split in ("train", "val"):
        for number in range(10):
            grey = (20 * number + 20,) * 3
            pictures.write_pictures(tmp_path / "data" / split / f"c{number}", grey, 2, number)
    one = linear_probe.LinearProbe(strengths=(1.0,))
    figures = pictures.run(one, tmp_path / "data", tmp_path).figures
    assert figures["top_1"] < figures["top_5"] <= figures["top_5_high"] <= 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"sweep": "wd"}, "sweep"),
        ({"strengths": ()}, "strengths"),
        ({"strengths": (0.0,)}, "strengths"),
        ({"learning_rates": (float("inf"),)}, "learning_rates"),
        ({"held_out": 1.0}, "held_out"),
        ({"halvings": -1}, "halvings"),
        ({"epochs": 0}, "epochs"),
        ({"val": "train"}, "val"),
        ({"max_iterations": 0}, "max_iterations"),
    ],
)
def test_impossible_values(values, field):
    with pytest.raises(ValueError, match=rf"LinearProbe\.{field} "):
        linear_probe.LinearProbe(**values)
