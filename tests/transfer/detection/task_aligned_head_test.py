# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""TOOD's head."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer.detection import numpy_layers
from vito_tf.transfer.detection import task_aligned_head

FEATURES = {"3": tf.random.stateless_normal([2, 3, 5, 8], [1, 2])}


@pytest.fixture(scope="module")
def head():
    tf.keras.utils.set_random_seed(0)
    head = task_aligned_head.TaskAlignedHead(3, "iou", num_convs=2, num_filters=8)
    head(FEATURES)
    return head


def grouped(weights):
    """Splits the head's weights, in their order, by the part that they are of."""
    sizes = {
        "scale": 1,
        "quality": 2,
        "tower_0": 3,
        "tower_1": 3,
        "class_task": 7,
        "box_task": 7,
        "classes": 2,
        "distances": 2,
        "alignment": 4,
        "offsets": 4,
    }
    assert len(weights) == sum(sizes.values())
    ends = np.cumsum(list(sizes.values()))
    return {name: weights[end - sizes[name] : end] for name, end in zip(sizes, ends)}


def decomposed(tower, kernel, squeeze, squeeze_bias, excite, excite_bias, norm_scale, norm_offset):
    averages = np.concatenate(tower, axis=-1).mean(axis=(0, 1))
    hidden = numpy_layers.relu(averages @ squeeze + squeeze_bias)
    attention = numpy_layers.sigmoid(hidden @ excite + excite_bias)
    reduced = sum(
        weight * (features @ kernel_of_one)
        for weight, features, kernel_of_one in zip(attention, tower, kernel)
    )
    return numpy_layers.relu(numpy_layers.group_norm(reduced, norm_scale, norm_offset))


def transcribed(image, weights, stride):
    """Class probabilities, boxes and quality of a level of an image."""
    tower = [image]
    for name in ("tower_0", "tower_1"):
        kernel, norm_scale, norm_offset = weights[name]
        features = numpy_layers.convolution(tower[-1], kernel)
        tower.append(numpy_layers.relu(numpy_layers.group_norm(features, norm_scale, norm_offset)))
    tower = tower[1:]

    def of_both(kernel_1, bias_1, kernel_2, bias_2):
        hidden = numpy_layers.convolution(np.concatenate(tower, axis=-1), kernel_1, bias_1)
        return numpy_layers.convolution(numpy_layers.relu(hidden), kernel_2, bias_2)

    logits = numpy_layers.convolution(
        decomposed(tower, *weights["class_task"]), *weights["classes"]
    )
    alignment = of_both(*weights["alignment"])
    features = decomposed(tower, *weights["box_task"])
    distances = np.exp(numpy_layers.convolution(features, *weights["distances"]))
    own = numpy_layers.boxes(distances * weights["scale"][0], 1)
    offsets = of_both(*weights["offsets"])
    boxes = np.zeros_like(own)
    for row, column, side in np.ndindex(own.shape):
        y, x = offsets[row, column, 2 * side : 2 * side + 2]
        boxes[row, column, side] = numpy_layers.sample(own[..., side], row + y, column + x)
    return (
        np.sqrt(numpy_layers.sigmoid(logits) * numpy_layers.sigmoid(alignment)).reshape(-1, 3),
        stride * boxes.reshape(-1, 4),
        numpy_layers.convolution(features, *weights["quality"]).reshape(-1),
    )


def test_starts_at_probability_of_one_percent_and_boxes_of_two_strides(head):
    predictions = head(FEATURES)
    np.testing.assert_allclose(predictions.probabilities, 0.01, rtol=0.5)
    np.testing.assert_allclose(np.mean(predictions.probabilities), 0.01, rtol=0.05)
    sizes = predictions.boxes[..., 2:] - predictions.boxes[..., :2]
    np.testing.assert_allclose(sizes, 16, rtol=0.2)


