# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the times of frames; the grid is tested with whole videos in cutter_test."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video import fake_videos
from vito_tf.video.frame_times import displayed_frames

RATE = 25


def _times(path):
    with av.open(str(path), "r") as container:
        shown = list(displayed_frames(container, container.streams.video[0]))
    levels = [frame.frame.to_ndarray(format="rgb24")[-8:, -8:].mean() for frame in shown]
    assert [round((level - 10) / 10) for level in levels] == [i % 20 for i in range(len(levels))]
    for before, after in zip(shown, shown[1:]):
        assert before.start < before.end == after.start
    return [(frame.start, frame.end) for frame in shown]


def _rewrite(path, change):
    """Encodes 40 frames and writes their packets after `change(packet, its number)`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        packets = []
        for index in range(40):
            image = np.full([48, 64, 3], fake_videos.level(index), np.uint8)
            packets += stream.encode(av.VideoFrame.from_ndarray(image, "rgb24"))
        for number, packet in enumerate(packets + stream.encode()):
            change(packet, number)
            container.mux(packet)


def test_b_frames_come_in_order(tmp_path):
    _rewrite(tmp_path / "a.mkv", lambda packet, number: None)
    times = _times(tmp_path / "a.mkv")
    starts = np.array([start for start, _ in times])
    np.testing.assert_allclose(starts - starts[0], np.arange(40) * 40_000, atol=1000)


def test_decoding_times_stand_in_for_presentation_times(tmp_path):
    def drop_presentation_time(packet, number):
        packet.time_base = Fraction(1, RATE)
        packet.pts = packet.dts = number

    _rewrite(tmp_path / "a.mp4", drop_presentation_time)
    starts = np.array([start for start, _ in _times(tmp_path / "a.mp4")])
    assert len(starts) == 40
    # Some milliseconds too late or early while the clock finds out, never adding up.
    np.testing.assert_allclose(np.diff(starts[6:]), 40_000, atol=1000)
    assert abs(starts[-1] - starts[0] - 39 * 40_000) <= 80_000


@pytest.mark.parametrize("seconds_back", [2, 5])
def test_time_runs_on_after_a_jump_back(tmp_path, seconds_back):
    """A transport stream of two joined recordings."""
    parts = []
    for name in ("a.ts", "b.ts"):
        with av.open(str(tmp_path / name), "w", format="mpegts") as container:
            stream = container.add_stream("mpeg2video", rate=RATE, options={"bf": "0"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.bit_rate = 2_000_000
            offset = seconds_back * RATE if name == "a.ts" else 0
            for index in range(20):
                image = np.full([48, 64, 3], fake_videos.level(index), np.uint8)
                frame = av.VideoFrame.from_ndarray(image, "rgb24")
                frame.pts, frame.time_base = index + offset, Fraction(1, RATE)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        parts.append((tmp_path / name).read_bytes())
    (tmp_path / "joined.ts").write_bytes(b"".join(parts))
    times = _times(tmp_path / "joined.ts")
    assert len(times) == 40
    np.testing.assert_allclose(np.diff([start for start, _ in times]), 40_000, atol=1)


def test_the_last_frame_ends(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 10, 24)
    start, end = _times(path)[-1]
    assert end - start == pytest.approx(1_000_000 / 24, abs=1)
