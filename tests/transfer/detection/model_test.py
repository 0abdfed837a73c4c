# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The detector's network."""

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.transfer.detection import config, model


def tiny_config(changes=()):
    """A network on the tiny encoder."""
    params = config.Model(num_classes=3, input_size=[64, 96, 3])
    params.override(
        {
            "backbone": {
                "encoder": {
                    "model_id": encoders.TINY.model_id,
                    "depth_multiplier": encoders.TINY.depth_multiplier,
                }
            },
            "decoder": {"fpn": {"num_filters": 8}},
            "head": {"type": "fcos", "num_filters": 8, "num_convs": 1},
            "max_level": 6,
            "norm_activation": {"use_sync_bn": False},
        }
    )
    params.override(dict(changes))
    return params


def specs(last_level=5, last_stride=32):
    """What a backbone says of its levels."""
    strides = [2**level for level in range(2, last_level)] + [last_stride]
    return {
        str(level): tf.TensorShape([None, 64 // stride, 96 // stride, 8])
        for level, stride in enumerate(strides, start=2)
    }


@pytest.fixture(scope="module")
def detector():
    tf.keras.utils.set_random_seed(0)
    return model.build(tiny_config())


def test_predicts_at_every_location(detector):
    images = tf.random.stateless_normal([2, 64, 96, 3], [1, 2])
    predictions = detector(images, training=True)
    count = 8 * 12 + 4 * 6 + 2 * 3 + 1 * 2
    assert [tensor.shape for tensor in predictions] == [(2, count, 3), (2, count, 4), (2, count)]
    np.testing.assert_allclose(np.mean(predictions.probabilities), 0.01, rtol=0.1)


def test_checkpoints_have_its_parts(detector):
    items = detector.checkpoint_items
    assert set(items) == {"backbone", "decoder", "head"}
    numbers = [len(part.weights) for part in items.values()]
    assert all(numbers)
    assert sum(numbers) == len(detector.weights)


def test_takes_encoders_that_end_at_level_4():
    params = tiny_config({"input_size": [48, 80, 3]})
    last_level = {
        str(level): tf.TensorShape([None, 48 >> level, 80 >> level, 8]) for level in (2, 3, 4)
    }
    model.check_levels(params, last_level)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 0}, "task.model.num_classes is 0"),
        ({"head": {"type": "ssd"}}, "task.model.head.type must be one of .*not 'ssd'"),
        ({"head": {"quality": "x"}}, "task.model.head.quality must be one of"),
        ({"head": {"num_convs": -1}}, "num_convs"),
        ({"decoder": {"type": "aspp"}}, "task.model.decoder.type must be one of"),
    ],
)
def test_refuses_choices_that_do_not_exist(changes, message):
    with pytest.raises(ValueError, match=message):
        model.build(tiny_config(changes))


@pytest.mark.parametrize(
    ("changes", "levels", "message"),
    [
        ({"input_size": [48, 96, 3]}, specs(), r"input_size is \[48, 96, 3\].*multiples of 32"),
        ({"min_level": 1}, specs(), "min_level is 1, but the backbone has the levels 2, 3, 4, 5"),
        (
            {},
            specs(last_level=2, last_stride=4),
            "min_level is 3, but the backbone has the levels 2",
        ),
        ({}, specs(last_stride=16), "level 5 has stride 16; the detector needs 32"),
    ],
)
def test_refuses_backbones_that_make_no_pyramid(changes, levels, message):
    with pytest.raises(ValueError, match=message):
        model.check_levels(tiny_config(changes), levels)
