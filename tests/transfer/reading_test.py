# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the readers have in common."""

import io

import numpy as np
import pytest
import tensorflow as tf
from official.core import config_definitions as cfg
from PIL import Image

from tests.transfer import pictures
from vito_tf.transfer import reading


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"input_path": "train*"}, "train*"),
        ({"input_path": "train*", "tfds_name": "imagenet2012", "tfds_split": "train"}, ""),
    ],
)
def test_tensorflow_datasets_count_before_records(fields, path):
    name, params = reading.source(cfg.DataConfig(is_training=True, **fields))
    assert (name, params.input_path) == ("task.train_data", path)


@pytest.mark.parametrize("fields", [{}, {"input_path": "val*", "tfds_name": "imagenet2012"}])
def test_a_source_is_needed(fields):
    with pytest.raises(ValueError, match=r"^task\.validation_data needs input_path, or tfds_name"):
        reading.source(cfg.DataConfig(is_training=False, **fields))


def test_numbers_differ_over_all_hosts():
    records = tf.data.Dataset.from_tensor_slices({"record": [7, 8, 9]})
    contexts = [tf.distribute.InputContext(2, host, 2) for host in range(2)]
    numbers = [
        int(element["number"])
        for context in contexts
        for element in records.apply(reading.numbered(context))
    ]
    assert sorted(numbers) == list(range(6))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_grey_and_colour_images_have_three_channels(kind):
    grey = np.full([5, 4], 90, np.uint8)
    for pixels in (grey, np.dstack([grey] * 3)):
        decoded = reading.decode_image(tf.constant(pictures.encoded(pixels, kind)))
        np.testing.assert_allclose(decoded, np.full([5, 4, 3], 90), atol=2)


def test_an_alpha_channel_is_not_dropped():
    data = pictures.encoded(np.full([4, 4, 4], 128, np.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match="An image has 4 channels"):
        reading.decode_image(tf.constant(data))


def test_labels_are_never_colours():
    mask = np.arange(20, dtype=np.uint8).reshape(4, 5)
    plain = tf.constant(pictures.encoded(mask))
    np.testing.assert_array_equal(reading.decode_labels(plain), mask)
    picture, buffer = Image.fromarray(mask, "P"), io.BytesIO()
    picture.putpalette(list(range(255, -1, -1)) * 3)
    picture.save(buffer, "PNG")
    with pytest.raises(tf.errors.InvalidArgumentError, match="A mask has 3 channels"):
        reading.decode_labels(tf.constant(buffer.getvalue()))
