# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which frames are taken of videos that are folders of pictures."""

import pytest

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.representation import video_frames


def _write(path, content=b""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_finds_video_files_and_folders_of_pictures(tmp_path):
    for name in (
        "b/1.jpg",
        "b/2.jpg",
        "a/film.MP4",
        "a/c/1.png",
        "top.webm",
        "loose.png",
        ".d/1.png",
    ):
        _write(tmp_path / name)
    expected = [str(tmp_path / name) for name in ("a/c", "a/film.MP4", "b", "top.webm")]
    assert video_frames.find(str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("frame_rate", "expected"),
    [(10, [0, 2, 5, 7, 10, 12, 14, 17, 19, 22]), (24, list(range(24))), (100, list(range(25)))],
)
def test_frames_of_a_folder_are_the_nearest_in_time(tmp_path, frame_rate, expected):
    """The first second of a video of 24 frames per second; a faster rate repeats none."""
    for number in range(30):
        _write(tmp_path / "video" / f"{number:03d}.jpg", bytes([number]))
    rate = video_frames.Rate(1.0, frame_rate, 24.0, 64)
    left_out: list[data_errors.LeftOut] = []
    (video,) = video_frames.read(str(tmp_path), [str(tmp_path / "video")], rate, left_out)
    assert [image[0] for image in video.images] == expected
    assert video.frame_names[1] == "video#00001"
    assert not left_out
