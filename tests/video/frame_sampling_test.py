# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of vito_tf.video.frame_sampling."""

from __future__ import annotations

from fractions import Fraction

import gin
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from vito_tf.video.frame_sampling import SCHEMES, FrameSampler, frames_on_display

T = 2.56


def _timestamps(frame_rate: Fraction, seconds: float, start: int = 0) -> np.ndarray:
    count = round(seconds * frame_rate)
    return np.array([start + round(i * 1_000_000 / frame_rate) for i in range(count)], np.int64)


def _numpy_times(sampler: FrameSampler, uniforms: np.ndarray, duration: float) -> np.ndarray:
    """Slow transcription of the four schemes, one view at a time."""
    window = min(sampler.clip_seconds, duration)
    start = uniforms[0] * (duration - window)
    num_views = sampler.num_views
    times = []
    for i in range(num_views):
        if sampler.scheme == "marginal":
            t = uniforms[1 + i] * window
        elif sampler.scheme == "uniform":
            low, high = window * i / num_views, window * (i + 1) / num_views
            t = low + uniforms[1 + i] * (high - low)
        elif sampler.scheme == "delta":
            gap = sampler.delta_seconds
            gap = sampler.clip_seconds / num_views if gap is None else gap
            if gap * (num_views - 1) > window:
                gap = window / (num_views - 1)
            t = uniforms[1] * (window - gap * (num_views - 1)) + gap * i
        else:
            t = uniforms[1] * window
        times.append(start + t)
    return np.array(times, np.float64)


def _many_times(sampler: FrameSampler, duration: float, count: int, seed: int) -> np.ndarray:
    uniforms = np.random.default_rng(seed).random((count, sampler.num_views + 1))
    times = tf.vectorized_map(
        lambda u: sampler.times(u, tf.constant(duration, tf.float64)), uniforms
    )
    return times.numpy()


@pytest.mark.parametrize(
    ("scheme", "num_views", "uniforms", "duration", "expected"),
    [
        # Clip of exactly T: 64 frames at 25 fps; the window is the clip.
        ("marginal", 3, (0.9, 0.0, 0.5, 0.999), 2.56, (0, 32, 63)),
        ("uniform", 2, (0.9, 0.0, 0.0), 2.56, (0, 32)),
        ("uniform", 2, (0.9, 0.999, 0.999), 2.56, (31, 63)),
        ("delta", 2, (0.9, 0.0, 0.7), 2.56, (0, 32)),
        ("delta", 2, (0.9, 0.999, 0.0), 2.56, (31, 63)),
        ("single", 3, (0.9, 0.5, 0.1, 0.2), 2.56, (32, 32, 32)),
        # Longer clip: the window starts at 0.5 * (10.24 - 2.56) = 3.84 s = frame 96.
        ("marginal", 2, (0.5, 0.0, 0.999), 10.24, (96, 159)),
        ("uniform", 3, (0.0, 0.5, 0.5, 0.5), 10.24, (10, 32, 53)),
        ("delta", 3, (0.5, 0.0, 0.0, 0.0), 10.24, (96, 117, 138)),
        # Shorter clip of 1.28 s: the window is the clip, the gap of `delta` shrinks to span it.
        ("marginal", 2, (0.5, 0.0, 0.999), 1.28, (0, 31)),
        ("uniform", 2, (0.5, 0.5, 0.5), 1.28, (8, 24)),
        ("delta", 3, (0.5, 0.3, 0.0, 0.0), 1.28, (0, 16, 31)),
        ("marginal", 1, (0.5, 0.5), 2.56, (32,)),
        ("delta", 1, (0.5, 0.5), 2.56, (32,)),
    ],
)
def test_table_of_indices(scheme, num_views, uniforms, duration, expected):
    sampler = FrameSampler(scheme, num_views)
    timestamps = _timestamps(Fraction(25), duration, start=7_000_000)
    seconds = sampler.times(tf.constant(uniforms, tf.float64), tf.constant(duration, tf.float64))
    times = 7_000_000 + tf.cast(seconds * 1e6, tf.int64)
    assert tuple(frames_on_display(timestamps, times).numpy()) == expected


def test_frame_on_display_at_the_edges_of_frames():
    timestamps = tf.constant([100, 140, 180, 400], tf.int64)
    times = tf.constant([0, 100, 139, 140, 399, 400, 10_000], tf.int64)
    assert frames_on_display(timestamps, times).numpy().tolist() == [0, 0, 0, 1, 2, 3, 3]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("num_views", [1, 2, 3])
@pytest.mark.parametrize("duration", [0.0, 0.3, 1.28, T, 3.0, 10.24])
def test_times_equal_numpy_transcription(scheme, num_views, duration):
    sampler = FrameSampler(scheme, num_views)
    uniforms = np.random.default_rng(3).random(num_views + 1)
    times = sampler.times(tf.constant(uniforms), tf.constant(duration, tf.float64)).numpy()
    np.testing.assert_allclose(times, _numpy_times(sampler, uniforms, duration), atol=1e-12)
    assert np.all((times >= 0) & (times <= duration + 1e-12))


def test_marginal_differences_are_triangular_with_mode_zero():
    times = _many_times(FrameSampler("marginal", 2), 10.24, 20_000, seed=0)
    differences = np.abs(times[:, 0] - times[:, 1])
    triangular = scipy.stats.triang(c=0, scale=T)  # density 2 (T - d) / T**2
    assert scipy.stats.kstest(differences, triangular.cdf).pvalue > 0.01
    counts, _ = np.histogram(differences, bins=16, range=(0, T))
    assert counts.argmax() == 0