def test_initial_spread_of_kernels(head):
    weights = grouped(head.trainable_weights)
    assert weights["class_task"][0].shape == (2, 8, 8)
    for name, expected in {"tower_0": 0.01, "classes": 0.01, "offsets": 0.001}.items():
        np.testing.assert_allclose(np.std(weights[name][0]), expected, rtol=0.3)
    for name in ("class_task", "box_task"):
        np.testing.assert_allclose(np.std(weights[name][0]), 0.01, rtol=0.3)
        np.testing.assert_allclose(np.std(weights[name][1]), 0.001, rtol=0.6)


def test_is_what_float64_numpy_computes(head):
    weights = grouped(numpy_layers.randomise(head))
    predictions = head(FEATURES)
    for image in range(2):
        expected = transcribed(FEATURES["3"][image].numpy().astype(np.float64), weights, 8)
        for actual, part in zip(predictions, expected):
            np.testing.assert_allclose(actual[image], part, rtol=2e-4, atol=2e-4)


def test_sampling_at_borders_and_beyond():
    rng = np.random.default_rng(0)
    sizes = [(2, 3), (1, 2)]
    values = rng.normal(size=[1, 8, 2]).astype(np.float32)
    maps = [values[0, :6].reshape(2, 3, 2), values[0, 6:].reshape(1, 2, 2)]
    for y in [0, -1, -1.5, -0.25, 1, 1.75, 2, 5, -1e9, 1e9]:
        offsets = np.tile(np.array([y, 0, y, 0.5], np.float32), [1, 8, 1])
        actual = task_aligned_head.sample(tf.constant(values), tf.constant(offsets), sizes)
        expected = [
            numpy_layers.sample(image[..., channel], row + y, column + 0.5 * channel)
            for image in maps
            for row, column, channel in np.ndindex(image.shape)
        ]
        np.testing.assert_allclose(np.ravel(actual), expected, atol=1e-6)


def test_sampling_has_gradients_of_both_arguments():
    values = tf.reshape(tf.range(6.0), [1, 6, 1])
    offsets = tf.fill([1, 6, 2], 0.25)
    with tf.GradientTape() as tape:
        tape.watch([values, offsets])
        first = task_aligned_head.sample(values, offsets, [(2, 3)])[0, 0, 0]
    of_values, of_offsets = tape.gradient(first, [values, offsets])
    weights = np.outer([0.75, 0.25], [0.75, 0.25, 0])
    np.testing.assert_allclose(np.reshape(of_values, [2, 3]), weights)
    np.testing.assert_allclose(of_offsets[0, 0], [3, 1])
    assert np.count_nonzero(of_offsets) == 2


def test_geometric_mean_has_finite_gradients():
    logits = tf.constant([-200.0, -1.0, 0.0, 3.0, 200.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        means = task_aligned_head.geometric_mean(logits[:, tf.newaxis], logits)
    expected = np.sqrt(np.outer(*[1 / (1 + np.exp(-logits.numpy().astype(np.float64)))] * 2))
    np.testing.assert_allclose(means, expected, rtol=1e-5, atol=1e-30)
    assert np.all(np.isfinite(tape.gradient(means, logits)))


def test_default_size_is_the_published_one():
    head = task_aligned_head.TaskAlignedHead(80)
    assert head.get_config()["num_convs"] == 6
    assert head.get_config()["quality"] == "none"
    again = task_aligned_head.TaskAlignedHead.from_config(head.get_config())
    assert again.get_config() == head.get_config()


@pytest.fixture
def half_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


def test_half_precision_has_predictions_in_float32(head, half_precision):
    half = task_aligned_head.TaskAlignedHead(3, "iou", num_convs=2, num_filters=8)
    half(FEATURES)
    half.set_weights(head.get_weights())
    for tensor, expected in zip(half(FEATURES), head(FEATURES)):
        assert tensor.dtype == tf.float32
        np.testing.assert_allclose(tensor, expected, rtol=0.2, atol=2)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_average_of_a_large_map_in_half_precision(dtype):
    maps = tf.cast(tf.random.stateless_uniform([1, 100, 128, 2], [0, 1], 4.0, 12.0), dtype)
    expected = np.mean(tf.cast(maps, tf.float64), axis=(1, 2))
    np.testing.assert_allclose(task_aligned_head.average(maps), expected, rtol=5e-3)
