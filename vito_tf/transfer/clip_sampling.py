# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which frames of a video make a clip of constant frame rate (A.5; AVID-CMA's data sets)."""

from __future__ import annotations

import tensorflow as tf

from vito_tf.video import frame_sampling

_MICROSECONDS = 1_000_000


def linear_places(num_clips: int) -> tf.Tensor:
    """Places of clips that are spread evenly over a video, as `clip_frames` takes them.

    Returns:
      float64 [num_clips] from 0 to 1; 0.5, the middle, for a single clip.
    """
    if num_clips == 1:
        return tf.constant([0.5], tf.float64)
    return tf.linspace(tf.constant(0.0, tf.float64), 1.0, num_clips)


def clip_frames(
    timestamps: tf.Tensor,
    end_timestamp: tf.Tensor,
    places: tf.Tensor,
    num_frames: int,
    frame_rate: float,
) -> tf.Tensor:
    """Chooses the frames of clips by time, whatever the video's own frame rate is.

    A clip has the frames on display at `num_frames` times 1 / `frame_rate` apart. Of a video that
    is shorter than the clip, all such times are taken, from its start, again and again until the
    clip is full (AVID-CMA).

    Args:
      timestamps: int64 [F], F >= 1, start of each frame in microseconds, ascending.
      end_timestamp: int64 scalar, end of the last frame in microseconds.
      places: float64 [N] in [0, 1]: 0 for a clip at the start of the video, 1 for one at its end.
      num_frames: T.
      frame_rate: of the clip, per second.

    Returns:
      int32 [N, T], indices into the frames.
    """
    step = tf.constant(_MICROSECONDS / frame_rate, tf.float64)
    duration = tf.cast(end_timestamp - timestamps[0], tf.float64)
    starts = places * tf.maximum(duration - num_frames * step, 0.0)
    in_video = tf.clip_by_value(tf.math.ceil(duration / step), 1, num_frames)
    offsets = tf.math.floormod(tf.range(num_frames, dtype=tf.float64), in_video) * step
    times = timestamps[0] + tf.cast(tf.round(starts[:, tf.newaxis] + offsets), tf.int64)
    indices = frame_sampling.frames_on_display(timestamps, tf.reshape(times, [-1]))
    return tf.reshape(indices, [-1, num_frames])
