# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Labelled images of every layout."""

import json
import os

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from vito_tf.evaluation import data_errors, image_sets
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import image_folder


@pytest.fixture
def photos(tmp_path):
    for split, count in (("train", 3), ("val", 1)):
        for k, name in enumerate(("ape", "bee")):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = tf.fill([4, 4, 3], tf.constant(40 * k + number, tf.uint8))
                path = str(folder / f"{number}.jpg")
                tf.io.write_file(path, tf.io.encode_jpeg(pixels))
    return str(tmp_path / "photos")


def rows(image_set):
    return [(r["name"].decode(), r["label"]) for r in image_set.read().as_numpy_iterator()]


def contents(image_set):
    return {r["image"] for r in image_set.read().as_numpy_iterator()}


def test_a_folder_of_classes(photos):
    train = image_sets.read(photos, "train")
    assert train.size == 6
    assert train.class_names == ["ape", "bee"]
    assert rows(train)[2:4] == [("train/ape/2.jpg", 0), ("train/bee/0.jpg", 1)]
    first = next(train.read().as_numpy_iterator())
    with open(os.path.join(photos, "train", "ape", "0.jpg"), "rb") as file:
        assert first["image"] == file.read()


def test_a_folder_without_splits_is_divided_by_names_alone(photos):
    source = os.path.join(photos, "train")
    parts = [rows(image_sets.read(source, split, 0.34)) for split in ("train", "val")]
    assert [len(part) for part in parts] == [4, 2]
    assert not set(parts[0]) & set(parts[1])
    assert parts[1] == rows(image_sets.read(source, "val", 0.34))


def test_records_of_our_converter(photos, tmp_path):
    records = str(tmp_path / "records")
    conversion.convert(image_folder.read(photos), records, 4)
    train = image_sets.read(records, "train")
    assert (train.size, train.class_names) == (6, ["ape", "bee"])
    assert sorted(label for _, label in rows(train)) == [0, 0, 0, 1, 1, 1]
    assert len(set(rows(train))) == 6
    encoded = {row["image"] for row in train.read().as_numpy_iterator()}
    assert encoded == {
        row["image"] for row in image_sets.read(photos, "train").read().as_numpy_iterator()
    }
    with open(os.path.join(records, "dataset.json"), "w", encoding="utf-8") as file:
        json.dump({"class_names": []}, file)
    with pytest.raises(data_errors.DataError, match="does not describe 'train'"):
        image_sets.read(records, "train")
    with pytest.raises(data_errors.DataError, match="none of the split 'test'"):
        image_sets.read(records, "test")


def test_tensorflow_datasets(photos, tmp_path):
    data_dir = str(tmp_path / "tfds")
    labels = tfds.features.ClassLabel(names=["ape", "bee"])
    paths = [os.path.join(photos, "train", name, "0.jpg") for name in labels.names]
    images = [tf.io.decode_jpeg(tf.io.read_file(path)) for path in paths]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="vito_tf_test_photos",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(), "label": labels}),
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices({"image": images, "label": [0, 1]})
        },
        data_dir=data_dir,
    )
    source = f"tfds:vito_tf_test_photos?data_dir={data_dir}"
    train = image_sets.read(source, "train")
    assert (train.size, train.class_names) == (2, ["ape", "bee"])
    assert sorted(label for _, label in rows(train)) == [0, 1]
    assert next(train.read().as_numpy_iterator())["image"][:4] == b"\x89PNG"
    with pytest.raises(data_errors.DataError, match=r"split 'val' cannot be read: .*train"):
        image_sets.read(source, "val")


@pytest.mark.parametrize(
    ("source", "split", "message"),
    [
        ("{}/none", "train", "is no folder. Wanted: a folder <split>"),
        ("{}", "test", "has no split 'test', but train and val"),
        ("{}/train/ape", "train", "0.jpg lies in no folder of a class"),
        ("tfds:no_such_set", "train", "tfds:no_such_set: the split 'train' cannot be read"),
    ],
)
def test_one_clear_error(photos, source, split, message):
    with pytest.raises(data_errors.DataError, match=message):
        image_sets.read(source.format(photos), split)
