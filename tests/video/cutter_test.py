# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of cutting one video."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from tests.video import fake_videos
from vito_tf.video import frame_times
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.probing import VideoError

NTSC = Fraction(30000, 1001)


def _write_timed(path, times_ms, size=(64, 48), aspect=None, options=None):
    """Writes frames at the given times in milliseconds; the last is shown as long as the first."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0", **(options or {})})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for index, time in enumerate(times_ms):
            image = np.full([size[1], size[0], 3], fake_videos.level(index), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def _decode(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def _source_index(pixels: np.ndarray) -> int:
    """Number of the source frame, modulo 20, from the grey level of its lower right corner."""
    return round((pixels[-8:, -8:].mean() - 10) / 10)


def _nearest(starts_us, end_us, frame_rate):
    """Slow search: for each grid point up to the middle of the last frame, the nearest frame.

    Of two equally near frames, the later; each frame once.
    """
    starts = [Fraction(start - starts_us[0]) for start in starts_us]
    last_middle = (starts[-1] + end_us - starts_us[0]) / 2
    chosen, point = set(), Fraction(0)
    while point < last_middle:
        chosen.add(min(range(len(starts)), key=lambda i: (abs(starts[i] - point), -i)))
        point += Fraction(1_000_000) / frame_rate
    return sorted(chosen)


@pytest.mark.parametrize(
    ("name", "codec", "rate", "expected_frames"),
    [
        ("a.mp4", "libx264", 10, 20),
        ("a.mkv", "libx264", 24, 48),
        ("a.mov", "libx265", 25, 50),
        ("a.mpg", "mpeg2video", 25, 50),
        ("a.avi", "mpeg4", 25, 50),
        ("a.mp4", "libx264", NTSC, 50),
        ("a.webm", "libvpx", 30, 50),
        ("a.mp4", "libx264", 60, 50),
        ("a.flv", "libx264", 30, 50),
        ("a.flv", "flv", 25, 50),
        ("a.wmv", "wmv2", 24, 48),
        ("a.asf", "msmpeg4", NTSC, 50),
        ("a.ogv", "libvpx", 24, 48),
        ("a.3gp", "libx264", 25, 50),
        ("a.m2ts", "libx264", 25, 50),
        ("a.vob", "mpeg2video", 25, 50),
    ],
)
def test_rates_and_containers(tmp_path, name, codec, rate, expected_frames):
    num_frames = round(2 * rate)
    path = fake_videos.write_video(tmp_path / name, num_frames, rate, codec=codec)
    (clip,) = cut_video(path, CutSettings())
    assert len(clip.timestamps) == len(clip.images) == expected_frames
    source = [round(i * 1_000_000 / Fraction(rate)) for i in range(num_frames + 1)]
    kept = _nearest(source[:-1], source[-1], 25)
    relative = np.array(clip.timestamps) - clip.timestamps[0]
    np.testing.assert_allclose(
        relative, [source[i] for i in kept], atol=1000
    )  # mkv counts milliseconds
    assert abs(clip.end_timestamp - clip.timestamps[0] - 2_000_000) <= 1000_000 / rate
    shown = [_source_index(_decode(image)) for image in clip.images]
    assert shown == [i % 20 for i in kept]


def test_variable_frame_rate_keeps_the_frames_nearest_to_the_grid(tmp_path):
    gaps = np.random.default_rng(0).choice([5, 15, 30, 40, 70, 300], 60)
    times = [0, *np.cumsum(gaps).tolist()]
    (clip,) = cut_video(_write_timed(tmp_path / "a.mkv", times), CutSettings(clip_seconds=60))
    starts = [time * 1000 for time in times]
    expected = [starts[i] for i in _nearest(starts, clip.end_timestamp, 25)]
    assert list(clip.timestamps) == expected
    assert 20 < len(expected) < 61


def test_pieces_meet_and_a_short_rest_is_dropped(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 100, 30)  # 3.33 s
    clips = list(cut_video(path, CutSettings(clip_seconds=1.2, min_seconds=0.5)))
    assert [len(clip.timestamps) for clip in clips] == [30, 30, 23]
    for before, after in zip(clips, clips[1:]):
        assert before.timestamps[-1] < before.end_timestamp <= after.timestamps[0]
        assert after.timestamps[0] - before.end_timestamp < 20_000
    clips = list(cut_video(path, CutSettings(clip_seconds=1.2, min_seconds=1.0)))
    assert [len(clip.timestamps) for clip in clips] == [30, 30]


def test_a_video_of_two_seconds_is_a_clip_and_a_shorter_one_says_why_not(tmp_path):
    assert len(list(cut_video(fake_videos.write_video(tmp_path / "a.mp4", 50), CutSettings()))) == 1
    path = fake_videos.write_video(tmp_path / "b.mp4", 20)
    with pytest.raises(VideoError, match=r"0.80 s, less than CutSettings.min_seconds = 1.28"):
        list(cut_video(path, CutSettings()))


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((128, 96), 48, (64, 48)),
        ((96, 128), 48, (48, 64)),
        ((64, 48), 256, (64, 48)),
        ((100, 62), 31, (50, 31)),
    ],
)
def test_short_side_shrinks_and_never_grows(tmp_path, size, short_side, expected):
    path = fake_videos.write_video(tmp_path / "a.mp4", 10, size=size)
    (clip,) = cut_video(path, CutSettings(short_side=short_side, min_seconds=0))
    assert (clip.width, clip.height) == expected
    assert _decode(clip.images[0]).shape == (expected[1], expected[0], 3)


def test_mp4_frames_are_cropped_for_their_decoder(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 10, size=(100, 62))
    settings = CutSettings(short_side=31, min_seconds=0, encoding="mp4")
    (clip,) = cut_video(path, settings)
    assert (clip.width, clip.height) == (48, 30)  # of 50x31
    with av.open(io.BytesIO(clip.video), "r") as container:
        frame = next(container.decode(video=0))
    white = frame.to_ndarray(format="gray") > 128
    assert white[3:12, 3:20].all()
    assert not white[:, 28:].any()
    assert not white[19:].any()
    path = fake_videos.write_video(tmp_path / "b.mp4", 10, size=(14, 62))
    with pytest.raises(VideoError, match="too small for mp4 clips"):
        list(cut_video(path, settings))


def test_display_rotation_is_applied(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 10, size=(96, 48))
    fake_videos.turn_clockwise(path)
    (clip,) = cut_video(path, CutSettings(min_seconds=0))
    assert (clip.width, clip.height) == (48, 96)
    bright = _decode(clip.images[0]).mean(-1) > 128  # the white quarter was at the upper left
    assert bright[4:44, 28:44].all()
    assert not bright[:, :20].any()
    assert not bright[52:].any()


@pytest.mark.parametrize(
    ("aspect", "expected"), [(Fraction(4, 3), (64, 36)), (Fraction(1, 2), (32, 48))]
)
def test_pixels_become_square_by_shrinking(tmp_path, aspect, expected):
    path = _write_timed(tmp_path / "a.mp4", range(0, 400, 40), aspect=aspect)
    (clip,) = cut_video(path, CutSettings(min_seconds=0))
    assert (clip.width, clip.height) == expected


def test_colours_survive(tmp_path):
    colour = (200, 60, 30)
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        image = np.full([48, 64, 3], colour, np.uint8)
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    (clip,) = cut_video(str(tmp_path / "a.mp4"), CutSettings(min_seconds=0))
    np.testing.assert_allclose(_decode(clip.images[2]).mean((0, 1)), colour, atol=4)


def test_mp4_clips_hold_every_frame(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 80, 30)
    clips = list(cut_video(path, CutSettings(clip_seconds=1.6, min_seconds=0, encoding="mp4")))
    assert [len(clip.timestamps) for clip in clips] == [40, 27]
    jpegs = list(cut_video(path, CutSettings(clip_seconds=1.6, min_seconds=0)))
    for clip, same in zip(clips, jpegs):
        assert clip.images == ()
        assert clip.timestamps == same.timestamps
        with av.open(io.BytesIO(clip.video), "r") as container:
            assert container.streams.video[0].codec_context.name == "h264"
            frames = list(container.decode(video=0))
        times = [round((frame.time or 0) * 1_000_000) for frame in frames]
        assert times == [t - clip.timestamps[0] for t in clip.timestamps]
        shown = [_source_index(frame.to_ndarray(format="rgb24")) for frame in frames]
        assert shown == [_source_index(_decode(image)) for image in same.images]


@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_the_same_video_gives_the_same_bytes(tmp_path, encoding):
    path = fake_videos.write_video(tmp_path / "a.mp4", 40)
    settings = CutSettings(encoding=encoding)
    assert list(cut_video(path, settings)) == list(cut_video(path, settings))


def test_quality_is_that_of_the_settings(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 40)
    sizes = [
        len(next(cut_video(path, CutSettings(jpeg_quality=quality))).images[0])
        for quality in (30, 95)
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    "contents", [b"", b"not a video" * 100, b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"]
)
def test_what_is_no_video_has_a_reason(tmp_path, contents):
    path = tmp_path / "a.mp4"
    path.write_bytes(contents)
    with pytest.raises(VideoError, match="cannot read"):
        list(cut_video(str(path), CutSettings()))


def test_missing_file_and_sound_only(tmp_path):
    with pytest.raises(VideoError, match="No such file"):
        list(cut_video(str(tmp_path / "a.mp4"), CutSettings()))
    path = str(tmp_path / "sound.mkv")
    with av.open(path, "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros([1, 800], np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(VideoError, match="no video stream"):
        list(cut_video(path, CutSettings()))


def test_damage_in_the_middle_comes_after_the_clips_before_it(tmp_path):
    path = tmp_path / "a.mp4"
    fake_videos.write_video(path, 100, options={"g": "10"})
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        start, size = packets[70].pos or 0, packets[70].size
    data = bytearray(path.read_bytes())
    data[start : start + size] = b"\xff" * size
    path.write_bytes(data)
    clips = cut_video(str(path), CutSettings(clip_seconds=1.28))
    assert [len(next(clips).timestamps), len(next(clips).timestamps)] == [32, 32]
    with pytest.raises(VideoError, match="cannot read"):
        next(clips)


@pytest.mark.parametrize(
    ("clip_seconds", "stride_seconds", "expected"),
    [
        (1.2, 1.2, [(0, 30), (30, 60), (60, 90), (90, 100)]),
        (1.2, 0.8, [(0, 30), (20, 50), (40, 70), (60, 90), (80, 100)]),
        (2.0, 0.4, [(0, 50), (10, 60), (20, 70), (30, 80), (40, 90), (50, 100)]),
        (0.4, 1.6, [(0, 10), (40, 50), (80, 90)]),
        (10.0, 1.0, [(0, 100)]),
    ],
)
@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_stride(tmp_path, clip_seconds, stride_seconds, expected, encoding):
    path = fake_videos.write_video(tmp_path / "a.mp4", 100)
    settings = CutSettings(
        clip_seconds=clip_seconds,
        stride_seconds=stride_seconds,
        min_seconds=0.2,
        encoding=encoding,
    )
    clips = list(cut_video(path, settings))
    starts = [round((clip.timestamps[0] - clips[0].timestamps[0]) / 40_000) for clip in clips]
    assert [(s, s + len(clip.timestamps)) for s, clip in zip(starts, clips)] == expected
    whole = next(cut_video(path, CutSettings(clip_seconds=60)))
    for (start, stop), clip in zip(expected, clips):
        assert clip.timestamps == whole.timestamps[start:stop]
        if encoding == "jpeg":
            assert clip.images == whole.images[start:stop]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"g": "12", "bf": "3"}),
        ("a.mkv", "libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1"}),
        ("a.ts", "libx264", {"g": "12"}),
        ("a.mov", "libx265", {"x265-params": "keyint=12:log-level=none"}),
        ("a.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
        ("a.webm", "libvpx", {"g": "12"}),
        ("a.avi", "mpeg4", {"g": "12", "bf": "2"}),
        ("a.mp4", "libx264", {"g": "1000", "x264-params": "scenecut=0"}),
    ],
)
@pytest.mark.parametrize("rate", [25, NTSC])
def test_gaps_are_skipped_and_change_nothing(tmp_path, monkeypatch, name, codec, options, rate):
    path = fake_videos.write_video(tmp_path / name, 240, rate, codec=codec, options=options)
    settings = CutSettings(clip_seconds=0.4, stride_seconds=2.5, min_seconds=0)
    seen: list[int] = []
    clips = list(cut_video(path, settings, watch=lambda frame, _: seen.append(1)))
    num_decoded = len(seen)
    monkeypatch.setattr(frame_times, "_WORTH_SKIPPING", 1 << 60)
    assert clips == list(cut_video(path, settings, watch=lambda frame, _: seen.append(1)))
    assert len(seen) - num_decoded == 240
    assert len(clips) == 4
    # No keyframe, nothing to skip to.
    assert num_decoded < 160 if options.get("g") != "1000" else num_decoded == 240


def test_gaps_in_a_video_of_variable_rate(tmp_path, monkeypatch):
    gaps = np.random.default_rng(1).choice([5, 15, 30, 40, 70, 300], 300)
    path = _write_timed(tmp_path / "a.mkv", [0, *np.cumsum(gaps).tolist()], options={"g": "9"})
    for seconds in (1.7, 2.9):
        settings = CutSettings(clip_seconds=0.6, stride_seconds=seconds, min_seconds=0)
        clips = list(cut_video(path, settings))
        with monkeypatch.context() as patch:
            patch.setattr(frame_times, "_WORTH_SKIPPING", 1 << 60)
            assert clips == list(cut_video(path, settings))


@pytest.mark.parametrize("rate", [2, 10, 24, 25, NTSC, 60])
def test_repeated_frames_make_a_constant_rate(tmp_path, rate):
    num_frames = round(3 * rate)
    path = fake_videos.write_video(tmp_path / "a.mp4", num_frames, rate)
    clips = list(cut_video(path, CutSettings(clip_seconds=1.2, repeat_frames=True, min_seconds=0)))
    times = [time for clip in clips for time in clip.timestamps]
    origin = times[0]
    assert times == [origin + 40_000 * i for i in range(len(times))]
    assert abs(len(times) - 75) <= 1
    assert all(len(clip.timestamps) == 30 for clip in clips[:-1])
    assert all(clip.frame_rate == pytest.approx(25) for clip in clips)
    starts = [i / Fraction(rate) for i in range(num_frames)]
    shown = [_source_index(_decode(image)) for clip in clips for image in clip.images]
    for point, index in enumerate(shown):
        distances = [abs(start - Fraction(point, 25)) for start in starts]
        nearest = [i for i, d in enumerate(distances) if d - min(distances) < 1e-3]
        assert index in [i % 20 for i in nearest]


def test_repeated_frames_fill_gaps(tmp_path):
    times = [0, 40, 80, 500, 540]
    settings = CutSettings(clip_seconds=60, repeat_frames=True, min_seconds=0)
    (clip,) = cut_video(_write_timed(tmp_path / "a.mkv", times), settings)
    shown = [_source_index(_decode(image)) for image in clip.images]
    assert shown == [0, 1, 2, 2, 2, 2, 2, 2, *[3] * 5, 4]


def test_a_larger_frame_than_allowed_is_refused(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.mp4", 10)
    with pytest.raises(VideoError, match="64x48 exceed 3071 pixels") as caught:
        list(cut_video(path, CutSettings(min_seconds=0), max_frame_pixels=64 * 48 - 1))
    assert caught.value.code == "frame_too_large"


def test_what_comes_before_the_first_keyframe_is_passed_over(tmp_path):
    path = tmp_path / "a.ts"
    fake_videos.write_video(path, 60, options={"g": "20", "bf": "0"})
    data = path.read_bytes()
    packets = [p for p in av.open(str(path)).demux(video=0) if p.size]
    path.write_bytes(data[: 188 * 4] + data[(packets[3].pos or 0) // 188 * 188 :])
    clips = list(cut_video(str(path), CutSettings(min_seconds=0)))
    shown = [_source_index(_decode(image)) for clip in clips for image in clip.images]
    assert shown[-20:] == list(range(20))
    assert 40 <= len(shown) < 60


@pytest.mark.parametrize(
    ("change", "code"), [({"clip_seconds": 1e9, "min_seconds": 0}, None), ({}, "too_short")]
)
def test_still_pictures(tmp_path, change, code):
    """One frame is a clip, if one that short is wanted."""
    path = fake_videos.write_video(tmp_path / "a.mp4", 1)
    if code is None:
        (clip,) = cut_video(path, CutSettings(**change))
        assert len(clip.timestamps) == 1
    else:
        with pytest.raises(VideoError) as caught:
            list(cut_video(path, CutSettings(**change)))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("kwargs", "binding"),
    [
        ({"clip_seconds": 0}, "CutSettings.clip_seconds"),
        ({"frame_rate": 0}, "CutSettings.frame_rate"),
        ({"short_side": 0}, "CutSettings.short_side"),
        ({"min_seconds": 20}, "CutSettings.min_seconds"),
        ({"jpeg_quality": 101}, "CutSettings.jpeg_quality"),
        ({"encoding": "gif"}, "CutSettings.encoding"),
        ({"stride_seconds": 0.01}, "CutSettings.stride_seconds"),
    ],
)
def test_wrong_settings_name_the_binding(kwargs, binding):
    with pytest.raises(ValueError, match=binding):
        CutSettings(**kwargs)
