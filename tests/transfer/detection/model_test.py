# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The detector's network."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.transfer.detection import (
    assigners,
    config,
    locations,
    losses,
    model,
    structures,
    task_aligned_head,
)

WHERE = locations.make((64, 96), 3, 4)
FEATURES = {
    "3": tf.random.stateless_normal([2, 8, 12, 8], [1, 2]),
    "4": tf.random.stateless_normal([2, 4, 6, 8], [3, 4]),
}
TRUTH = structures.Truth(
    tf.constant([[[4.0, 4, 40, 50], [20, 20, 60, 90]], [[0, 0, 0, 0.0]] * 2]),
    tf.constant([[0, 2], [-1, -1]]),
    tf.constant([[1.0, 0, 1], [1, 1, 0]]),
)


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
        ({"detection_generator": {"pre_nms_top_k": 0}}, "pre_nms_top_k .* must be 1 or more"),
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


def loss_of(predictions, quality, params, step):
    """One step's parts of the loss."""
    return losses.compute(
        config.Losses(federated=True),
        quality,
        predictions,
        TRUTH,
        assigners.assign(params, WHERE, TRUTH, predictions, step),
        assigners.is_aligned(params, step),
        WHERE,
        lambda value: value,
    )


@pytest.mark.parametrize("head_type", config.HEADS)
def test_every_combination_has_gradients_of_every_weight(head_type):
    tf.keras.utils.set_random_seed(0)
    head = model.HEADS[head_type](3, "iou", num_convs=1, num_filters=8)
    with tf.GradientTape() as head_tape:
        predictions = head(FEATURES)
    totals, sums = set(), [0.0, 0.0, 0.0]
    for quality, assignment_type in itertools.product(config.QUALITIES, config.ASSIGNERS):
        outputs = predictions[:2] if quality == "none" else predictions
        with tf.GradientTape() as tape:
            tape.watch(list(outputs))
            parts = loss_of(
                structures.Predictions(*outputs, *[None] * (3 - len(outputs))),
                quality,
                config.Assignment(type=assignment_type),
                tf.constant(0),
            )
        for number, gradient in enumerate(tape.gradient(parts["total"], list(outputs))):
            assert np.all(np.isfinite(gradient))
            assert np.any(gradient)
            sums[number] += gradient
        assert parts["positives"] > 0
        totals.add(float(parts["total"]))
    assert len(totals) == 9
    assert np.all(np.isfinite(list(totals)))
    variables = head.trainable_variables
    for variable, gradient in zip(
        variables, head_tape.gradient(list(predictions), variables, sums)
    ):
        assert np.all(np.isfinite(gradient)), variable.name
        assert np.any(gradient), variable.name


def test_a_compiled_step_is_the_eager_one():
    params = config.Assignment()
    count = sum(WHERE.counts)
    strides = WHERE.strides[:, tf.newaxis]
    shapes = {"logits": 3, "alignment": 1, "offsets": 8, "quality": 1}
    maps = {
        name: tf.random.stateless_normal([2, count, size], [1, size])
        for name, size in shapes.items()
    }
    sides = tf.concat([WHERE.centres / strides + delta for delta in (-2, 2)], axis=-1)
    sides = tf.tile(sides[tf.newaxis], [2, 1, 1])

    def gradients(step):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            predictions = structures.Predictions(
                task_aligned_head.geometric_mean(maps["logits"], maps["alignment"]),
                task_aligned_head.sample(sides, maps["offsets"], [(8, 12), (4, 6)]) * strides,
                maps["quality"][..., 0],
            )
            parts = loss_of(predictions, "iou", params, step)
        return parts, tape.gradient(parts["total"], maps)

    compiled = tf.function(gradients, jit_compile=True, autograph=False)
    actual, expected = compiled(tf.constant(0)), gradients(tf.constant(0))
    for value, other in zip(tf.nest.flatten(actual), tf.nest.flatten(expected)):
        np.testing.assert_allclose(value, other, rtol=1e-3, atol=1e-5)
