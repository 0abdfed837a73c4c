# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Windows and layers of Swin transformers; whole networks are compared in swin_test."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.backbones import swin_layers, swin_windows

MAPS = np.random.default_rng(0).normal(size=(2, 9, 13, 4)).astype(np.float32)


def test_relative_positions():
    """Differences of 2x2 positions: rows -1, 0, 1, three columns each."""
    expected = [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]
    np.testing.assert_array_equal(swin_windows.relative_positions(2), expected)
    positions = swin_windows.relative_positions(7)
    assert positions.shape == (49, 49)
    np.testing.assert_array_equal(np.unique(positions), np.arange(13**2))


@pytest.mark.parametrize(
    ("size", "window", "shift"), [((7, 9), 4, 2), ((7, 7), 7, 0), ((8, 3), 3, 0), ((4, 5), 3, 1)]
)
def test_windows(size, window, shift):
    """Each position knows where it came from."""
    height, width = (-(-length // window) * window for length in size)
    rows, columns = np.mgrid[1 : size[0] + 1, 1 : size[1] + 1]
    maps = np.stack([rows, columns], axis=-1)[None].astype(np.float32)
    windows = swin_windows.Windows(tf.constant(maps), window, shifted=True)
    cut = windows.cut(tf.constant(maps))
    np.testing.assert_array_equal(windows.join(cut), maps)
    index = 0
    for top in range(0, height, window):
        for left in range(0, width, window):
            places = [
                ((top + i + shift) % height, (left + j + shift) % width)
                for i in range(window)
                for j in range(window)
            ]
            for token, (row, column) in enumerate(places):
                inside = row < size[0] and column < size[1]
                assert tuple(cut[index, token].numpy()) == (
                    (row + 1, column + 1) if inside else (0, 0)
                )
            if shift:
                apart = [
                    [any(abs(x - y) >= window for x, y in zip(a, b)) for b in places]
                    for a in places
                ]
                mask = np.asarray(windows.mask)[index, 0]
                np.testing.assert_array_equal(mask, -100.0 * np.array(apart))
            index += 1
    assert index == len(cut)
    assert (windows.mask is None) == (shift == 0)


def test_sizes_that_a_graph_does_not_know():
    """Shifted, padded, and too small to be shifted: as with sizes that it knows."""
    signature = [tf.TensorSpec([None, None, None, 2])]

    def there_and_back(maps):
        windows = swin_windows.Windows(maps, 3, shifted=True)
        cut = windows.cut(maps)
        assert cut.shape.as_list() == [None, 9, 2]
        return cut, windows.join(cut), windows.mask

    dynamic = tf.function(there_and_back, signature, autograph=False)
    for size in ((1, 6, 7), (2, 3, 8)):
        maps = tf.random.stateless_normal([*size, 2], seed=(0, 1))
        known = swin_windows.Windows(maps, 3, shifted=True)
        cut, joined, mask = dynamic(maps)
        np.testing.assert_array_equal(cut, known.cut(maps))
        np.testing.assert_array_equal(joined, maps)
        np.testing.assert_array_equal(mask, 0 * mask if known.mask is None else known.mask)


def test_merging_pads_odd_sizes_and_orders_neighbours():
    layer = swin_layers.PatchMerging(2, None, "merging")
    maps = np.zeros([1, 3, 3, 1], np.float32)
    maps[0, :, :, 0] = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert layer(maps).shape == (1, 2, 2, 2)
    layer.norm = tf.identity
    layer.reduction.kernel = tf.eye(4)
    expected = [[[0, 3, 1, 4], [2, 5, 0, 0]], [[6, 0, 7, 0], [8, 0, 0, 0]]]
    np.testing.assert_array_equal(layer(maps)[0], expected)


def test_initial_values():
    patches = swin_layers.PatchEmbedding(64, None, "patches")
    patches(np.zeros([1, 4, 4, 3], np.float32))
    for weight in (patches.projection.kernel, patches.projection.bias):
        assert 0.8 * 48**-0.5 < np.abs(weight).max() <= 48**-0.5
    block = swin_layers.Block(32, 2, 7, 0.0, None, "block")
    maps = tf.zeros([1, 7, 7, 32])
    block(maps, swin_windows.Windows(maps, 7, shifted=False))
    for weight in block.weights:
        if "kernel" in weight.name or "table" in weight.name:
            assert 0.015 < np.std(weight) < 0.025
        else:
            np.testing.assert_array_equal(
                weight, tf.fill(weight.shape, float("gamma" in weight.name))
            )


def test_drop_path():
    """Each branch is left out of whole images, and is twice itself in others."""
    block = swin_layers.Block(4, 2, 3, 0.5, None, "block")
    maps = tf.constant(np.repeat(MAPS[:1, :5, :6], 64, axis=0))
    windows = swin_windows.Windows(maps, 3, shifted=False)
    plain = block(maps, windows, training=False)[0]
    for weight in block.weights:  # Larger branches than initial ones.
        if "kernel" in weight.name:
            weight.assign(20 * weight)
    plain = block(maps, windows, training=False).numpy()
    tf.random.set_seed(1)
    found = block(maps, windows, training=True).numpy()
    first = block.attention(windows.cut(block.norm1(maps)))
    first = windows.join(first).numpy()[0]
    source = maps[0].numpy()
    counts = {}
    for kept in (0, 2):
        middle = source + kept * first
        second = block.fc2(block.fc1(block.norm2(middle[None])))[0].numpy()
        for also in (0, 2):
            same = np.abs(found - middle - also * second).max(axis=(1, 2, 3)) < 1e-4
            counts[kept, also] = same.sum()
    assert sum(counts.values()) == 64
    assert min(counts.values()) > 4
    assert np.abs(plain - plain[0]).max() < 1e-5
    np.testing.assert_array_equal(block(maps, windows, training=False), plain)


def test_drop_path_has_its_rate_in_mixed_precision():
    """Drawn in bfloat16, 0.01 would be 2 / 128."""
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        block = swin_layers.Block(4, 2, 3, 0.01, None, "block")
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    tf.random.set_seed(1)
    found = block.drop_path(tf.ones([40000, 1, 1, 1], tf.bfloat16), training=True)
    assert 0.008 < np.mean(found.numpy() == 0) < 0.012
    maps = tf.zeros([1, 3, 3, 4], tf.bfloat16)
    windows = swin_windows.Windows(maps, 3, shifted=False)
    assert block(maps, windows, training=True).dtype == tf.bfloat16


def test_softmax_and_table_are_float32_in_mixed_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        mixed = swin_layers.WindowAttention(8, 2, 3, None, "attention")
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    exact = swin_layers.WindowAttention(8, 2, 3, None, "attention")
    windows = tf.random.stateless_normal([6, 9, 8], seed=(0, 2))
    mask = tf.random.stateless_normal([3, 1, 9, 9], seed=(0, 3))
    found, _ = mixed(windows, mask), exact(windows, mask)
    assert found.dtype == tf.bfloat16
    exact.set_weights(mixed.get_weights())
    expected = exact(windows, mask)
    np.testing.assert_allclose(tf.cast(found, tf.float32), expected, atol=1e-3)
    table = mixed.relative_position_bias_table
    assert table.dtype == tf.float32
    # 256.5 is no bfloat16; a bias that all keys share changes nothing.
    before = mixed(windows, mask + 256.0)
    table.assign_add(tf.fill(table.shape, 0.5))
    after = tf.cast(mixed(windows, mask + 256.0), tf.float32)
    np.testing.assert_allclose(after, tf.cast(before, tf.float32), atol=1e-5)


def test_a_block_compiles_with_its_gradient():
    """Dense gradients: others' norms would be wrong where a row occurs twice."""
    block = swin_layers.Block(4, 2, 3, 0.0, None, "block")

    def step(maps):
        with tf.GradientTape() as tape:
            result = block(maps, swin_windows.Windows(maps, 3, shifted=True), training=True)
            loss = tf.reduce_sum(result[..., 0] ** 2)
        return result, tape.gradient(loss, block.trainable_variables)

    result, gradients = step(MAPS)
    compiled, others = tf.function(step, jit_compile=True, autograph=False)(MAPS)
    np.testing.assert_allclose(compiled, result, atol=1e-5)
    for variable, gradient, other in zip(block.trainable_variables, gradients, others):
        assert isinstance(gradient, tf.Tensor)
        assert np.abs(gradient).max() > 0, variable.name
        np.testing.assert_allclose(other, gradient, rtol=1e-3, atol=1e-4)
