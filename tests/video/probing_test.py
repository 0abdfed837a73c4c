# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read from a video file without decoding it."""

import pathlib
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video import fake_videos
from vito_tf.video import probing


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [
        ("mp4", "libx264", Fraction(10)),
        ("mov", "libx264", Fraction(30000, 1001)),
        ("mkv", "libx264", Fraction(24)),
        ("m4v", "libx264", Fraction(60)),
        ("avi", "mpeg4", Fraction(25)),
        ("mpg", "mpeg2video", Fraction(25)),
        ("webm", "libvpx", Fraction(30)),
    ],
)
def test_timestamps_at_constant_rate(tmp_path, suffix, codec, rate):
    path = fake_videos.write_video(tmp_path / f"v.{suffix}", 20, rate, codec=codec)
    info = probing.probe_video(path)
    expected = np.arange(20) * float(1_000_000 / rate)
    assert info.timestamps.dtype == np.int64
    np.testing.assert_allclose(info.timestamps, expected, atol=1000)  # Matroska counts in ms.
    np.testing.assert_allclose(info.end_timestamp, float(20_000_000 / rate), atol=1100)
    assert (info.width, info.height) == (64, 48)
    assert info.decoded_bytes == 20 * 64 * 48 * 3
    assert info.seconds == info.end_timestamp / 1e6


def test_b_frames_in_avi_have_decoding_times_only(tmp_path):
    path = fake_videos.write_video(tmp_path / "v.avi", 12, 25, codec="libx264")
    info = probing.probe_video(path)
    np.testing.assert_array_equal(np.diff(info.timestamps), 40_000)
    assert info.end_timestamp == 480_000


def test_variable_rate(tmp_path):
    path = str(tmp_path / "v.mkv")
    times = [0, 40, 100, 400, 440]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.zeros([32, 32, 3], np.uint8), "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    info = probing.probe_video(path)
    np.testing.assert_array_equal(info.timestamps, np.array(times) * 1000)
    assert info.end_timestamp > 440_000


def broken(tmp_path, kind):
    path = tmp_path / "v.mp4"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a video\n" * 100)
    elif kind == "playlist":
        path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://localhost:1/a.ts\n#EXT-X-ENDLIST\n")
    elif kind == "concat":
        path.write_text("ffconcat version 1.0\nfile other.mp4\n")
    elif kind == "truncated":  # the index is at the end
        fake_videos.write_video(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    elif kind == "unknown codec":
        data = pathlib.Path(fake_videos.write_video(path)).read_bytes()
        path.write_bytes(data.replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    elif kind == "folder":
        path.mkdir()
    elif kind == "audio":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros([1, 1024], np.float32), "fltp", "mono")
            frame.rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return str(path)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("empty", "FFmpeg cannot read it"),
        ("text", "FFmpeg cannot read it"),
        ("playlist", "FFmpeg cannot read it"),
        ("concat", "FFmpeg cannot read it"),
        ("truncated", "FFmpeg cannot read it"),
        ("folder", "FFmpeg cannot read it"),
        ("missing", "FFmpeg cannot read it .No such file"),
        ("audio", "no video stream"),
        ("unknown codec", "FFmpeg has no decoder for it"),
    ],
)
def test_unusable_files_have_a_reason(tmp_path, kind, reason):
    with pytest.raises(probing.VideoError, match=reason):
        probing.probe_video(broken(tmp_path, kind))


def test_open_video_takes_contents(tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mp4", 3)
    with open(path, "rb") as file, probing.open_video(file.read()) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_files_cut_short_keep_the_frames_that_are_left(tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mkv", 100, options={"g": "10"})
    with open(path, "rb") as file:
        data = file.read()
    (tmp_path / "v.mkv").write_bytes(data[: len(data) // 2])
    assert 10 < len(probing.probe_video(path).timestamps) < 90


def test_text_that_is_no_unicode_does_no_harm(tmp_path):
    path = tmp_path / "v.avi"
    fake_videos.write_video(path, 3, codec="mpeg4")
    data = path.read_bytes()
    assert data.count(b"Lavf") == 1  # who wrote the file
    path.write_bytes(data.replace(b"Lavf", b"caf\xe9"))
    assert len(probing.probe_video(str(path)).timestamps) == 3
