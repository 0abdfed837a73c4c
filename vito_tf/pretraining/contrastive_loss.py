# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The multi-view InfoNCE loss of §3.1 (eq. 3), over all replicas."""

from __future__ import annotations

import tensorflow as tf


def normalise_embeddings(embeddings: tf.Tensor) -> tf.Tensor:
    """L2-normalises the last axis with DetCon's epsilon 1e-12 (detcon/utils/helpers.py)."""
    return tf.math.l2_normalize(embeddings, axis=-1, epsilon=1e-12)


def similarities(online: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Dot products of every online view with every target view.

    Args:
      online: [B, V, D] float32.
      targets: [N, V, D] float32, the target views of all replicas.

    Returns:
      [B, V, N, V] float32, indexed by (video, online view, other video, target view).
    """
    return tf.einsum("bvd,nwd->bvnw", online, targets)


def own_video(batch_size: int, num_videos: int, first: tf.Tensor) -> tf.Tensor:
    """Marks where each video of this replica stands among all replicas' videos.

    Args:
      batch_size: B, the videos of this replica.
      num_videos: N, the videos of all replicas.
      first: int32 scalar, the index in N of this replica's first video.

    Returns:
      [B, N] bool with one True a row.
    """
    return tf.equal(tf.range(batch_size)[:, None] + first, tf.range(num_videos)[None, :])


def contrastive_loss(scores: tf.Tensor, own: tf.Tensor, temperature: float) -> dict[str, tf.Tensor]:
    """InfoNCE for every ordered pair of views i != j of a video, summed over the pairs.

    For online view i and target view j of the same video (eq. 3):
      L_ij = -log(exp(z_i . z'_j / t) / (exp(z_i . z'_j / t) + sum_n exp(z_i . z'_n / t)))
    where n runs over *all* target views of all *other* videos; no view of the same video is a
    negative ("computed from frames from other videos in the batch").

    Args:
      scores: [B, V, N, V] float32 dot products, as `similarities` returns them.
      own: [B, N] bool, which of the N videos is the row's own.
      temperature: t; the paper's eq. 3 shows none (t = 1 on vectors scaled to norm 1/sqrt(0.1)
        is t = 0.1 on unit vectors, DetCon's value).

    Returns:
      loss: [B] float32, the sum over the V(V-1) ordered pairs; positive, negative: float32 [B],
      the mean dot product with the positives and with the negatives.
    """
    num_views = scores.shape[1]
    num_videos = scores.shape[2]
    logits = scores / temperature
    own_logits = tf.einsum("bvnw,bn->bvw", logits, tf.cast(own, logits.dtype))
    others = tf.where(own[:, None, :, None], logits.dtype.min, logits)
    negatives = tf.reduce_logsumexp(others, axis=[2, 3])
    pair_losses = tf.nn.softplus(negatives[:, :, None] - own_logits)
    pairs = 1.0 - tf.eye(num_views, dtype=logits.dtype)
    own_sum = tf.reduce_sum(own_logits, axis=[1, 2])
    num_negatives = num_views * num_views * (num_videos - 1)
    return {
        "loss": tf.reduce_sum(pair_losses * pairs, axis=[1, 2]),
        "positive": temperature
        * tf.reduce_sum(own_logits * pairs, axis=[1, 2])
        / (num_views * (num_views - 1)),
        "negative": temperature
        * (tf.reduce_sum(logits, axis=[1, 2, 3]) - own_sum)
        / max(num_negatives, 1),
    }
