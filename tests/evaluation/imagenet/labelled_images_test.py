# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images in all layouts get ILSVRC's labels."""

import json

import pytest
import tensorflow as tf

from tests.evaluation.imagenet import colours
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import labelled_images

ADVICE = "Wanted: something else."


def labels_of(images):
    return {row["name"].decode(): int(row["label"]) for row in images.read().as_numpy_iterator()}


def folders(path):
    return labelled_images.of_class_folders(str(path), range(1000), "a set", ADVICE)


def test_classes_are_known_by_wnid_whatever_subset_is_there(tmp_path):
    colours.write(tmp_path / "n15075141" / "b.JPEG", 0)
    colours.write(tmp_path / "n02099601" / "a.png", 0)
    colours.write(tmp_path / "n02099601" / ".hidden.png", 0)
    colours.write(tmp_path / ".cache" / "a.png", 0)
    (tmp_path / "n02099601" / "README.txt").write_text("no picture")
    (tmp_path / "README.txt").write_text("no folder")
    expected = {"n02099601/a.png": 207, "n15075141/b.JPEG": 999}
    assert labels_of(folders(tmp_path)) == expected
    assert labels_of(labelled_images.validation(str(tmp_path), ADVICE)) == expected


def test_a_folder_that_is_no_class_is_named(tmp_path):
    colours.write(tmp_path / "n02099601" / "a.png", 0)
    with pytest.raises(data_errors.DataError, match=r"n02099601 is no class of a set\. Wanted"):
        labelled_images.of_class_folders(str(tmp_path), [6, 11], "a set", ADVICE)
    colours.write(tmp_path / "retriever" / "a.png", 0)
    with pytest.raises(data_errors.DataError, match=r"retriever is no class of a set\. Wanted"):
        folders(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "n02099601").mkdir()
    for path in (tmp_path, tmp_path / "n02099601"):
        with pytest.raises(data_errors.DataError, match=f"{path} has no pictures.* Wanted"):
            folders(path)
    with pytest.raises(data_errors.DataError, match=r"nowhere is no folder to read\. Wanted"):
        labelled_images.validation(str(tmp_path / "nowhere"), ADVICE)


def test_flat_validation_images_have_the_classes_of_the_published_list(tmp_path):
    # The first three of ILSVRC-2012: sea snake, alp, Shetland sheepdog.
    for number in (1, 2, 3):
        colours.write(tmp_path / "val" / f"ILSVRC2012_val_{number:08d}.JPEG", 0)
    images = labelled_images.validation(str(tmp_path), ADVICE)
    assert list(labels_of(images).values()) == [65, 970, 230]
    assert labels_of(labelled_images.validation(str(tmp_path / "val"), ADVICE)) == labels_of(images)


def test_flat_validation_images_may_have_the_classes_of_kaggles_list(tmp_path):
    colours.write(tmp_path / "val" / "ILSVRC2012_val_00000002.JPEG", 0)
    solution = tmp_path / "LOC_val_solution.csv"
    solution.write_text("ImageId,PredictionString\nILSVRC2012_val_00000002,n15075141 1 2 3 4\n")
    images = labelled_images.validation(str(tmp_path), ADVICE)
    assert list(labels_of(images).values()) == [999]
    solution.write_text("ImageId,PredictionString\nILSVRC2012_val_00000002,cat 1 2 3 4\n")
    with pytest.raises(data_errors.DataError, match=r"val_00000002.JPEG is none of ImageNet's"):
        labelled_images.validation(str(tmp_path), ADVICE)
    solution.write_text("a,b\n1,2\n")
    with pytest.raises(data_errors.DataError, match=r"LOC_val_solution.csv does not have the col"):
        labelled_images.validation(str(tmp_path), ADVICE)


def test_flat_validation_images_must_be_known_and_alone(tmp_path):
    colours.write(tmp_path / "ILSVRC2012_val_00050001.JPEG", 0)
    with pytest.raises(data_errors.DataError, match=r"val_00050001.JPEG is none of ImageNet's"):
        labelled_images.validation(str(tmp_path), ADVICE)
    colours.write(tmp_path / "n02099601" / "a.png", 0)
    with pytest.raises(data_errors.DataError, match="one of them is too many"):
        labelled_images.validation(str(tmp_path), ADVICE)


def write_records(folder, class_names, labels):
    path = str(folder / "val-00000-of-00001.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for label in labels:
            image = tf.train.BytesList(value=[colours.picture((0, 0, 0))])
            number = tf.train.Int64List(value=[label])
            feature = {
                "image/encoded": tf.train.Feature(bytes_list=image),
                "image/class/label": tf.train.Feature(int64_list=number),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    info = {"class_names": class_names, "splits": {"val": {"num_examples": len(labels)}}}
    (folder / "dataset.json").write_text(json.dumps(info))


def test_records_of_some_classes_get_labels_by_their_names(tmp_path):
    write_records(tmp_path, ["n15075141", "n02099601"], [1, 0, 1, 2])
    images = labelled_images.validation(str(tmp_path), ADVICE)
    # A label that the set does not have is none of ImageNet's, which benchmarks refuse.
    assert list(labels_of(images).values()) == [207, 999, 207, -1]


def test_records_of_another_data_set_are_refused(tmp_path):
    write_records(tmp_path, ["n15075141", "beagle"], [1])
    with pytest.raises(data_errors.DataError, match=r"'beagle' is no class of ILSVRC.* Wanted"):
        labelled_images.validation(str(tmp_path), ADVICE)


def test_unknown_tensorflow_data_sets_are_refused():
    with pytest.raises(data_errors.DataError, match=r"tfds:no_such_set.* Wanted"):
        labelled_images.validation("tfds:no_such_set", ADVICE)
