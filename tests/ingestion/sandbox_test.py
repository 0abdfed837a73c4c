# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the process that opens untrusted videos."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from PIL import Image

from tests.video import fake_videos
from vito_tf.ingestion.limits import Limits
from vito_tf.ingestion.sandbox import FirstFrames, Sandbox
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.probing import VideoError, probe_video

SHORT = CutSettings(clip_seconds=0.4, min_seconds=0)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(max_seconds=60)) as sandbox:
        yield sandbox


@pytest.fixture
def path(tmp_path):
    return fake_videos.write_video(tmp_path / "v.mp4", 30)


def _code(work):
    with pytest.raises(VideoError) as caught:
        work()
    return caught.value.code


def _pid(sandbox):
    return sandbox._process._process.pid


@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_clips_are_those_of_this_process(sandbox, path, encoding):
    settings = dataclasses.replace(SHORT, encoding=encoding)
    assert list(sandbox.cut(path, settings)) == list(cut_video(path, settings))


def test_what_probing_finds_comes_whole(sandbox, path):
    here, there = (dataclasses.asdict(p(path)) for p in (probe_video, sandbox.probe))
    np.testing.assert_array_equal(here.pop("timestamps"), there.pop("timestamps"))
    assert here == there
    assert there["codec"] == "h264"


def test_one_process_serves_many_videos(sandbox, path):
    sandbox.probe(path)
    pid = _pid(sandbox)
    for _ in range(3):
        list(sandbox.cut(path, SHORT))
    assert _pid(sandbox) == pid


@pytest.mark.parametrize("name", ["a b\nc.mp4", "..mp4", "ü:é%d.mp4", "http:x.mp4", "\udcff\udc80"])
def test_any_name_will_do(sandbox, path, tmp_path, name, monkeypatch):
    os.rename(path, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(list(sandbox.cut(name, SHORT))) == 3


def test_links_are_followed(sandbox, path, tmp_path):
    (tmp_path / "link.mp4").symlink_to(path)
    assert sandbox.probe(str(tmp_path / "link.mp4")).width == 64


def _unusable(tmp_path, kind):
    path = tmp_path / "v.mp4"
    if kind == "broken link":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        return "/dev/zero"
    elif kind == "null in the name":
        return str(path) + "\0"
    elif kind == "long name":
        return str(path) + "x" * 5000
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a video\n" * 1000)
    elif kind == "playlist":
        path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros([1, 1024], np.float32), "fltp", "mono")
            frame.sample_rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    elif kind == "encrypted":
        key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "5" * 32}
        options = {**key, "encryption_kid": "a" * 32, "fflags": "+bitexact"}  # else a random IV
        with av.open(str(path), "w", options=options) as container:
            video = container.add_stream("libx264", rate=25)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            noise = np.random.default_rng(0).integers(0, 256, [20, 48, 64, 3], np.uint8)
            for image in noise:
                container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            container.mux(video.encode())
    return str(path)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("missing", "missing"),
        ("broken link", "missing"),
        ("loop", "missing"),
        ("null in the name", "missing"),
        ("long name", "missing"),
        ("folder", "not_a_file"),
        ("fifo", "not_a_file"),
        ("device", "not_a_file"),
        ("empty", "empty_file"),
        ("text", "unreadable"),
        ("playlist", "unreadable"),
        ("sound", "no_video"),
    ],
)
def test_what_is_no_video_has_a_code(sandbox, tmp_path, kind, code):
    path = _unusable(tmp_path, kind)
    assert _code(lambda: sandbox.probe(path)) == code
    assert _code(lambda: list(sandbox.cut(path, SHORT))) == code


def test_encrypted_pictures_give_no_clip(sandbox, tmp_path):
    path = _unusable(tmp_path, "encrypted")
    assert _code(lambda: list(sandbox.cut(path, SHORT))) in ("damaged", "no_frames")


