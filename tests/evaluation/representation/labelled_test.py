# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Features of labelled sets, and what can be wrong with them."""

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation import colours
from vito_tf.evaluation import data_errors, extraction
from vito_tf.evaluation.representation import labelled


def _write_records(folder, split, labels):
    """Records of grey images with these labels."""
    with tf.io.TFRecordWriter(str(folder / f"{split}-00000-of-00001.tfrecord")) as writer:
        for number, label in enumerate(labels):
            image = tf.io.encode_png(np.full([8, 8, 3], 10 + number, np.uint8)).numpy()
            feature = {
                "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
                "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())


def _extract(folder, train, val):
    _write_records(folder, "train", train)
    _write_records(folder, "val", val)
    extractor = extraction.Extractor(str(folder / "cache"))
    return labelled.extract(colours.colours(), str(folder), ("train", "val"), extractor)


def test_records_without_names_have_numbers_for_classes(tmp_path):
    sets = _extract(tmp_path, [0, 2, 2], [2, 1])
    assert list(sets.class_names) == ["0", "1", "2"]
    np.testing.assert_array_equal(sets.train.labels, [0, 2, 2])
    np.testing.assert_allclose(sets.train.values[:, 0], np.array([10, 11, 12]) / 255, atol=1e-6)
    (note,) = sets.notes
    assert "'1'" in note


def test_one_class_is_too_few(tmp_path):
    with pytest.raises(data_errors.DataError, match="train has a single class"):
        _extract(tmp_path, [3, 3], [3])


def test_images_without_a_label(tmp_path):
    with pytest.raises(data_errors.DataError, match="labels from -1 to 1"):
        _extract(tmp_path, [0, 1], [-1])
