# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Label propagation against a direct transcription of its definition."""

import math

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation.video_segmentation import propagation

VFS = propagation.Settings()


def transcription(features, labels, settings):
    """VFS' definition: all pairs, those too far apart at -inf; float64. Returns [T, H, W, C]."""
    frames, height, width, depth = features.shape
    features = features.astype(np.float64)
    norms = np.sqrt((features**2).sum(-1, keepdims=True))
    features = (features / np.maximum(norms, 1e-12)).reshape(frames, -1, depth)
    y, x = (axis.ravel() for axis in np.mgrid[:height, :width])
    distances = np.sqrt((y[:, None] - y) ** 2 + (x[:, None] - x) ** 2)
    mask = distances < settings.radius
    result = [labels.reshape(height * width, -1).astype(np.float64)]
    for time in range(1, frames):
        context = [0, *range(max(0, time - settings.context), time)]
        affinity = [features[time] @ features[past].T / settings.temperature for past in context]
        affinity = np.concatenate([np.where(mask, one, -np.inf) for one in affinity], 1)
        values = np.concatenate([result[past] for past in context])
        best = np.argsort(-affinity, axis=1, kind="stable")[:, : settings.top_k]
        weights = np.exp(np.take_along_axis(affinity, best, 1))
        weights /= weights.sum(1, keepdims=True)
        result.append(np.einsum("qk,qkc->qc", weights, values[best]))
    return np.array(result).reshape(frames, height, width, -1)


def propagate(settings, features, labels):
    process = propagation.Propagation(tf.constant(features[0]), tf.constant(labels), settings)
    return np.array([labels, *(process.step(tf.constant(frame)) for frame in features[1:])])


def video(frames, height, width, depth=6, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((frames, height, width, depth)).astype(np.float32)
    labels = np.eye(classes, dtype=np.float32)[generator.integers(classes, size=(height, width))]
    return features, labels


def check(settings, features, labels):
    ours = propagate(settings, features, labels)
    np.testing.assert_allclose(ours, transcription(features, labels, settings), atol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "settings"),
    [
        (5, 7, VFS),  # smaller than a block, the radius larger than the map
        (26, 31, propagation.Settings(radius=4)),  # several blocks; the last ones reach beyond
        (31, 14, propagation.Settings(radius=2.5, top_k=4, temperature=0.5)),
        (13, 25, propagation.Settings(radius=1, top_k=3)),  # a neighbourhood of one position
        (1, 30, propagation.Settings(radius=3, top_k=40)),  # k larger than the neighbourhood
        (2, 2, propagation.Settings(top_k=100)),  # k larger than all there is
    ],
)
def test_equals_the_definition(height, width, settings):
    check(settings, *video(4, height, width))


def test_the_context_moves_on_and_keeps_the_first_frame():
    check(propagation.Settings(context=3, radius=3), *video(9, 6, 5))


def test_positions_at_the_radius_are_no_neighbours():
    features = np.zeros([2, 1, 8, 2], np.float32)
    features[0, 0, :, 0] = 1
    features[0, 0, 3], features[1, 0, 0] = [0, 1], [0, 1]  # the only match is 3 cells away
    labels = np.eye(8, dtype=np.float32)[None]
    for radius, found in [(3.0, 0.0), (3.01, 1.0)]:
        settings = propagation.Settings(radius=radius, top_k=1)
        assert propagate(settings, features, labels)[1, 0, 0, 3] == found


def test_the_first_frame_counts_twice_while_it_is_in_the_context():
    """Three frames of one position: weights of 2 : 1 while frame 0 is recent, then of 1 : 1."""
    features = np.ones([3, 1, 1, 4], np.float32)
    process = propagation.Propagation(
        tf.constant(features[0]), tf.constant([[[1.0, 0.0]]]), propagation.Settings(context=2)
    )
    process.remember(tf.constant(features[0]), tf.constant([[[0.0, 1.0]]]))
    np.testing.assert_allclose(process.step(features[1])[0, 0], [2 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(process.step(features[2])[0, 0], [5 / 9, 4 / 9], atol=1e-6)


def test_a_moved_object_is_followed():
    features, _ = video(1, 20, 24, depth=32)
    moved = np.roll(features, (3, 5), (1, 2))
    labels = np.zeros([20, 24, 2], np.float32)
    labels[4:10, 6:12, 1] = 1
    labels[..., 0] = 1 - labels[..., 1]
    found = propagate(propagation.Settings(top_k=1), np.concatenate([features, moved]), labels)[1]
    np.testing.assert_allclose(found[3:, 5:], np.roll(labels, (3, 5), (0, 1))[3:, 5:], atol=1e-6)


def test_features_of_zero_give_a_mean_of_neighbours():
    features, labels = np.zeros([2, 3, 3, 4], np.float32), np.eye(9, dtype=np.float32)
    settings = propagation.Settings(radius=1.1, top_k=10)
    found = propagate(settings, features, labels.reshape(3, 3, 9))[1]
    cross = np.zeros(9)
    cross[[1, 3, 4, 5, 7]] = 1 / 5
    np.testing.assert_allclose(found[1, 1], cross, atol=1e-6)


def test_one_trace_serves_all_sizes_and_all_lengths_of_context():
    propagate(VFS, *video(3, 5, 6))
    before = propagation._search.experimental_get_tracing_count()
    propagate(propagation.Settings(top_k=2), *video(4, 14, 9, depth=3, classes=5))
    assert propagation._search.experimental_get_tracing_count() == before


def test_memory_of_the_past_is_bounded():
    features, labels = video(8, 3, 3)
    process = propagation.Propagation(
        tf.constant(features[0]), tf.constant(labels), propagation.Settings(context=4)
    )
    for frame in features[1:]:
        process.step(tf.constant(frame))
    assert len(process._recent) == 4


def test_labels_remain_shares():
    found = propagate(VFS, *video(3, 9, 8))
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)
    assert found.min() >= 0
    assert not math.isclose(found[2].max(), 1)
