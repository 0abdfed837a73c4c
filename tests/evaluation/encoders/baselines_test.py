# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Baselines: random weights, and average colours."""

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.backbones import swin
from vito_tf.evaluation.encoders import baselines, encoder, random_weights

IMAGES = np.random.default_rng(0).random((2, 21, 34, 3), np.float32)


def test_colours_of_a_grid():
    """By repetition: 4 times as many rows and columns are divided evenly by 4."""
    raw = baselines.load_raw("colour")
    outputs = raw(tf.constant(IMAGES))
    many = IMAGES.repeat(4, axis=1).repeat(4, axis=2)
    expected = many.reshape(2, 4, 21, 4, 34, 3).mean((2, 4), dtype=np.float64).reshape(2, 48)
    np.testing.assert_allclose(outputs.features, expected, atol=1e-6)
    assert (outputs.logits, outputs.last_map) == (None, None)
    assert raw(tf.constant(IMAGES[:, :3, :2])).features.shape == (2, 48)


def test_colours_of_cells():
    raw = baselines.load_raw("colour", image_size=64)
    found = tf.function(raw.dense_features)(IMAGES)
    assert found.shape == (2, 3, 5, 3)
    for row in range(3):
        for column in range(5):
            cell = IMAGES[:, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            np.testing.assert_allclose(found[:, row, column], cell.mean((1, 2)), atol=1e-6)
    assert raw.image_size == 64
    with pytest.raises(encoder.UnsupportedError, match=r"raw colour cannot be used: .* classifier"):
        raw.require(encoder.DENSE_FEATURES, encoder.LOGITS)
    with pytest.raises(ValueError, match="there is no raw 'edges'; there is colour"):
        baselines.load_raw("edges")


def test_random_networks_are_known_by_their_seed():
    one, same = (
        baselines.load_random("resnet10", seed=3, depth_multiplier=0.125) for _ in range(2)
    )
    assert one.identity == same.identity
    assert one(tf.constant(IMAGES)).features.shape == (2, 64)
    assert one.capabilities == {encoder.LAST_MAP, encoder.DENSE_FEATURES}
    with pytest.raises(ValueError, match=r"no network 'resnet9'; there are resnet10, resnet18"):
        baselines.load_random("resnet9")


def test_random_swin_transformers(monkeypatch):
    sizes = {f"swin_{size}": architecture for size, architecture in swin.SIZES.items()}
    assert set(sizes) == {"swin_tiny", "swin_small", "swin_base"}
    assert sizes.items() <= baselines._NETWORKS.items()
    monkeypatch.setitem(baselines._NETWORKS, "swin_tiny", encoders.TINY_SWIN)
    found = baselines.load_random("swin_tiny", seed=3)
    assert found(tf.constant(IMAGES)).features.shape == (2, 32)
    assert found.description == "swin_tiny with random weights, seed 3"
    assert found.capabilities == {encoder.LAST_MAP, encoder.DENSE_FEATURES}
    with pytest.raises(
        ValueError, match=r"depth_multiplier=0\.5 is for ResNets, not for swin_tiny"
    ):
        baselines.load_random("swin_tiny", depth_multiplier=0.5)


def test_spread_of_random_weights():
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input([12, 12, 64]),
            layers.Conv2D(96, 5),
            layers.DepthwiseConv2D(7, depth_multiplier=8),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    random_weights.fill(model, seed=0)
    kernels = [weight.numpy() for weight in model.trainable_weights if weight.shape.rank > 1]
    for kernel, inputs in zip(kernels[:2], (5 * 5 * 64, 7 * 7)):
        np.testing.assert_allclose(kernel.std(), np.sqrt(2 / inputs), rtol=0.02)
        assert abs(kernel.mean()) < 0.02 * kernel.std()
    gamma, beta, mean, variance = model.layers[2].get_weights()
    assert [set(v) for v in (gamma, beta, mean, variance)] == [{1}, {0}, {0}, {1}]
    for seed, same in [(0, True), (1, False)]:
        random_weights.fill(model, seed)
        assert np.array_equal(model.trainable_weights[0], kernels[0]) == same
