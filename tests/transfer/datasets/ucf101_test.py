# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""UCF101 in its published layout becomes records of labelled videos."""

import os

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer import labelled_videos
from tests.video import fake_videos
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import ucf101
from vito_tf.video import clip_examples


def test_counts_are_those_published():
    assert ucf101.PUBLISHED == {"train": (9537, 9586, 9624), "test": (3783, 3734, 3696)}
    assert {train + test for train, test in zip(*ucf101.PUBLISHED.values())} == {13320}


def test_videos_become_records_with_all_frames_and_their_times(tmp_path):
    source = labelled_videos.write_ucf101(tmp_path, num_train=2, num_test=1, folds=(1, 3))
    data_set = ucf101.read(source, fold=3)
    assert data_set.class_names == list(labelled_videos.CLASSES)
    assert [split.name for split in data_set.splits] == ["train", "test"]
    assert [split.published for split in data_set.splits] == [9624, 3696]
    assert [len(split.items) for split in data_set.splits] == [4, 2]
    item = data_set.splits[0].items[2]
    assert item.name == "BlueThenRed/v_BlueThenRed_g01_c01.avi"
    clip = clip_examples.parse_clip(tf.constant(item.make()))
    assert clip["label"] == 1
    assert clip["name"].numpy().startswith(item.name.encode())
    num_frames, rate = labelled_videos.NUM_FRAMES, labelled_videos.RATE
    assert clip["timestamps"].numpy().tolist() == [n * 1_000_000 // rate for n in range(num_frames)]
    assert clip["end_timestamp"] == num_frames * 1_000_000 // rate
    expected = labelled_videos.frames(1)
    for number in (0, 10, 19):
        image = tf.io.decode_jpeg(clip["images"][number]).numpy().astype(float)
        assert np.abs(image - expected[number]).mean() < 12
    context = tf.train.SequenceExample.FromString(item.make()).context.feature
    assert context["clip/label/text"].bytes_list.value == [b"BlueThenRed"]


def test_absent_videos_are_named_and_the_rest_converts(tmp_path):
    source = labelled_videos.write_ucf101(tmp_path / "source", num_train=2, num_test=1)
    absent = os.path.join("UCF-101", "RedThenBlue", "v_RedThenBlue_g02_c01.avi")
    os.remove(os.path.join(source, absent))
    data_set = ucf101.read(source)
    assert data_set.splits[0].missing == [absent]
    with pytest.raises(conversion.ConversionError, match=r"9537.*v_RedThenBlue_g02"):
        conversion.convert(data_set, str(tmp_path / "records"), 10)
    info = conversion.convert(data_set, str(tmp_path / "records"), 10, allow_partial=True)
    assert info["splits"]["train"]["num_examples"] == 3


def test_unusable_videos_are_named(tmp_path):
    source = labelled_videos.write_ucf101(tmp_path, num_train=2, num_test=0)
    items = ucf101.read(source).splits[0].items
    paths = [os.path.join(source, "UCF-101", item.name) for item in items]
    with open(paths[0], "wb"):
        pass
    fake_videos.write_video(paths[1], 605, rate=1, size=(16, 16), codec="mpeg4")
    for item, path, reason in zip(items, paths, ("is no usable video", "is longer than 600 s")):
        with pytest.raises(conversion.ConversionError, match=f"{path} {reason}"):
            item.make()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("classInd.txt", "1 RedThenBlue\n3 BlueThenRed\n", r"Line 2 of .*classInd\.txt"),
        ("classInd.txt", "\n", "names no classes"),
        ("classInd.txt", None, r"classInd\.txt cannot be read"),
        ("trainlist01.txt", "Other/v.avi 1\n", r"list01\.txt .* names no video .*Other/v\.avi"),
        ("trainlist01.txt", "RedThenBlue/../../x.avi 1\n", "names no video of a class"),
        ("trainlist01.txt", "RedThenBlue/v.avi 2\n", "disagree on the class of RedThenBlue/v.avi"),
        ("testlist01.txt", None, r"testlist01\.txt cannot be read"),
    ],
)
def test_damaged_lists_are_named(tmp_path, file, content, message):
    source = labelled_videos.write_ucf101(tmp_path, num_train=0, num_test=0)
    path = tmp_path / "ucfTrainTestlist" / file
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(conversion.ConversionError, match=message):
        ucf101.read(source)


def test_there_are_three_folds(tmp_path):
    with pytest.raises(conversion.ConversionError, match="not 4"):
        ucf101.read(str(tmp_path), fold=4)
