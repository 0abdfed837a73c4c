# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ResNets with dilation or other padding: the same weights as stock, and the right features."""

import numpy as np
import pytest
import tensorflow as tf
from official.vision.modeling.backbones import resnet as stock_resnet
from official.vision.modeling.backbones import resnet_deeplab

from tests.backbones.encoders import TINY, randomise
from vito_tf.backbones import adapted_resnet, resnet

IMAGES = np.random.default_rng(0).normal(size=(1, 64, 96, 3)).astype(np.float32)
SYMMETRIC = resnet.Architecture(10, 0.125, padding="symmetric")


@pytest.fixture(name="plain", scope="module")
def _plain():
    return randomise(resnet.build(TINY))


@pytest.fixture(name="symmetric", scope="module")
def _symmetric(plain):
    return copy_weights(plain, resnet.build(SYMMETRIC))


@pytest.fixture(name="dilated_network", scope="module")
def _dilated_network(plain):
    return copy_weights(plain, resnet.build(SYMMETRIC, output_stride=8))


def copy_weights(source, target):
    for old, new in zip(source.weights, target.weights):
        new.assign(old)
    return target


@pytest.mark.parametrize(("padding", "output_stride"), [("same", 8), ("symmetric", 16)])
def test_names_and_order_of_weights_are_stocks(padding, output_stride):
    tf.keras.backend.clear_session()  # Layers are numbered anew.
    stock = stock_resnet.ResNet(10, depth_multiplier=0.125)
    tf.keras.backend.clear_session()
    ours = resnet.build(
        resnet.Architecture(10, 0.125, padding=padding), output_stride=output_stride
    )
    # Model Garden numbers batch norm and the blocks alike; only the model's own name differs.
    assert [w.shape for w in ours.weights] == [w.shape for w in stock.weights]
    assert [w.name for w in ours.weights][3:] == [w.name for w in stock.weights][3:]


def test_dilated_bottlenecks_are_stocks(monkeypatch):
    """Stock's dilated networks have a width of their own: here, a narrow one of few blocks."""
    blocks = [("bottleneck", width, count) for width, count in [(4, 1), (8, 1), (16, 1), (32, 2)]]
    monkeypatch.setitem(stock_resnet.RESNET_SPECS, 17, blocks)
    monkeypatch.setitem(resnet_deeplab.RESNET_SPECS, 17, blocks)
    stock = resnet_deeplab.DilatedResNet(17, output_stride=16, norm_epsilon=1e-5)
    randomise(stock)
    ours = copy_weights(stock, resnet.build(resnet.Architecture(17), output_stride=16))
    assert len(ours.weights) == len(stock.weights)
    expected, found = stock(IMAGES, training=False), ours(IMAGES, training=False)
    assert (set(expected), set(found)) == ({"2", "3", "4"}, {"2", "3", "4", "5"})
    for theirs, level in [("2", "2"), ("3", "3"), ("4", "5")]:
        scale = np.abs(expected[theirs]).max()
        np.testing.assert_allclose(found[level] / scale, expected[theirs] / scale, atol=1e-5)


def dilated(block, x, rate):
    """A residual block, by TensorFlow's own dilated convolution."""
    x = x.numpy().astype(np.float64)

    def conv(layer, x, stride):
        kernel = layer.kernel.numpy().astype(np.float64)
        size = kernel.shape[0]
        if size == 1:
            return tf.nn.conv2d(x, kernel, stride, "VALID")
        sides = [(0, 0), (rate, rate), (rate, rate), (0, 0)]
        return tf.nn.conv2d(np.pad(x, sides), kernel, stride, "VALID", dilations=rate)

    def norm(layer, x):
        gamma, beta, mean, variance = (
            weight.numpy().astype(np.float64) for weight in layer.weights
        )
        return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta

    shortcut = norm(block._norm0, conv(block._shortcut, x, 1))
    x = np.maximum(norm(block._norm1, conv(block._conv1, x, 1)), 0)
    return np.maximum(norm(block._norm2, conv(block._conv2, x, 1)) + shortcut, 0)


