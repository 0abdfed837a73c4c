# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Stimuli are found in both layouts of the release, and shown as they are."""

import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.human_consistency import data_sets, stimuli


def _decide(folder, data_set, cache, image_size=224):
    extractor = experiment.context(cache).extractor
    return stimuli.decide(experiment.red_encoder(image_size), str(folder), data_set, extractor)


def test_names_of_sessions_tell_condition_and_category(tmp_path):
    folder = tmp_path / "low-pass"
    name = "dnn/session-1/0001_lp_dnn_40_chair_10_n04099969_7577.png"
    experiment.write_stimulus(folder / name, "cat")
    (found,), left_out = stimuli.find(str(folder), data_sets.LOW_PASS)
    chair = experiment.NAMES.index("chair")
    assert found == (str(folder / name), name, "40", "n04099969_7577.png", chair)
    assert not left_out


def test_folders_are_categories_where_there_is_one_condition(tmp_path):
    experiment.write_stimulus(tmp_path / "edge" / "bear" / "bear1.png", "cat")
    (found,), _ = stimuli.find(str(tmp_path / "edge"), data_sets.EDGE)
    assert found[2:] == ("0", "bear1.png", experiment.NAMES.index("bear"))


def test_files_that_are_no_stimuli_are_left_out(tmp_path):
    folder = tmp_path / "low-pass"
    good = "0001_lp_dnn_40_chair_10_n04099969_7577.png"
    names = {
        f"a/{good}": None,
        f"b/{good}": f"the same stimulus as a/{good}",
        "c/0002_lp_dnn_41_chair_10_n04099969_7578.png": "'41' is none of the conditions 0, 1",
        "c/0003_lp_dnn_40_sofa_10_n04099969_7579.png": "'sofa' is none of the 16 categories",
        "chair/chair1.png": "the name does not say the condition",
    }
    for name in names:
        experiment.write_stimulus(folder / name, "chair", size=1)
    (folder / "notes.txt").write_text("no picture")
    (folder / "a" / f"._{good}").write_bytes(b"of another system")
    found, left_out = stimuli.find(str(folder), data_sets.LOW_PASS)
    assert [one.name for one in found] == [f"a/{good}"]
    reasons = {one.name: one.reason for one in left_out}
    assert len(reasons) == len(names) - 1
    for name, reason in names.items():
        assert reason is None or reasons[f"low-pass/{name}"].startswith(reason)


def test_a_folder_without_stimuli_is_an_error_that_says_why(tmp_path):
    folder = tmp_path / "edge"
    experiment.write_stimulus(folder / "sofa" / "sofa1.png", "cat", size=1)
    message = r"no stimulus of edge: edge/sofa/sofa1.png: 'sofa' is none of .* The data are"
    with pytest.raises(data_errors.DataError, match=message):
        stimuli.find(str(folder), data_sets.EDGE)


def test_decisions_belong_to_their_stimuli(tmp_path):
    folder = tmp_path / "edge"
    decisions = {"bear/bear1.png": "bear", "bear/bear2.png": "oven", "cat/cat1.png": "truck"}
    for name, decision in decisions.items():
        experiment.write_stimulus(folder / name, decision)
    experiment.write_stimulus(folder / "cat" / "cat2.png", "cat", mode="L")
    experiment.write_stimulus(folder / "cat" / "cat3.png", "cat", mode="RGBA")
    experiment.write_stimulus(folder / "cat" / "cat4.png", "cat", size=200)
    (folder / "cat" / "cat5.png").write_bytes(b"no picture")
    decided = _decide(folder, data_sets.EDGE, tmp_path)
    found = {
        one.name: experiment.NAMES[decision]
        for one, decision in zip(decided.stimuli, decided.decisions)
    }
    assert found == {**decisions, "cat/cat2.png": "cat"}
    left_out = {one.name: one.reason for one in decided.left_out}
    assert set(left_out) == {f"edge/cat/cat{number}.png" for number in (3, 4, 5)}
    assert "224" in left_out["edge/cat/cat4.png"]
    assert "200" in left_out["edge/cat/cat4.png"]
    assert decided.partial == "edge: 4 of 160 stimuli"
    assert not decided.notes


def test_stimuli_are_resized_for_other_encoders(tmp_path):
    experiment.write_stimulus(tmp_path / "edge" / "bear" / "bear1.png", "clock")
    decided = _decide(tmp_path / "edge", data_sets.EDGE, tmp_path, image_size=64)
    assert experiment.NAMES[decided.decisions[0]] == "clock"
    assert decided.notes == ["Stimuli were resized from 224 to 64 pixels."]
