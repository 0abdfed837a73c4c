# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures in a folder for each class."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer import pictures
from vito_tf.transfer import conversion, image_input
from vito_tf.transfer.datasets import image_folder


def fill(folder, classes):
    """Pictures of one colour for each class; returns the folder as a string."""
    for label, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = np.full([8, 8, 3], 40 * label, np.uint8)
            (folder / name / f"{number}.png").write_bytes(pictures.encoded(pixels))
    return str(folder)


def names(split):
    return [item.name for item in split.items]


def test_splits_are_taken_as_they_are(tmp_path):
    fill(tmp_path / "train", {"dog": 2, "cat": 3})
    fill(tmp_path / "val", {"dog": 1})
    (tmp_path / "train" / "cat" / "notes.txt").write_text("not a picture")
    (tmp_path / "train" / ".DS_Store").write_text("neither")
    data_set = image_folder.read(str(tmp_path))
    assert data_set.class_names == ["cat", "dog"]
    train, val = data_set.splits
    assert names(train) == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/0.png", "dog/1.png"]
    assert names(val) == ["dog/0.png"]
    assert (train.published, list(train.missing)) == (None, [])


def test_converted_folders_are_what_classification_reads(tmp_path):
    fill(tmp_path / "in" / "train", {"a": 2, "b": 2})
    fill(tmp_path / "in" / "val", {"a": 2, "b": 2})
    output = tmp_path / "out"
    conversion.convert(image_folder.read(str(tmp_path / "in")), str(output), 10)
    params = image_input.ImageData(
        input_path=str(output / "val*"), is_training=False, global_batch_size=4
    )
    ((images, labels),) = image_input.read(params, [8, 8, 3], 2).as_numpy_iterator()
    assert sorted(labels) == [0, 0, 1, 1]
    assert images[labels == 1].min() > images[labels == 0].max() - 0.7


def test_one_level_is_divided_by_the_seed(tmp_path):
    source = fill(tmp_path, {"a": 20, "b": 10, "c": 1})
    splits = {seed: image_folder.read(source, 0.3, seed).splits for seed in (0, 1)}
    train, val = splits[0]
    assert sorted(names(train) + names(val)) == sorted(
        f"{name}/{n}.png" for name, count in (("a", 20), ("b", 10), ("c", 1)) for n in range(count)
    )
    assert [sum(name.startswith(c) for name in names(val)) for c in "abc"] == [6, 3, 0]
    assert names(image_folder.read(source, 0.3).splits[1]) == names(val)
    assert names(splits[1][1]) != names(val)
    assert names(image_folder.read(source, 0).splits[1]) == []
    with pytest.raises(ValueError, match=r"validation_share must be in \[0, 1\), not 1"):
        image_folder.read(source, 1)


def test_labels_follow_the_classes_of_training(tmp_path):
    fill(tmp_path / "train", {"a": 1, "b": 1, "c": 1})
    fill(tmp_path / "val", {"c": 1})
    (item,) = image_folder.read(str(tmp_path)).splits[1].items
    features = tf.train.Example.FromString(item.make()).features.feature
    assert features["image/class/label"].int64_list.value == [2]


def test_what_has_no_meaning_is_named(tmp_path):
    def refused(folder, reason):
        with pytest.raises(conversion.ConversionError, match=reason):
            image_folder.read(str(folder))

    refused(tmp_path / "none", "is no folder")
    refused(tmp_path, "holds 0 folders of pictures")
    fill(tmp_path / "one", {"a": 1})
    refused(tmp_path / "one", "holds 1 folders of pictures")
    fill(tmp_path / "empty", {"a": 1, "b": 0})
    refused(tmp_path / "empty", r"empty/b holds no picture \(\.jpg")
    fill(tmp_path / "loose", {"a": 1, "b": 1, "": 1})
    refused(tmp_path / "loose", r"loose/0\.png lies in no folder of a class")
    fill(tmp_path / "deep", {"a": 1, "b": 1, "b/c": 1})
    refused(tmp_path / "deep", "b/c is a folder among a class's pictures")
    fill(tmp_path / "more" / "train", {"a": 1, "b": 1})
    fill(tmp_path / "more" / "val", {"a": 1, "c": 1})
    refused(tmp_path / "more", "the class c of val is not in train")