def test_files_that_may_not_be_read(tmp_path, path, sandbox, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # The tests may run as root.
    assert _code(lambda: sandbox.probe(path)) == "no_permission"


def test_first_frames_are_upright_squares_from_the_middle(sandbox, tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mp4", 10, size=(96, 48))
    fake_videos.turn_clockwise(path)
    shown: list[np.ndarray] = []
    clips = list(sandbox.cut(path, SHORT, FirstFrames(count=4, size=28), shown.append))
    (squares,) = shown
    assert squares.shape == (4, 28, 28, 3)
    assert squares.dtype == np.uint8
    assert len(clips) == 1
    with av.open(path) as container:
        for square, frame in zip(squares, container.decode(video=0)):
            upright = frame.to_image().transpose(Image.Transpose.ROTATE_270)  # 48x96
            whole = upright.resize((32, 64), Image.Resampling.BICUBIC)
            expected = np.asarray(whole.crop((2, 18, 30, 46)), np.float64)
            assert np.abs(square - expected).mean() < 4
            assert square[:8, -8:].mean() > 200  # the white quarter, now at the right


@pytest.mark.parametrize(("num_frames", "expected"), [(6, 6), (30, 10)])
def test_first_frames_come_once_and_at_the_rate_of_the_source(
    sandbox, tmp_path, num_frames, expected
):
    path = fake_videos.write_video(tmp_path / "v.mp4", num_frames, 60)
    shown: list[np.ndarray] = []
    first = FirstFrames(count=10, size=32, crop_share=1.0)
    list(sandbox.cut(path, SHORT, first, shown.append))
    assert [len(squares) for squares in shown] == [expected]
    levels = shown[0][:, -4:, -4:].mean((1, 2, 3))
    np.testing.assert_allclose(levels, [fake_videos.level(i) for i in range(expected)], atol=4)


def test_first_frames_are_looked_at_where_no_clip_is(sandbox, tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mp4", 100, options={"g": "10"})
    shown: list[np.ndarray] = []
    settings = dataclasses.replace(SHORT, stride_seconds=3.0)
    list(sandbox.cut(path, settings, FirstFrames(count=60, size=16), shown.append))
    levels = shown[0][:, -3:, -3:].mean((1, 2, 3))
    np.testing.assert_allclose(levels, [fake_videos.level(i) for i in range(60)], atol=4)


def test_a_refusal_is_passed_on_and_costs_nothing_more(sandbox, path):
    def refuse(images):
        raise KeyError("not wanted")

    sandbox.probe(path)
    pid = _pid(sandbox)
    with pytest.raises(KeyError, match="not wanted"):
        list(sandbox.cut(path, SHORT, FirstFrames(count=3), refuse))
    assert len(list(sandbox.cut(path, SHORT))) == 3
    assert _pid(sandbox) == pid


def test_a_cut_can_be_abandoned(sandbox, path):
    clips = sandbox.cut(path, SHORT)
    next(clips)
    with pytest.raises(RuntimeError, match="one video at a time"):
        sandbox.probe(path)
    clips.close()
    assert len(list(sandbox.cut(path, SHORT))) == 3


def test_damage_comes_after_the_clips_before_it(sandbox, tmp_path):
    path = tmp_path / "v.mp4"
    fake_videos.write_video(path, 100, options={"g": "10"})
    with av.open(str(path)) as container:
        packet = [p for p in container.demux(video=0) if p.size][70]
        start, size = packet.pos or 0, packet.size
    data = bytearray(path.read_bytes())
    data[start : start + size] = b"\xff" * size
    path.write_bytes(data)
    clips = sandbox.cut(str(path), CutSettings(clip_seconds=1.28))
    assert [len(next(clips).timestamps), len(next(clips).timestamps)] == [32, 32]
    assert _code(lambda: next(clips)) == "damaged"


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"max_file_bytes": 1000}, "file_too_large"),
        ({"max_frame_pixels": 64 * 48 - 1}, "frame_too_large"),
        ({"max_frames": 29}, "too_many_frames"),
        ({"max_clip_bytes": 1000}, "clip_too_large"),
    ],
)
def test_limits_have_codes(path, limit, code):
    with Sandbox(Limits(**limit)) as sandbox:
        assert _code(lambda: list(sandbox.cut(path, SHORT))) == code
        if code != "clip_too_large":
            assert _code(lambda: sandbox.probe(path)) == code
    exactly = {"max_frame_pixels": 64 * 48, "max_frames": 30}
    with Sandbox(Limits(**exactly)) as sandbox:
        assert len(list(sandbox.cut(path, SHORT))) == 3


