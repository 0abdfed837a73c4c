# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The loss against a transcription of eq. 3, its gradient, and closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.pretraining import contrastive_loss


def _slow_loss(online, targets, first, temperature):
    """Eq. 3, one exponential at a time, in float64."""
    batch, views, _ = online.shape
    losses = np.zeros(batch)
    for video in range(batch):
        for i in range(views):
            negatives = 0.0
            for other in range(len(targets)):
                if other != first + video:
                    for k in range(views):
                        negatives += np.exp(online[video, i] @ targets[other, k] / temperature)
            for j in range(views):
                if j != i:
                    positive = np.exp(online[video, i] @ targets[first + video, j] / temperature)
                    losses[video] -= np.log(positive / (positive + negatives))
    return losses


def _unit(rng, *shape):
    vectors = rng.normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _terms(online, targets, first, temperature):
    online, targets = tf.constant(online, tf.float32), tf.constant(targets, tf.float32)
    own = contrastive_loss.own_video(online.shape[0], targets.shape[0], first)
    scores = contrastive_loss.similarities(online, targets)
    return contrastive_loss.contrastive_loss(scores, own, temperature)


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_equals_the_papers_equation(views, first, temperature):
    rng = np.random.default_rng(views + first)
    online, targets = _unit(rng, 4, views, 8), _unit(rng, 7, views, 8)
    terms = _terms(online, targets, first, temperature)
    np.testing.assert_allclose(
        terms["loss"], _slow_loss(online, targets, first, temperature), rtol=2e-5
    )


def test_logged_cosines():
    rng = np.random.default_rng(0)
    online, targets = _unit(rng, 3, 2, 5), _unit(rng, 3, 2, 5)
    terms = _terms(online, targets, 0, 0.1)
    cosines = np.einsum("bvd,nwd->bvnw", online, targets)
    for video in range(3):
        own = cosines[video, :, video]
        others = np.delete(cosines[video], video, axis=1)
        np.testing.assert_allclose(terms["positive"][video], (own[0, 1] + own[1, 0]) / 2, atol=1e-5)
        np.testing.assert_allclose(terms["negative"][video], others.mean(), atol=1e-5)


def test_indistinguishable_videos_cost_the_log_of_the_candidates():
    same = np.ones([4, 3, 2]) / np.sqrt(2)
    candidates = 1 + 3 * 3  # the positive, and three views of three other videos
    np.testing.assert_allclose(
        _terms(same, same, 0, 0.1)["loss"], 6 * np.log(candidates), rtol=1e-5
    )


def test_views_of_the_same_video_are_never_negatives():
    """With one video alone there is nothing to tell it from, however its views differ."""
    rng = np.random.default_rng(1)
    online, targets = _unit(rng, 1, 3, 6), _unit(rng, 1, 3, 6)
    np.testing.assert_allclose(_terms(online, targets, 0, 0.1)["loss"], 0.0, atol=1e-6)


def test_the_loss_is_finite_at_the_extremes():
    online = np.zeros([2, 2, 2])
    online[0], online[1] = [1.0, 0.0], [-1.0, 0.0]
    agree = _terms(online, online, 0, 0.001)["loss"]
    differ = _terms(online, -online, 0, 0.001)["loss"]
    np.testing.assert_allclose(agree, 0.0, atol=1e-6)
    np.testing.assert_allclose(differ, 2 * 2 / 0.001 + 2 * np.log(2), rtol=1e-5)


def test_gradient_equals_finite_differences():
    rng = np.random.default_rng(2)
    online, targets = _unit(rng, 3, 2, 4), _unit(rng, 3, 2, 4)
    variable = tf.Variable(online, dtype=tf.float32)
    with tf.GradientTape() as tape:
        own = contrastive_loss.own_video(3, 3, 0)
        scores = contrastive_loss.similarities(variable, tf.constant(targets, tf.float32))
        loss = tf.reduce_sum(contrastive_loss.contrastive_loss(scores, own, 0.1)["loss"])
    gradient = tape.gradient(loss, variable).numpy()
    for index in np.ndindex(online.shape):
        step = np.zeros_like(online)
        step[index] = 1e-5
        rise = _slow_loss(online + step, targets, 0, 0.1) - _slow_loss(
            online - step, targets, 0, 0.1
        )
        np.testing.assert_allclose(gradient[index], rise.sum() / 2e-5, rtol=1e-3, atol=1e-4)


def test_normalisation_of_a_zero_vector_is_finite():
    unit = contrastive_loss.normalise_embeddings(tf.constant([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, 0.0]], atol=1e-6)
