# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Heads on frozen features, and their metrics."""

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.backbones import resnet
from vito_tf.transfer import linear_heads

RATES = (0.3, 0.1, 0.05)


def test_heads_start_alike_and_are_linear():
    features = np.random.default_rng(0).normal(size=[5, 16]).astype(np.float32)
    heads = linear_heads.LinearHeads(3, 4)
    logits = heads(features)
    np.testing.assert_allclose(logits, [features @ heads.kernel[0].numpy()] * 3, atol=1e-5)
    kernel = np.random.default_rng(1).normal(size=[3, 16, 4]).astype(np.float32)
    bias = np.random.default_rng(2).normal(size=[3, 4]).astype(np.float32)
    heads.set_weights([kernel, bias])
    expected = [features @ kernel[k] + bias[k] for k in range(3)]
    np.testing.assert_allclose(heads(features), expected, atol=1e-5)
    wide = linear_heads.LinearHeads(1, 500)
    wide(np.zeros([1, 400], np.float32))
    assert np.std(wide.kernel.numpy()) == pytest.approx(1 / 20, rel=0.03)


def test_features_are_the_pooled_last_level_by_running_statistics_and_without_gradient():
    backbone = encoders.randomise(resnet.build(encoders.TINY))
    probe = linear_heads.LinearProbe(backbone, 2, 3)
    images = tf.constant(np.random.default_rng(0).normal(size=[2, 32, 32, 3]), tf.float32)
    expected = backbone(images, training=False)["5"].numpy().mean(axis=(1, 2))
    np.testing.assert_allclose(probe.features(images), expected, rtol=1e-5, atol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = probe(images, training=True)
    assert tape.gradient(logits, images) is None
    assert len(probe.trainable_variables) == 2


def metric_values(metrics, labels, logits):
    for metric in metrics:
        for part in np.array_split(np.arange(len(labels)), 3):
            metric.update_state(tf.constant(labels[part]), tf.constant(logits[:, part]))
    values = {metric.name: float(metric.result()) for metric in metrics}
    for metric in metrics:
        metric.reset_states()
        assert all(not variable.numpy().any() for variable in metric.variables)
    return values


def test_metrics_are_those_of_each_head_and_of_the_best_without_padding():
    rng = np.random.default_rng(0)
    labels = np.concatenate([rng.integers(0, 8, 30), [-1, -1]]).astype(np.int32)
    logits = rng.normal(size=[3, 32, 8]).astype(np.float32)
    logits[1, np.arange(30), labels[:30]] += 2
    found = metric_values(linear_heads.metrics(RATES, best=True), labels, logits)
    ranks = [(-head[:30]).argsort(axis=1) for head in logits]
    top_1 = [np.mean(rank[:, 0] == labels[:30]) for rank in ranks]
    top_5 = [np.mean((rank[:, :5] == labels[:30, None]).any(axis=1)) for rank in ranks]
    expected = {"best_accuracy": top_1[1], "best_top_5_accuracy": top_5[1]}
    expected["best_learning_rate"] = 0.1
    for rate, one, five in zip(RATES, top_1, top_5):
        expected[f"accuracy/lr_{rate}"] = one
        expected[f"top_5_accuracy/lr_{rate}"] = five
    assert found == pytest.approx(expected, abs=1e-6)
    assert np.argmax(top_1) == 1
    training = linear_heads.metrics(RATES, best=False)
    assert [metric.name for metric in training if "best" in metric.name] == []


def test_metrics_add_up_over_replicas():
    strategy = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"])
    with strategy.scope():
        metrics = linear_heads.metrics(RATES[:2], best=True)
    labels = tf.constant([0, 1, 2, 0])
    logits = tf.one_hot([[0, 1, 0, 0], [0, 0, 0, 1]], 3)

    def step(labels, logits):
        for metric in metrics:
            metric.update_state(labels, logits)

    @tf.function
    def evaluate():
        def part(value, axis):
            return strategy.experimental_distribute_values_from_function(
                lambda context: tf.split(value, 2, axis)[context.replica_id_in_sync_group]
            )

        strategy.run(step, (part(labels, 0), part(logits, 1)))

    evaluate()
    found = {metric.name: float(metric.result()) for metric in metrics}
    assert found["best_accuracy"] == found["accuracy/lr_0.3"] == pytest.approx(0.75)
    assert found["accuracy/lr_0.1"] == pytest.approx(0.25)
    assert found["best_learning_rate"] == pytest.approx(0.3)
