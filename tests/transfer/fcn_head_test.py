# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The head of MoCo's protocol."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import fcn_head


def positions_seen(head, size=41):
    """Which positions of the input the central output depends on."""
    features = tf.random.stateless_uniform([1, size, size, 3], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(features)
        logits = head(({"5": features}, None), training=False)
        centre = tf.reduce_sum(logits[0, size // 2, size // 2])
    gradient = tape.gradient(centre, features)
    rows, columns = np.nonzero(np.any(gradient[0].numpy() != 0, axis=-1))
    return set(zip(rows - size // 2, columns - size // 2))


@pytest.mark.parametrize(("num_convs", "reach"), [(1, 1), (2, 2)])
def test_sees_what_dilation_6_reaches(num_convs, reach):
    tf.keras.utils.set_random_seed(0)
    head = fcn_head.FcnHead(4, num_convs=num_convs, num_filters=64)
    steps = range(-6 * reach, 6 * reach + 1, 6)
    assert positions_seen(head) == {(row, column) for row in steps for column in steps}


def test_is_two_convolutions_and_a_classifier():
    head = fcn_head.FcnHead(21)
    features = tf.random.stateless_normal([2, 7, 9, 32], [1, 2])
    assert head(({"4": None, "5": features}, None)).shape == (2, 7, 9, 21)
    shapes = [tuple(weight.shape) for weight in head.trainable_weights if weight.shape.rank > 1]
    assert shapes == [(3, 3, 32, 256), (3, 3, 256, 256), (1, 1, 256, 21)]
    norms = [weight for weight in head.weights if tuple(weight.shape) == (256,)]
    assert len(norms) == 2 * 4  # No biases: the norms have them.
    assert len(head.weights) == 2 + len(norms) + 2


def test_batch_norm_learns_and_normalises():
    head = fcn_head.FcnHead(3, num_filters=8, sync_batch_norm=False)
    features = 5 + tf.random.stateless_normal([4, 8, 8, 6], [1, 2])
    head(({"5": features}, None), training=True)
    means = [weight for weight in head.non_trainable_weights if "moving_mean" in weight.name]
    assert len(means) == 2
    convolved = tf.nn.conv2d(features, head.weights[0], 1, "SAME", dilations=6)
    np.testing.assert_allclose(
        means[0], 0.1 * np.mean(convolved, axis=(0, 1, 2)), rtol=1e-3, atol=1e-5
    )


def test_round_trip_of_the_configuration():
    head = fcn_head.FcnHead(3, level=4, num_convs=1, num_filters=8, dilation=2, norm_epsilon=1e-3)
    again = fcn_head.FcnHead.from_config(head.get_config())
    assert again.get_config() == head.get_config()
