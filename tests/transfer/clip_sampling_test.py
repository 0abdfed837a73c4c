# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Frames of clips, as tables and against a loop in numpy."""

import numpy as np
import pytest

from vito_tf.transfer import clip_sampling


def chosen(timestamps, end, places, num_frames, rate):
    return clip_sampling.clip_frames(
        np.array(timestamps, np.int64), np.int64(end), np.array(places, float), num_frames, rate
    ).numpy()


def test_a_rate_of_25_becomes_12():
    times = 40_000 * np.arange(100) + 7_000_000
    frames = chosen(times, times[0] + 4_000_000, [0.0], 24, 12.0)
    assert frames.tolist() == [
        [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47]
    ]


def test_records_of_the_clips_rate_give_all_their_frames():
    times = np.rint(np.arange(24) * 1e6 / 12).astype(np.int64)
    assert chosen(times, 2_000_000, [0.0, 0.7], 24, 12.0).tolist() == [list(range(24))] * 2


def test_clips_spread_from_the_start_to_the_end():
    times = 100_000 * np.arange(50)
    frames = chosen(times, 5_000_000, clip_sampling.linear_places(4), 4, 10.0)
    # Starts at 0, 1/3, 2/3 and all of 5 s - 0.4 s.
    assert frames.tolist() == [[0, 1, 2, 3], [15, 16, 17, 18], [30, 31, 32, 33], [46, 47, 48, 49]]
    assert clip_sampling.linear_places(1).numpy().tolist() == [0.5]


def test_short_videos_are_repeated():
    times = 40_000 * np.arange(25)
    frames = chosen(times, 1_000_000, [0.0, 0.3, 1.0], 6, 5.0)
    assert frames.tolist() == [[0, 5, 10, 15, 20, 0]] * 3
    assert chosen([0], 10, [0.9], 3, 12.0).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(5_000, 90_000, rng.integers(2, 90)))
    end = times[-1] + 40_000
    places = rng.uniform(size=3)
    for place, frames in zip(places, chosen(times, end, places, 16, 12.0)):
        seconds = (end - times[0]) / 1e6
        start = place * max(seconds - 16 / 12, 0)
        available = max(min(int(np.ceil(seconds * 12)), 16), 1)
        for number, frame in enumerate(frames):
            time = times[0] + 1e6 * (start + (number % available) / 12)
            assert frame == max(i for i in range(len(times)) if times[i] <= round(time))
