# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""CSV files become tables of choices; what is wrong with them is said."""

import numpy as np
import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.human_consistency import data_sets, responses

_BEAR = ("bear", "bear", "0", "0001_edg_s01_0_bear_00_bear1.png")
_CAT = ("dog", "cat", "0", "0002_edg_s01_0_cat_00_cat3.png")


def _read(folder, data_set=data_sets.EDGE):
    return responses.read(str(folder), data_set)


def test_sessions_and_subjects_become_one_table(tmp_path):
    experiment.write_responses(tmp_path / "a_session_1.csv", "subject-01", [_BEAR])
    experiment.write_responses(tmp_path / "a_session_2.csv", "subject-01", [_CAT])
    missing = ("na", *_BEAR[1:])
    experiment.write_responses(tmp_path / "b.csv", "subject-02", [missing])
    experiment.write_responses(tmp_path / "net.csv", "resnet50", [("knife", *_BEAR[1:])])
    (tmp_path / "._b.csv").write_bytes(b"of another system")
    table, left_out = _read(tmp_path)
    assert not left_out
    assert table.subjects == ["subject-01", "subject-02"]
    assert table.image_ids == ["bear1.png", "cat3.png"]
    bear, cat, dog = (experiment.NAMES.index(name) for name in ("bear", "cat", "dog"))
    np.testing.assert_array_equal(table.categories, [bear, cat])
    expected = [[bear, dog], [responses.NO_RESPONSE, responses.NOT_SHOWN]]
    np.testing.assert_array_equal(table.choices, expected)
    first, second = table.answers()
    np.testing.assert_array_equal(first.correct, [True, False])
    np.testing.assert_array_equal(second.correct, [False, False])
    np.testing.assert_array_equal(second.shown, [True, False])


def test_images_can_be_chosen_and_humans_without_them_go(tmp_path):
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [_BEAR, _CAT])
    experiment.write_responses(tmp_path / "2.csv", "subject-02", [_BEAR])
    chosen = _read(tmp_path)[0].of_images([1])
    assert chosen.subjects == ["subject-01"]
    assert chosen.indices() == {("0", "cat3.png"): 0}
    assert chosen.choices.shape == (1, 1)


def test_columns_in_capitals_and_conditions_with_zeros(tmp_path):
    columns = ("subj", "Session", "trial", "RT", "object_response", "category", "Condition")
    row = ("cat", "cat", "0.10", "0001_nse_s01_0.10_cat_10_n02123045_3098.png")
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [row], (*columns, "imagename"))
    table, _ = _read(tmp_path, data_sets.UNIFORM_NOISE)
    assert table.indices() == {("0.1", "n02123045_3098.png"): 0}


def test_the_first_of_two_responses_counts(tmp_path):
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [_BEAR])
    experiment.write_responses(tmp_path / "2.csv", "subject-01", [("dog", *_BEAR[1:]), _CAT])
    table, left_out = _read(tmp_path)
    assert table.answers()[0].correct[0]
    (one,) = left_out
    assert one.name.endswith("2.csv, line 2")
    assert "subject-01 sees bear1.png again" in one.reason


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("bear", "bears", *_BEAR[2:]), r"line 2: category 'bears' is none of the 16"),
        (("wolf", *_BEAR[1:]), r"line 2: object_response 'wolf' is none of the 16"),
        (("bear", "bear", "7", _BEAR[3]), r"condition '7' is none of edge's \(0\)"),
        (_BEAR[:3], r"line 2: 7 values where there are 8 columns"),
    ],
)
def test_rows_that_make_no_sense_are_errors(tmp_path, row, message):
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [row])
    with pytest.raises(data_errors.DataError, match=message):
        _read(tmp_path)


def test_files_that_differ_about_an_image_are_an_error(tmp_path):
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [_BEAR])
    experiment.write_responses(tmp_path / "2.csv", "subject-02", [("bear", "cat", *_BEAR[2:])])
    with pytest.raises(data_errors.DataError, match=r"2.csv, line 2: bear1.png has another cat"):
        _read(tmp_path)


def test_missing_columns_are_named(tmp_path):
    experiment.write_responses(tmp_path / "1.csv", "subject-01", [_BEAR], experiment.COLUMNS[:5])
    message = r"1.csv lacks the columns category, condition, imagename\. The data are model-vs"
    with pytest.raises(data_errors.DataError, match=message):
        _read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'subj,"object'])
def test_files_that_are_no_csv_are_errors(tmp_path, content):
    (tmp_path / "1.csv").write_bytes(content)
    with pytest.raises(data_errors.DataError, match=r"1\.csv (lacks|cannot be read)"):
        _read(tmp_path)


def test_a_folder_without_humans_is_an_error(tmp_path):
    experiment.write_responses(tmp_path / "1.csv", "resnet50", [_BEAR])
    with pytest.raises(data_errors.DataError, match="no CSV file with responses of humans"):
        _read(tmp_path)
