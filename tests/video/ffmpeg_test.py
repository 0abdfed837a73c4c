# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of loading tensorflow-io's video op, in processes of their own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from tests.video import fake_videos
from vito_tf.video import ffmpeg

ROOT = str(pathlib.Path(__file__).parents[2])

DECODE = """
import sys
import vito_tf
from vito_tf.video import ffmpeg
assert "tensorflow" not in sys.modules
op = ffmpeg.load_ffmpeg_op()
import av, cv2
import tensorflow as tf
path = sys.argv[1]
dataset = tf.data.Dataset.from_tensors(path).map(tf.io.read_file).map(op.decode_video)
print([tuple(frames.shape) for frames in dataset])
print(sum(1 for _ in av.open(path).decode(video=0)))
capture = cv2.VideoCapture(path)
print(sum(capture.read()[0] for _ in range(100)))
try:
    op.decode_video(b"no video")
except tf.errors.InvalidArgumentError:
    print("refused")
"""

LOAD = """
from vito_tf.video import ffmpeg
try:
    ffmpeg.load_ffmpeg_op()
except ffmpeg.FFmpegUnavailableError as error:
    print(error)
"""


def run(code, *args, flags=(), paths=(), **environment):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, paths), ROOT]),
        **environment,
    }
    return subprocess.run(
        [sys.executable, *flags, "-c", code, *args],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )


def test_fresh_process_decodes_quietly_beside_pyav_and_opencv(tmp_path):
    path = fake_videos.write_video(tmp_path / "v.mkv", 12, pix_fmt="yuvj420p")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    result = run(DECODE, path, TMPDIR=str(temporary), TF_CPP_MIN_LOG_LEVEL="3")
    assert result.stdout.splitlines() == ["[(12, 48, 64, 3)]", "12", "12", "refused"]
    # Other packages warn about the version of Python.
    for word in ("swscaler", "ffmpeg", "tensorflow_io", "cv2", "invalid"):
        assert word not in result.stderr.lower()
    assert list(temporary.iterdir()) == []


def fake_distribution(folder, version, libraries):
    info = folder / f"opencv_python_headless-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: opencv-python-headless\nVersion: {version}\n")
    bundle = folder / "opencv_python_headless.libs"
    bundle.mkdir()
    for library in libraries:
        (bundle / library).write_bytes(b"not a library")
    (info / "RECORD").write_text("".join(f"{bundle.name}/{name},,\n" for name in libraries))


FFMPEG_5 = ("libavutil-1.so.57.1", "libavformat-1.so.59.1", "libswscale-1.so.6.1")
DAMAGED = ("libavutil-1.so.56.1", "libavformat-1.so.58.1", "libswscale-1.so.5.1")


@pytest.mark.skipif(ffmpeg._system_has_ffmpeg(), reason="FFmpeg 4 of the system is used")
@pytest.mark.parametrize(
    ("version", "libraries", "reason"),
    [
        (None, (), "opencv-python-headless is not installed"),
        ("4.10.0.84", FFMPEG_5, "opencv-python-headless 4.10.0.84 does not bundle libavformat.so"),
        ("4.6.0.66", (), "opencv-python-headless 4.6.0.66 does not bundle libavformat.so.58"),
        ("4.6.0.66", DAMAGED, "the FFmpeg of opencv-python-headless does not load"),
    ],
)
def test_one_clear_error_without_ffmpeg(tmp_path, version, libraries, reason):
    if version:
        fake_distribution(tmp_path, version, libraries)
    package = importlib.util.find_spec("tensorflow_io")
    assert package is not None
    assert package.submodule_search_locations
    (tmp_path / "tensorflow_io").symlink_to(package.submodule_search_locations[0])
    result = run(LOAD, flags=["-S"], paths=[tmp_path])
    assert reason in result.stdout
    assert "pip install opencv-python-headless==4.6.0.66" in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_clear_error_without_tensorflow_io():
    assert "pip install tensorflow-io==0.36.0" in run(LOAD, flags=["-S"]).stdout
