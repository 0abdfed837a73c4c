# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Shape bias of pictures whose decisions are known, beside humans'."""

import json

import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation import benchmark, data_errors
from vito_tf.evaluation.human_consistency import data_sets, shape_bias

_DECISIONS = {
    "bear/bear1-cat2.png": "bear",
    "bear/bear2-oven1.png": "oven",
    "bear/bear3-oven2.png": "oven",
    "bear/bear4-bear1.png": "bear",
    "cat/cat1-dog3.png": "truck",
    "cat/cat2-dog1.png": "dog",
}


@pytest.fixture
def data(tmp_path):
    for name, decision in _DECISIONS.items():
        experiment.write_stimulus(tmp_path / "cue-conflict" / name, decision)
    return tmp_path


def _run(data, folder):
    context = experiment.context(folder)
    return shape_bias.ShapeBias().run(experiment.red_encoder(), str(data), context)


def _html(result, folder):
    finished = {"red": benchmark.Finished(result, str(folder))}
    return [part.html(str(folder)) for part in shape_bias.ShapeBias().show(finished)]


def test_without_humans(data, tmp_path):
    experiment.write_stimulus(data / "cue-conflict" / "cat" / "bear9-dog1.png", "cat")
    experiment.write_stimulus(data / "cue-conflict" / "cat" / "cat3.png", "cat")
    result = _run(data, tmp_path)
    assert result.figures == pytest.approx(
        {"shape_bias": 0.25, "shape_matches": 0.2, "texture_matches": 0.6, "cue_accuracy": 0.8}
    )
    assert result.details == {"classes": {"bear": pytest.approx(1 / 3), "cat": 0.0}, "humans": None}
    matches = {row["name"]: row["matches"] for row in result.items}
    assert list(matches.values()) == ["shape", "texture", "texture", "both", "", "texture"]
    assert {one.name: one.reason for one in result.left_out} == {
        "cue-conflict/cat/bear9-dog1.png": "its name and its folder tell different shapes",
        "cue-conflict/cat/cat3.png": "its name does not tell shape and texture as "
        "bear1-airplane3.png does",
    }
    assert result.partial == "5 of 1200 images of conflicting cues"
    json.dumps([result.figures, result.items, result.details], allow_nan=False)
    table, chart = _html(result, tmp_path)
    assert "0.250" in table
    assert "humans" not in table
    assert "data:image/png" in chart


def test_with_humans(data, tmp_path):
    images = [("bear", "bear1-cat2"), ("bear", "bear2-oven1")]
    images += [("cat", "cat1-dog3"), ("knife", "knife1-dog2")]
    for subject, choices in {"01": "bear bear cat knife", "02": "bear oven na dog"}.items():
        rows = [
            (choice, shape, "0", f"0001_s5n_s{subject}_0_{shape}_00_{name}.png")
            for choice, (shape, name) in zip(choices.split(), images)
        ]
        path = data / "human" / "cue-conflict" / f"{subject}.csv"
        experiment.write_responses(path, f"subject-{subject}", rows)
    result = _run(data, tmp_path)
    humans = result.details["humans"]
    assert humans["figures"]["shape_bias"] == 0.8  # 4 for shape, 1 for texture, of 6.
    assert humans["figures"]["cue_accuracy"] == pytest.approx(5 / 6)
    assert humans["classes"] == {"bear": 0.75, "cat": 1.0}
    table, _ = _html(result, tmp_path)
    assert "<td>humans</td>" in table


def test_no_cue_is_ever_chosen(tmp_path):
    experiment.write_stimulus(tmp_path / "cue-conflict" / "bear" / "bear1-cat2.png", "truck")
    result = _run(tmp_path, tmp_path)
    assert result.figures["shape_bias"] is None
    assert result.figures["cue_accuracy"] == 0
    assert len(_html(result, tmp_path)) == 2


def test_wrong_folders_are_errors(tmp_path):
    with pytest.raises(data_errors.DataError, match="has no folder cue-conflict") as error:
        _run(tmp_path, tmp_path)
    assert str(error.value).endswith(data_sets.DATA)
    experiment.write_stimulus(tmp_path / "cue-conflict" / "bear" / "bear1.png", "bear")
    with pytest.raises(
        data_errors.DataError, match=r"no image with a name such as bear1-airplane3"
    ):
        _run(tmp_path, tmp_path)