def test_uniform_differences_of_neighbouring_chunks():
    times = _many_times(FrameSampler("uniform", 3), T, 20_000, seed=1)
    chunk = T / 3
    for i in range(3):
        in_chunk = scipy.stats.uniform(i * chunk, chunk)
        assert scipy.stats.kstest(times[:, i], in_chunk.cdf).pvalue > 0.01
    for gap in (1, 2):
        triangular = scipy.stats.triang(c=0.5, loc=(gap - 1) * chunk, scale=2 * chunk)
        assert scipy.stats.kstest(times[:, gap] - times[:, 0], triangular.cdf).pvalue > 0.01


def test_delta_has_one_difference_and_a_uniform_start():
    times = _many_times(FrameSampler("delta", 3, delta_seconds=0.5), T, 20_000, seed=2)
    np.testing.assert_allclose(np.diff(times, axis=1), 0.5, atol=1e-12)
    assert scipy.stats.kstest(times[:, 0], scipy.stats.uniform(0, T - 1.0).cdf).pvalue > 0.01


def test_single_repeats_one_uniform_time():
    times = _many_times(FrameSampler("single", 3), T, 20_000, seed=3)
    assert np.all(times == times[:, :1])
    assert scipy.stats.kstest(times[:, 0], scipy.stats.uniform(0, T).cdf).pvalue > 0.01


@pytest.mark.parametrize("scheme", SCHEMES)
def test_frame_rate_does_not_change_the_times(scheme):
    sampler = FrameSampler(scheme, 3)
    seeds = tf.constant([[seed, 11] for seed in range(50)], tf.int32)
    end = 10_000_000
    milliseconds = np.arange(0, end, 1000)
    exact = milliseconds[_graph_indices(sampler, milliseconds, end, seeds)]
    variable = np.sort(np.random.default_rng(5).choice(end // 10, 200, replace=False)) * 10
    variable[0] = 0
    rates = (10, 24, 25, Fraction(30000, 1001), 30, 60)
    for timestamps in [_timestamps(Fraction(rate), 10) for rate in rates] + [variable]:
        shown = timestamps[_graph_indices(sampler, timestamps, end, seeds)]
        exact = np.arange(0, end, 1000)[
            _graph_indices(sampler, np.arange(0, end, 1000), end, seeds)
        ]
        longest_frame = np.diff(np.append(timestamps, end)).max()
        assert np.all((exact + 1000 > shown) & (exact - shown < longest_frame))


def _graph_indices(sampler, timestamps, end, seeds):
    """Indices [len(seeds), V] as the input pipeline computes them, in the tf.data graph."""
    dataset = tf.data.Dataset.from_tensor_slices(seeds)
    stamps = tf.constant(timestamps, tf.int64)
    dataset = dataset.map(lambda seed: sampler(stamps, tf.constant(end, tf.int64), seed))
    assert dataset.element_spec == tf.TensorSpec([sampler.num_views], tf.int32)
    return np.stack(list(dataset.as_numpy_iterator()))


def test_eager_equals_graph_and_depends_on_the_seed():
    sampler = FrameSampler("marginal", 2)
    stamps, end = tf.constant(_timestamps(Fraction(25), 10.24)), tf.constant(10_240_000, tf.int64)
    seeds = tf.constant([[1, 2], [1, 2], [1, 3]], tf.int32)
    graph = _graph_indices(sampler, stamps.numpy(), 10_240_000, seeds)
    eager = np.stack([sampler(stamps, end, seed).numpy() for seed in seeds])
    np.testing.assert_array_equal(graph, eager)
    np.testing.assert_array_equal(graph[0], graph[1])
    assert np.any(graph[1] != graph[2])


def test_all_frames_are_equally_likely_in_a_short_clip():
    stamps = _timestamps(Fraction(25), 0.4)
    seeds = tf.constant([[seed, 0] for seed in range(1500)], tf.int32)
    indices = _graph_indices(FrameSampler("marginal", 2), stamps, 400_000, seeds)
    counts = np.bincount(indices.ravel(), minlength=10)
    assert counts.size == 10
    assert scipy.stats.chisquare(counts).pvalue > 0.01


def test_a_picture_is_a_clip_of_one_frame():
    seed = tf.constant([4, 2], tf.int32)
    stamps, end = tf.constant([0], tf.int64), tf.constant(0, tf.int64)
    assert FrameSampler("marginal", 2)(stamps, end, seed).numpy().tolist() == [0, 0]


@pytest.mark.parametrize(
    ("kwargs", "binding"),
    [
        ({"scheme": "random"}, "FrameSampler.scheme"),
        ({"num_views": 0}, "FrameSampler.num_views"),
        ({"num_views": 2.5}, "FrameSampler.num_views"),
        ({"clip_seconds": 0}, "FrameSampler.clip_seconds"),
        ({"clip_seconds": float("nan")}, "FrameSampler.clip_seconds"),
        ({"delta_seconds": 0.5}, "FrameSampler.delta_seconds"),
        ({"scheme": "delta", "delta_seconds": -1.0}, "FrameSampler.delta_seconds"),
        ({"scheme": "delta", "num_views": 3, "delta_seconds": 1.5}, "FrameSampler.delta_seconds"),
    ],
)
def test_wrong_arguments_name_the_binding(kwargs, binding):
    with pytest.raises(ValueError, match=binding):
        FrameSampler(**kwargs)


def test_gin_bindings_reach_the_sampler():
    with gin.unlock_config():
        gin.parse_config("FrameSampler.scheme = 'uniform'\nFrameSampler.num_views = 3")
    try:
        assert FrameSampler() == FrameSampler("uniform", 3, 2.56, None)
    finally:
        gin.clear_config()
