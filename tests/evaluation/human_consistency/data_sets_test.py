# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Names and conditions are read as model-vs-human reads them."""

import pytest

from vito_tf.evaluation.human_consistency import data_sets


@pytest.mark.parametrize(
    ("name", "image_id"),
    [
        ("0001_lp_s01_40_chair_10_n04099969_7577.png", "n04099969_7577.png"),
        ("0000_cl_s01_bw_boat_40_n02951358_5952.JPEG", "n02951358_5952.JPEG"),
        ("0001_edg_s01_0_oven_00_oven10.png", "oven10.png"),
        ("0001_s5n_s01_0_bird_00_bird3-bird2.png", "bird3-bird2.png"),
        ("airplane1-bicycle2.png", "airplane1-bicycle2.png"),
        ("n02951358_5952.JPEG", "n02951358_5952.JPEG"),
    ],
)
def test_image_ids(name, image_id):
    assert data_sets.image_id(name) == image_id


def test_conditions_are_written_in_one_way():
    assert [data_sets.condition(text) for text in ("0.90", "0.9", "0.00", "40", "10")] == [
        "0.9",
        "0.9",
        "0",
        "40",
        "10",
    ]
    assert data_sets.condition("bw") == "bw"


def test_conditions_that_count_are_the_published_ones():
    counted = {
        name: [one for one in data_set.conditions if data_set.counts(one)]
        for name, data_set in data_sets.ALL.items()
    }
    assert counted == {
        "edge": ["0"],
        "cue-conflict": ["0"],
        "low-pass": ["1", "3", "5", "7", "10"],
        "uniform-noise": ["0.03", "0.05", "0.1", "0.2", "0.35"],
    }


def test_folders_are_found_in_either_layout(tmp_path):
    (tmp_path / "datasets" / "edge").mkdir(parents=True)
    (tmp_path / "human" / "edge").mkdir(parents=True)
    data = str(tmp_path)
    assert data_sets.EDGE.stimuli_folder(data) == str(tmp_path / "datasets" / "edge")
    assert data_sets.EDGE.responses_folder(data) == str(tmp_path / "human" / "edge")
    (tmp_path / "edge").mkdir()
    (tmp_path / "raw-data" / "edge").mkdir(parents=True)
    assert data_sets.EDGE.stimuli_folder(data) == str(tmp_path / "edge")
    assert data_sets.EDGE.responses_folder(data) == str(tmp_path / "raw-data" / "edge")
    assert data_sets.LOW_PASS.stimuli_folder(data) is None
