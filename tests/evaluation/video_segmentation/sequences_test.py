# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Layouts of DAVIS folders, complete and broken."""

import os

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.video_segmentation import data_set
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.video_segmentation import sequences


@pytest.fixture
def folder(tmp_path):
    data_set.write_sequence(str(tmp_path), "cat")
    data_set.write_sequence(str(tmp_path), "ant", frames=4, objects=1)
    return str(tmp_path)


def test_2017_in_the_order_of_its_list(folder):
    data_set.write_list(folder, ["cat", "ant"])
    found = sequences.find(folder, "val")
    assert (found.year, [one.name for one in found.sequences]) == (2017, ["cat", "ant"])
    assert found.partial == "2 sequences of the 30 of DAVIS 2017 val"
    cat = found.sequences[0]
    assert [os.path.basename(path) for path in cat.frames][:2] == ["00000.jpg", "00001.jpg"]
    assert os.path.basename(str(cat.masks[-1])) == "00005.png"
    np.testing.assert_array_equal(sequences.read_mask(str(cat.masks[3]), 2017), data_set.mask_of(3))
    assert sequences.read_frame(cat.frames[0]).shape == (48, 72, 3)


def test_no_list_takes_all_and_says_so(folder):
    found = sequences.find(folder, "val")
    assert [one.name for one in found.sequences] == ["ant", "cat"]
    assert found.partial.startswith("no list ImageSets/2017/val.txt, so all 2 sequences present")


@pytest.mark.parametrize("path", ["2016/val.txt", "480p/val.txt"])
def test_2016_is_known_by_its_masks(tmp_path, path):
    folder = data_set.write_sequence(str(tmp_path), "cat", year=2016)
    lines = [f"/JPEGImages/480p/cat/{i:05d}.jpg /Annotations/480p/cat/{i:05d}.png" for i in (0, 1)]
    data_set.write_list(folder, lines if path.startswith("480p") else ["cat"], path)
    found = sequences.find(folder, "val")
    assert (found.year, len(found.sequences)) == (2016, 1)
    assert found.partial == "1 sequences of the 20 of DAVIS 2016 val"
    mask = sequences.read_mask(str(found.sequences[0].masks[0]), found.year)
    np.testing.assert_array_equal(mask, data_set.mask_of(0) > 0)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "1", "P"])
def test_grey_masks_of_every_kind(tmp_path, mode):
    mask = np.zeros([6, 7], np.uint8)
    mask[2:4, 3:] = 255
    path = str(tmp_path / "mask.png")
    if mode == "P":
        data_set.write_mask(mask, path)
    else:
        Image.fromarray(mask).convert(mode).save(path)
    np.testing.assert_array_equal(sequences.read_mask(path, 2016), mask > 0)


def test_void_is_background_in_2017(tmp_path):
    path = str(tmp_path / "mask.png")
    data_set.write_mask(np.array([[0, 1, 255], [2, 255, 0]], np.uint8), path)
    np.testing.assert_array_equal(sequences.read_mask(path, 2017), [[0, 1, 0], [2, 0, 0]])


def test_masks_of_colours_or_of_16_bits_are_refused(tmp_path):
    path = str(tmp_path / "mask.png")
    Image.fromarray(data_set.COLOURS[data_set.mask_of(0)]).save(path)
    with pytest.raises(data_errors.DataError, match=r"mask\.png has colours"):
        sequences.read_mask(path, 2017)
    Image.fromarray(np.zeros([4, 4], np.uint16)).save(path)
    with pytest.raises(data_errors.DataError, match=r"mask\.png has .*pixels"):
        sequences.read_mask(path, 2017)


def test_broken_sequences_are_left_out_with_a_reason(folder):
    os.remove(f"{folder}/Annotations/480p/cat/00000.png")
    for time in (2, 3):
        os.remove(f"{folder}/JPEGImages/480p/ant/{time:05d}.jpg")
    data_set.write_sequence(folder, "dog")
    os.rename(
        f"{folder}/Annotations/480p/dog/00001.png", f"{folder}/Annotations/480p/dog/00009.png"
    )
    data_set.write_list(folder, ["cat", "ant", "dog", "gnu"])
    found = sequences.find(folder, "val")
    assert not found.sequences
    reasons = dict(found.left_out)
    assert reasons["cat"].startswith("no mask of the first frame in ")
    assert reasons["ant"].startswith("2 frames in ")
    assert reasons["dog"].endswith("00009.png is a mask without a frame")
    assert reasons["gnu"].startswith("0 frames in ")


def test_masks_may_end_after_the_first(folder):
    data_set.write_sequence(folder, "dog", masks=1)
    data_set.write_list(folder, ["dog"], "2017/test-dev.txt")
    (dog,) = sequences.find(folder, "test-dev").sequences
    assert str(dog.masks[0]).endswith("00000.png")
    assert dog.masks[1:] == [None] * 5


def test_chosen_names(folder):
    found = sequences.find(folder, "val", ["cat"])
    assert [one.name for one in found.sequences] == ["cat"]
    assert "1 sequences were chosen of 2" in found.partial
    with pytest.raises(data_errors.DataError, match=r"Davis\.sequences names emu, which"):
        sequences.find(folder, "val", ["emu", "cat"])


def test_wrong_folders_are_refused(folder, tmp_path):
    with pytest.raises(data_errors.DataError, match=r"480p does not exist\. Needed: DAVIS 2017"):
        sequences.find(str(tmp_path / "nothing"), "val")
    os.rename(f"{folder}/JPEGImages/480p", f"{folder}/JPEGImages/Full-Resolution")
    with pytest.raises(data_errors.DataError, match="only Full-Resolution; the protocol is for"):
        sequences.find(folder, "val")
    os.makedirs(f"{folder}/JPEGImages/480p")
    with pytest.raises(data_errors.DataError, match="has no folders of sequences"):
        sequences.find(folder, "val")


def test_a_list_cannot_lead_out_of_the_folder(folder):
    for line in ("..", "/JPEGImages/../00000.jpg"):
        data_set.write_list(folder, [line])
        with pytest.raises(data_errors.DataError, match=r"val\.txt is no list of sequences"):
            sequences.find(folder, "val")


def test_masks_without_any_object_are_refused(tmp_path):
    folder = data_set.write_sequence(str(tmp_path), "cat")
    for name in os.listdir(f"{folder}/Annotations/480p/cat"):
        data_set.write_mask(np.zeros([48, 72], np.uint8), f"{folder}/Annotations/480p/cat/{name}")
    with pytest.raises(data_errors.DataError, match="No sequence has a first mask with an object"):
        sequences.find(folder, "val")
