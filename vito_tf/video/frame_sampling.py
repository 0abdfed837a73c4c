# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Temporal sampling T: which frames of a clip become the views (VITO §3.1, B.2, Figure B.3).

A sampler sees the timestamps of a clip and nothing else, so that frames are chosen before any is
decoded, and so that a clip at 10, 24, 25, 29.97, 30 or 60 frames per second, or with a variable
frame rate, yields views at the same distribution of times.
"""

from __future__ import annotations

import dataclasses

import gin
import tensorflow as tf

SCHEMES = ("marginal", "uniform", "delta", "single")
_MICROSECONDS = 1_000_000


@gin.configurable
@dataclasses.dataclass(frozen=True)
class FrameSampler:
    """Chooses the frames of a clip that become its views.

    A window of `clip_seconds` (the paper's T) is placed uniformly at random in the clip; in a clip
    that is not longer than T the window is the whole clip. The views are then drawn in the window:

    *   `marginal`: each at an independent uniform time (the paper's choice; the differences
        d = |t1-t2| have the density 2(T-d)/T², whose mode is 0).
    *   `uniform`: one in each of `num_views` equal chunks, uniform within the chunk, in the order
        of time (as VFS, Xu and Wang 2021).
    *   `delta`: `delta_seconds` between consecutive views, in the order of time, the first at a
        uniform time among those that let all views fit (as Gordon et al. 2020). In a window that is
        too short the gap shrinks until the views span the window.
    *   `single`: one uniform time for all views (MoCLR; the ablation with synthetic views only).

    Attributes:
        scheme: one of `SCHEMES`.
        num_views: number of views V, at least 1. The paper's final model uses 3, MoCLR 2.
        clip_seconds: T in seconds; 2.56 in the paper.
        delta_seconds: gap of the `delta` scheme in seconds, at most `clip_seconds/(num_views-1)`.
            The paper does not give it; the default `clip_seconds / num_views` is our choice: it is
            the mean gap of the `uniform` scheme. Must be left out with the other schemes.

    Raises:
        ValueError: an argument is outside its range.
    """

    scheme: str = "marginal"
    num_views: int = 2
    clip_seconds: float = 2.56
    delta_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise ValueError(
                f"FrameSampler.scheme must be one of {', '.join(SCHEMES)}, got {self.scheme!r}."
            )
        if not isinstance(self.num_views, int) or self.num_views < 1:
            raise ValueError(
                f"FrameSampler.num_views must be a whole number >= 1, got {self.num_views!r}."
            )
        if not 0 < self.clip_seconds < float("inf"):
            raise ValueError(
                f"FrameSampler.clip_seconds must be a number of seconds > 0, "
                f"got {self.clip_seconds!r}."
            )
        if self.delta_seconds is not None:
            self._check_delta(self.delta_seconds)

    def _check_delta(self, delta_seconds: float) -> None:
        if self.scheme != "delta":
            raise ValueError(
                f"FrameSampler.delta_seconds = {delta_seconds!r} has no meaning with "
                f"FrameSampler.scheme = {self.scheme!r}; leave it out."
            )
        if not 0 <= delta_seconds * (self.num_views - 1) <= self.clip_seconds:
            raise ValueError(
                f"FrameSampler.delta_seconds = {delta_seconds!r} does not let {self.num_views} "
                f"views fit into FrameSampler.clip_seconds = {self.clip_seconds!r}."
            )

    def times(self, uniforms: tf.Tensor, duration: tf.Tensor) -> tf.Tensor:
        """Times of the views, given the random numbers.

        Args:
            uniforms: float64 [V + 1] in [0, 1): the first places the window, the others the views
                (`delta` and `single` use the first of these only).
            duration: float64 scalar >= 0, length of the clip in seconds.

        Returns:
            float64 [V], seconds from the start of the clip, in [0, duration].
        """
        window = tf.minimum(tf.constant(self.clip_seconds, tf.float64), duration)
        window_start = uniforms[0] * (duration - window)
        views = uniforms[1:]
        order = tf.range(self.num_views, dtype=tf.float64)
        if self.scheme == "marginal":
            offsets = views * window
        elif self.scheme == "uniform":
            offsets = (order + views) * window / self.num_views
        elif self.scheme == "delta":
            span = tf.minimum(self._delta_span(), window)
            offsets = views[0] * (window - span) + order * span / max(self.num_views - 1, 1)
        else:
            offsets = tf.repeat(views[:1] * window, self.num_views)
        return window_start + offsets

    def _delta_span(self) -> tf.Tensor:
        delta = self.delta_seconds
        if delta is None:
            delta = self.clip_seconds / self.num_views
        return tf.constant(delta * (self.num_views - 1), tf.float64)

    def __call__(
        self, timestamps: tf.Tensor, end_timestamp: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """Frame indices of the views of one clip.

        Args:
            timestamps: int64 [F], F >= 1, presentation time of each frame in microseconds,
                ascending.
            end_timestamp: int64 scalar, end of the last frame in microseconds.
            seed: int32 [2]; the same seed gives the same times.

        Returns:
            int32 [V], indices into the frames, in [0, F).
        """
        start = timestamps[0]
        duration = tf.cast(tf.maximum(end_timestamp - start, 0), tf.float64) / _MICROSECONDS
        uniforms = tf.random.stateless_uniform([self.num_views + 1], seed, dtype=tf.float64)
        times = self.times(uniforms, duration)
        return frames_on_display(timestamps, start + tf.cast(times * _MICROSECONDS, tf.int64))


def frames_on_display(timestamps: tf.Tensor, times: tf.Tensor) -> tf.Tensor:
    """Index of the frame on display at each time: the last one that starts no later than the time.

    Args:
        timestamps: int64 [F], F >= 1, presentation time of each frame, ascending.
        times: int64 [V], in the same unit.

    Returns:
        int32 [V] in [0, F); times before the first frame give 0.
    """
    return tf.maximum(tf.searchsorted(timestamps, times, side="right") - 1, 0)