def test_dilated_residual_blocks(symmetric, dilated_network):
    expected, found = symmetric(IMAGES, training=False), dilated_network(IMAGES, training=False)
    *_, fourth, fifth = (
        layer for layer in dilated_network.layers if isinstance(layer, adapted_resnet.ResidualBlock)
    )
    assert {value.shape[1:3] for level, value in found.items() if level > "2"} == {(8, 12)}
    for level in "23":
        np.testing.assert_allclose(found[level], expected[level], atol=1e-5)
    np.testing.assert_allclose(found["4"], dilated(fourth, found["3"], 2), atol=1e-4)
    np.testing.assert_allclose(found["5"], dilated(fifth, found["4"], 4), atol=1e-4)


def test_strides_left_out_without_dilation(plain):
    """VFS' `switch_strides`: level '4' at stride 8, of the weights and kernels as they are."""
    for padding, seen in [("same", IMAGES), ("symmetric", IMAGES[:, :61, :90])]:
        architecture = resnet.Architecture(10, 0.125, padding=padding)
        expected = copy_weights(plain, resnet.build(architecture))(seen)
        network = resnet.build(architecture, output_stride=8, dilated=False)
        found = copy_weights(plain, network)(seen, training=False)
        np.testing.assert_allclose(found["3"], expected["3"], atol=1e-5)
        assert found["4"].shape[1:3] == found["3"].shape[1:3] == (8, 12)
        fourth, _ = [layer for layer in network.layers if hasattr(layer, "_shortcut")][-2:]
        np.testing.assert_allclose(found["4"], dilated(fourth, found["3"], 1), atol=1e-4)


@pytest.mark.parametrize("padding", ["same", "symmetric"])
def test_maps_of_stride_8_cover_images_of_any_size(padding):
    network = resnet.build(
        resnet.Architecture(10, 0.125, padding=padding), output_stride=8, dilated=False
    )
    for height, width in [(8, 1), (9, 17), (31, 40), (33, 47)]:
        level = network(np.zeros([1, height, width, 3]), training=False)["4"]
        assert level.shape[1:3] == (-(-height // 8), -(-width // 8))


def test_same_and_symmetric_agree_where_nothing_is_uneven(plain, symmetric):
    odd, even = IMAGES[:, :33, :65], IMAGES
    found = symmetric(odd)
    for level, value in plain(odd).items():
        np.testing.assert_allclose(found[level], value, atol=1e-5)
    found = symmetric(even)
    for level, value in plain(even).items():
        assert found[level].shape == value.shape
        assert np.abs(found[level] - value).max() > 0.01


def test_checkpoints_fit_every_variant(plain, symmetric, dilated_network, tmp_path):
    path = tf.train.Checkpoint(backbone=plain).write(str(tmp_path / "backbone"))
    stock = stock_resnet.ResNet(10, depth_multiplier=0.125, activation="relu")
    for target in (stock, symmetric, dilated_network):
        for weight in target.weights:
            weight.assign(tf.zeros_like(weight))
        status = tf.train.Checkpoint(backbone=target).read(path)
        status.assert_existing_objects_matched().assert_consumed()
        for old, new in zip(plain.weights, target.weights):
            np.testing.assert_array_equal(old, new)


def test_training_reaches_every_weight():
    network = resnet.build(
        SYMMETRIC, output_stride=16, kernel_regularizer=tf.keras.regularizers.L2(1)
    )
    statistics = [weight.numpy() for weight in network.non_trainable_weights]
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum(x**2) for x in network(IMAGES, training=True).values()])
    assert all(tf.reduce_any(g != 0) for g in tape.gradient(loss, network.trainable_weights))
    assert all((a != b.numpy()).all() for a, b in zip(statistics, network.non_trainable_weights))
    kernels = [weight for weight in network.weights if "kernel" in weight.name]
    assert len(network.losses) == len(kernels) == 13
    norms = sorted(float(tf.reduce_sum(kernel**2)) for kernel in kernels)
    np.testing.assert_allclose(sorted(map(float, network.losses)), norms, rtol=1e-5)
