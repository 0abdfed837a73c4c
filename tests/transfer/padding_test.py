# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Padding of the last batch, and what leaves it out."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import padding


def labels_of(dataset):
    return [labels.tolist() for _, labels in dataset.as_numpy_iterator()]


def images(count):
    return tf.data.Dataset.range(count).map(
        lambda n: (tf.fill([2, 2, 3], 1.0), tf.cast(n, tf.int32))
    )


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [[0, -1]]), (2, [[0, 1]]), (3, [[0, 1], [2, -1]])]
)
def test_batches_are_full(count, expected):
    dataset = padding.padded_batches(images(count), 2)
    assert labels_of(dataset) == expected
    assert dataset.element_spec[0].shape == [2, 2, 2, 3]
    for pixels, labels in dataset.as_numpy_iterator():
        np.testing.assert_array_equal(pixels[:, 0, 0, 0], labels >= 0)


@pytest.mark.parametrize("hosts", [1, 3])
def test_every_replica_gets_as_many(hosts):
    context = tf.distribute.InputContext(hosts, hosts - 1, num_replicas_in_sync=2 * hosts)
    dataset = padding.padded_batches(images(5), 4 * hosts, context)
    assert labels_of(dataset) == [[0, 1], [2, 3], [4, -1], [-1, -1]]


def test_cross_entropy_is_of_images_alone():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=[2, 5, 3]).astype(np.float32)
    labels = np.array([2, 0, 1, -1, -1])
    shares = np.exp(logits.astype(np.float64))
    shares /= shares.sum(axis=-1, keepdims=True)
    expected = [-np.mean([np.log(head[n, labels[n]]) for n in range(3)]) for head in shares]
    np.testing.assert_allclose(padding.cross_entropy(labels, logits), expected, rtol=1e-6)
    assert float(padding.cross_entropy(np.array([-1]), np.zeros([1, 3], np.float32))) == 0


def test_validation_loss_is_of_all_images_on_two_replicas():
    strategy = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"])
    rng = np.random.default_rng(1)
    logits = rng.normal(size=[2, 6, 3]).astype(np.float32)
    labels = np.array([2, 0, 1, -1, -1, -1], np.int32)  # The second replica has no image.
    with strategy.scope():
        metric = padding.ValidationLoss()

    def step(context):
        start = 4 * context.replica_id_in_sync_group
        part = slice(start, start + 4)
        metric.update_state(labels[part], logits[:, part])

    strategy.run(lambda: step(tf.distribute.get_replica_context()))
    assert metric.name == "validation_loss"
    expected = np.mean(padding.cross_entropy(labels, logits))
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