def test_frames_larger_than_announced_are_refused(tmp_path):
    """The container says 64x48; the stream holds 640x480."""
    path = fake_videos.write_video(tmp_path / "v.mkv", 5, size=(640, 480))
    with open(path, "rb") as file:
        data = file.read()
    announced = data.replace(b"\xb0\x82\x02\x80", b"\xb0\x82\x00\x40").replace(
        b"\xba\x82\x01\xe0", b"\xba\x82\x00\x30"
    )
    assert announced != data
    with open(path, "wb") as file:
        file.write(announced)
    with Sandbox(Limits(max_frame_pixels=100_000)) as sandbox:
        code = _code(lambda: list(sandbox.cut(path, SHORT)))
    assert code in ("frame_too_large", "no_frames", "damaged")


def test_memory_is_limited_and_the_next_video_is_unharmed(tmp_path, path):
    large = str(tmp_path / "large.avi")
    with av.open(large, "w") as container:
        stream = container.add_stream("mjpeg", rate=5)
        stream.width, stream.height, stream.pix_fmt = 10_000, 10_000, "yuvj444p"
        container.mux(stream.encode(av.VideoFrame(10_000, 10_000, "yuvj444p")))
        container.mux(stream.encode())
    with Sandbox(Limits(max_memory_bytes=1 << 29, max_frame_pixels=1 << 30)) as sandbox:
        # FFmpeg 7.1 does not say of what its decoder failed.
        assert _code(lambda: list(sandbox.cut(large, SHORT))) in ("out_of_memory", "damaged")
        assert len(list(sandbox.cut(path, SHORT))) == 3


def test_time_is_limited_but_not_that_of_the_caller(path, tmp_path):
    slow = fake_videos.write_video(tmp_path / "slow.avi", 60, size=(1920, 1080), codec="mpeg4")
    with Sandbox(Limits(max_seconds=0.3)) as sandbox:
        large = dataclasses.replace(SHORT, short_side=1080)
        assert _code(lambda: list(sandbox.cut(slow, large))) == "out_of_time"
        clips = list(sandbox.cut(path, SHORT, FirstFrames(count=2), lambda _: time.sleep(0.6)))
        assert len(clips) == 3


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_is_a_reason_and_the_next_video_is_unharmed(sandbox, path, number):
    clips = sandbox.cut(path, SHORT, FirstFrames(count=5), lambda _: os.kill(_pid(sandbox), number))
    with pytest.raises(VideoError, match=number.name) as caught:
        list(clips)
    assert caught.value.code == "crashed"
    assert len(list(sandbox.cut(path, SHORT))) == 3


def test_a_process_that_died_between_videos_is_replaced(sandbox, path):
    sandbox.probe(path)
    os.kill(_pid(sandbox), signal.SIGKILL)
    time.sleep(0.1)
    assert sandbox.probe(path).width == 64


def test_nothing_outlives_the_parent(path):
    program = (
        "import sys, time\n"
        "from vito_tf.ingestion.sandbox import Sandbox, Limits\n"
        "sandbox = Sandbox(Limits())\n"
        "sandbox.probe(sys.argv[1])\n"
        "print(sandbox._process._process.pid, 'tensorflow' in sys.modules, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, has_tensorflow = parent.stdout.readline().split()
        parent.kill()
    assert has_tensorflow == "False"
    for _ in range(100):
        if not _is_alive(int(pid)):
            return
        time.sleep(0.05)
    pytest.fail("The decoding process is still there.")


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_process_imports_neither_tensorflow_nor_beam():
    program = (
        "import sys, vito_tf.ingestion.decoder\n"
        "print([name for name in ('tensorflow', 'apache_beam') if name in sys.modules])\n"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert output.stdout == b"[]\n"
