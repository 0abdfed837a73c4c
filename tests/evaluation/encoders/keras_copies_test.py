# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Keras' ResNets at stride 8, on narrow ones: equal to a transcription of their blocks."""

import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications import resnet as keras_resnet

from tests.backbones import encoders
from vito_tf.evaluation.encoders import encoder, keras_copies, keras_encoder

SIZE = 64
EPSILON = 1.001e-5
IMAGES = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, 3)).astype(np.float32)


def narrow(preact):
    """Of one or two blocks a group, built by Keras' own function."""
    stack = keras_resnet.stack2 if preact else keras_resnet.stack1

    def groups(x):
        strides = (2, 2, 2, 1) if preact else (1, 2, 2, 2)
        counts = (2, 2, 2, 2) if preact else (1, 1, 2, 1)
        for level, (count, stride) in enumerate(zip(counts, strides), start=2):
            x = stack(x, 4, count, stride1=stride, name=f"conv{level}")
        return x

    model = keras_resnet.ResNet(
        groups,
        preact,
        True,
        weights=None,
        input_shape=(SIZE, SIZE, 3),
        classes=10,
        classifier_activation=None,
    )
    return encoders.randomise(model)


@pytest.fixture(name="first", scope="module")
def _first():
    return narrow(preact=False)


def output(model, name, images=IMAGES):
    return tf.keras.Model(model.input, model.get_layer(name).output)(images).numpy()


class Layers:
    """Layers of a model in float64, without strides."""

    def __init__(self, model, block):
        self._get = lambda name: [
            weight.numpy().astype(np.float64) for weight in model.get_layer(block + name).weights
        ]

    def conv(self, name, x):
        kernel, *bias = self._get(name)
        return tf.nn.conv2d(x, kernel, 1, "SAME").numpy() + (bias[0] if bias else 0)

    def norm(self, name, x):
        gamma, beta, mean, variance = self._get(name)
        return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta

    def first_kind(self, x):
        shortcut = x
        if self._has("_0_conv"):
            shortcut = self.norm("_0_bn", self.conv("_0_conv", x))
        x = np.maximum(self.norm("_1_bn", self.conv("_1_conv", x)), 0)
        x = np.maximum(self.norm("_2_bn", self.conv("_2_conv", x)), 0)
        return np.maximum(self.norm("_3_bn", self.conv("_3_conv", x)) + shortcut, 0)

    def second_kind(self, x):
        before = np.maximum(self.norm("_preact_bn", x), 0)
        shortcut = self.conv("_0_conv", before) if self._has("_0_conv") else x
        x = np.maximum(self.norm("_1_bn", self.conv("_1_conv", before)), 0)
        x = np.maximum(self.norm("_2_bn", self.conv("_2_conv", x)), 0)
        return self.conv("_3_conv", x) + shortcut

    def _has(self, name):
        try:
            return bool(self._get(name))
        except ValueError:
            return False


def test_first_kind(first):
    level = keras_copies.level_four(first)
    assert level == ({"conv4_block1_0_conv", "conv4_block1_1_conv"}, "conv4_block2_out")
    x = output(first, "conv3_block1_out").astype(np.float64)
    for block in ("conv4_block1", "conv4_block2"):
        x = Layers(first, block).first_kind(x)
    check(first, level, x)


def test_second_kind():
    model = narrow(preact=True)
    level = keras_copies.level_four(model)
    assert len(level.strided) == 2
    assert "conv3_block2_2_conv" in level.strided
    assert level.output == "conv4_block2_preact_relu"
    x = output(model, "conv3_block1_out").astype(np.float64)
    for block in ("conv3_block2", "conv4_block1"):
        x = Layers(model, block).second_kind(x)
    check(model, level, np.maximum(Layers(model, "conv4_block2").norm("_preact_bn", x), 0))


def check(model, level, expected):
    dense = keras_copies.at_stride_8(model, level)
    found = dense(IMAGES, training=False)
    assert found.shape == expected.shape == (2, 8, 8, 16)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    assert dense(IMAGES[:1, :33, :57]).shape == (1, 5, 8, 16)


def test_any_size_and_what_the_classifier_sees(first):
    network = keras_encoder.of_classifier(keras_copies.any_size(first))
    outputs = network(IMAGES, training=False)
    np.testing.assert_allclose(outputs["logits"], first(IMAGES), rtol=1e-4, atol=1e-4)
    last_map = output(first, "conv5_block1_out")
    np.testing.assert_allclose(outputs["last_map"], last_map, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs["features"], last_map.mean((1, 2)), rtol=1e-4, atol=1e-4)
    kernel, bias = first.layers[-1].get_weights()
    logits = last_map.mean((1, 2)) @ kernel + bias
    np.testing.assert_allclose(outputs["logits"], logits, rtol=1e-3, atol=1e-3)
    assert network(IMAGES[:, :40])["last_map"].shape == (2, 2, 2, 16)


@pytest.mark.parametrize(
    ("between", "averaged"),
    [
        ([tf.keras.layers.Dropout(0.5)], True),
        ([tf.keras.layers.Flatten()], True),
        ([tf.keras.layers.ReLU()], False),
        ([tf.keras.layers.Dense(4, name="hidden")], False),
    ],
)
def test_a_last_map_is_one_whose_average_is_the_features(between, averaged):
    layers = [tf.keras.layers.Conv2D(4, 3), tf.keras.layers.GlobalAveragePooling2D(), *between]
    model = tf.keras.Sequential([tf.keras.Input([8, 8, 3]), *layers, tf.keras.layers.Dense(5)])
    network = keras_encoder.of_classifier(model)
    assert set(network.output) - {"features", "logits"} == ({"last_map"} if averaged else set())
    outputs = network(IMAGES[:, :8, :8], training=False)
    assert (outputs["features"].shape, outputs["logits"].shape) == ((2, 4), (2, 5))


def test_networks_of_one_size():
    dense = tf.keras.Sequential(
        [tf.keras.Input([8, 8, 3]), tf.keras.layers.Flatten(), tf.keras.layers.Dense(5)]
    )
    found = keras_encoder.build(
        "kind", {}, "flat", "", 8, keras_encoder.of_classifier(dense), lambda x: x
    )
    assert found.capabilities == {encoder.LOGITS}
    assert found(tf.zeros([2, 8, 8, 3])).features.shape == (2, 192)
    with pytest.raises(encoder.UnsupportedError, match=r"flat takes only images of 8x8 .* of 8x9"):
        found(tf.zeros([2, 8, 9, 3]))
    unknown = tf.function(lambda x: found(x).features)
    spec = tf.TensorSpec([None, None, None, 3])
    with pytest.raises(tf.errors.InvalidArgumentError):
        unknown.get_concrete_function(spec)(tf.zeros([2, 16, 4, 3]))
    for lacking in (found.dense_features, found.attention):
        with pytest.raises(encoder.UnsupportedError, match="flat cannot be used"):
            lacking(tf.zeros([2, 8, 8, 3]))
