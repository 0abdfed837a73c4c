# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Conditions of ImageNet-3DCC, and what they cost."""

import numpy as np
import pytest

from tests.evaluation.imagenet import colours
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import corruption_folders


def answers(**correct):
    keys = [(0, name) for name in correct]
    return corruption_folders.Answers(keys, np.array(list(correct.values()), bool))


def test_the_same_images_are_compared():
    clean = answers(a=1, b=1, c=0, d=0, e=0)
    found = corruption_folders.compare(clean, answers(b=0, a=1, c=0, f=1))
    assert found == {
        "images": 3,
        "paired": True,
        "without_original": 1,
        "clean_top_1": pytest.approx(2 / 3),
        "top_1": pytest.approx(1 / 3),
        "delta": pytest.approx(1 / 3),
    }


def test_without_common_names_all_images_are_compared():
    found = corruption_folders.compare(answers(a=1, b=1, c=0, d=1), answers(x=0, y=1))
    assert (found["paired"], found["images"], found["delta"]) == (False, 2, 0.25)


def test_an_image_is_known_by_class_and_name_without_suffix():
    assert corruption_folders.key("val/7/ILSVRC2012_val_00000001.JPEG", 65) == (
        65,
        "ILSVRC2012_val_00000001",
    )
    assert corruption_folders.key("a.png", 1) == corruption_folders.key("b/a.JPEG", 1)
    assert corruption_folders.key("a.png", 1) != corruption_folders.key("a.png", 2)


def test_folders_are_found_and_absent_ones_named(tmp_path):
    for name in ("flash/1/n0", "flash/5/n0", "iso_noise/3/n0", "near-focus/1/n0", "val", ".git"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "flash" / "2").mkdir()
    found = corruption_folders.find(str(tmp_path), ["flash", "view_jitter"], "")
    assert [(one.corruption, one.severity) for one in found.conditions] == [
        ("flash", 1),
        ("flash", 5),
        ("iso_noise", 3),
    ]
    reasons = dict(found.left_out)
    assert reasons["flash/2"] == "empty folder"
    assert reasons["flash/3"] == reasons["near_focus"] == "no such folder"
    assert "public data set does not have" in reasons["view_jitter"]
    assert "no corruption" in reasons["near-focus"]
    assert "val" not in reasons
    assert ".git" not in reasons


def test_a_folder_without_corruptions_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(data_errors.DataError, match=r"holds no <corruption>.* Wanted"):
            corruption_folders.find(str(path), ["flash"], "Wanted: others.")


def test_corrupted_images_are_square():
    corruption_folders.check_square("a.png", colours.picture((0, 0, 0)), "Setting.crop")
    corruption_folders.check_square("a.png", b"no picture", "Setting.crop")
    with pytest.raises(
        data_errors.DataError, match=r"a.png is 8 x 6; .*Setting.crop = 'resize_and"
    ):
        corruption_folders.check_square("a.png", colours.picture((0, 0, 0), (8, 6)), "Setting.crop")
