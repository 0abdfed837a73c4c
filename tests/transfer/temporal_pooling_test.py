# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A.5's temporal integration, against its formulas in float64."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import temporal_pooling


def endpoints(num_frames=6, seed=0):
    rng = np.random.default_rng(seed)
    return {
        level: rng.normal(size=(2, num_frames, side, side, channels))
        for level, side, channels in (("3", 8, 2), ("4", 4, 3), ("5", 2, 5))
    }


def reference(kind, maps, weights):
    """The formulas frame by frame, for the first clip."""

    def over_time(frames, level):
        if kind == "multiscale_average":
            return sum(frames) / len(frames)
        return sum(np.tanh(weights[level] @ frame) * frame for frame in frames)

    block3, block4 = (
        [frame.reshape(-1, frame.shape[-1]).sum(0) / frame[..., 0].size for frame in maps[level][0]]
        for level in ("4", "5")
    )
    if kind == "average":
        return sum(block4) / len(block4)
    half = -(-len(block3) // 2)
    return np.concatenate(
        [over_time(block3[:half], "4"), over_time(block3[-half:], "4"), over_time(block4, "5")]
    )


@pytest.mark.parametrize("num_frames", [1, 5, 6])
@pytest.mark.parametrize("kind", temporal_pooling.POOLINGS)
def test_formulas(kind, num_frames):
    maps = endpoints(num_frames)
    layer = temporal_pooling.TemporalPooling(kind)
    pooled = layer({level: tf.constant(value, tf.float32) for level, value in maps.items()})
    weights = {w.name.split(":")[0][-1]: w.numpy()[:, 0].astype(float) for w in layer.weights}
    assert sorted(weights) == (["4", "5"] if kind == "multiscale_attention" else [])
    assert pooled.shape == (2, 5 if kind == "average" else 2 * 3 + 5)
    np.testing.assert_allclose(pooled[0], reference(kind, maps, weights), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("num_frames", [5, 6])
def test_reversed_time_swaps_the_halves(num_frames):
    maps = endpoints(num_frames)
    layer = temporal_pooling.TemporalPooling("multiscale_average")
    forth, back = (
        layer({level: tf.constant(value[:, ::step]) for level, value in maps.items()})[0].numpy()
        for step in (1, -1)
    )
    np.testing.assert_allclose(back, [*forth[3:6], *forth[:3], *forth[6:]], rtol=1e-5)
    assert np.abs(forth[:3] - forth[3:6]).max() > 0.01


def test_pools_in_float32_under_mixed_precision_and_unknown_length():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    inputs = {
        level: tf.keras.Input([None, None, None, channels], dtype=tf.bfloat16)
        for level, channels in (("4", 3), ("5", 5))
    }
    model = tf.keras.Model(inputs, temporal_pooling.TemporalPooling("multiscale_average")(inputs))
    maps = {level: tf.cast(endpoints()[level], tf.bfloat16) for level in inputs}
    pooled = model(maps)
    assert pooled.dtype == tf.float32
    maps = {level: value.numpy().astype(float) for level, value in maps.items()}
    expected = reference("multiscale_average", maps, {})
    np.testing.assert_allclose(pooled[0], expected, rtol=1e-5, atol=1e-6)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match=r"model\.pooling must be one of average, .*not 'max'"):
        temporal_pooling.TemporalPooling("max")
