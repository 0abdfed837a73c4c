# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the embedding of folders, and of choices that are made by them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.curation import rows as rows_lib
from tests.video import fake_videos
from vito_tf.curation import folder_embeddings
from vito_tf.curation.classifiers import NUM_CLASSES, Classifier, LoadedClassifier
from vito_tf.curation.near_duplicates import NearDuplicates
from vito_tf.curation.retrieval import NearestToTargets
from vito_tf.video.video_rows import VideoRow

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SIZE = 16


@dataclasses.dataclass(frozen=True)
class MeanColour(Classifier):
    """Features are the mean colour."""

    image_size: int = SIZE
    crop_share: float = 0.5

    def load(self) -> LoadedClassifier:
        def predict(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            features = tf.reduce_mean(tf.cast(images, tf.float32), axis=[1, 2])
            return tf.fill([tf.shape(images)[0], NUM_CLASSES], 1 / NUM_CLASSES), features

        return LoadedClassifier(predict, SIZE)


def _picture(path, colour, size=(40, 60), surround=(0, 0, 0)):
    """Writes a picture whose middle half is of a colour."""
    image = np.empty([*size, 3], np.uint8)
    image[:] = surround
    height, width = size
    image[height // 4 : -height // 4, width // 4 : -width // 4] = 200 * np.array(colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def _rows():
    return [
        VideoRow("red", "", embedding=RED),
        VideoRow("green", "", embedding=GREEN),
        VideoRow("blue", "", embedding=BLUE),
    ]


def test_videos_are_retrieved_by_images(tmp_path):
    _picture(tmp_path / "a" / "1.png", GREEN)
    for index in range(30):  # More than are embedded at once.
        _picture(tmp_path / "b" / f"{index}.PNG", BLUE, size=(60, 40), surround=(255, 0, 0))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    choice = NearestToTargets(str(tmp_path), neighbours=1)
    chosen = rows_lib.choose(choice.transform(MeanColour()), _rows())
    assert {name for name, row in chosen.items() if not row.is_kept} == {"red"}
    assert chosen["blue"].score == pytest.approx(1.0, abs=1e-3)


def test_what_evaluation_sets_hold_is_found(tmp_path):
    _picture(tmp_path / "images" / "1.png", RED)
    fake_videos.write_video(tmp_path / "grey.mp4", num_frames=30)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    rows = [*_rows(), VideoRow("grey", "", embedding=(0.577, 0.578, 0.579))]
    choice = NearDuplicates(evaluation_folders=(str(tmp_path),))
    chosen = rows_lib.choose(choice.transform(MeanColour()), rows)
    assert {name for name, row in chosen.items() if row.is_kept} == {"green", "blue"}
    assert chosen["red"].reason == chosen["grey"].reason == "in_evaluation_set"
    assert f"{tmp_path}/images/1.png" in chosen["red"].detail
    assert f"{tmp_path}/grey.mp4" in chosen["grey"].detail


def test_folders_without_files_are_errors(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match=r"NearestToTargets\.images: .* holds no file \.bmp"):
        NearestToTargets(str(tmp_path)).transform(MeanColour())
    folders = (str(tmp_path / "none"),)
    with pytest.raises(ValueError, match=r"NearDuplicates\.evaluation_folders: .*none"):
        NearDuplicates(evaluation_folders=folders).transform(MeanColour())


@pytest.mark.parametrize("size", [(16, 16), (33, 100), (100, 33), (1, 7), (500, 300)])
def test_the_square_is_the_middle(tmp_path, size):
    _picture(tmp_path / "a.png", GREEN, size=size, surround=GREEN)
    data = (tmp_path / "a.png").read_bytes()
    square = folder_embeddings.central_square(data, MeanColour())
    assert square.shape == (SIZE, SIZE, 3)
    assert square.dtype == np.uint8


def test_pictures_are_turned_upright(tmp_path):
    halves = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    image = Image.fromarray(halves.repeat(64, axis=1).repeat(32, axis=0))
    exif = Image.Exif()
    exif[0x0112] = 3  # Upside down.
    image.save(tmp_path / "a.png", exif=exif)
    square = folder_embeddings.central_square((tmp_path / "a.png").read_bytes(), MeanColour())
    assert square[0, 0].tolist() == [0, 0, 255]
    assert square[-1, -1].tolist() == [255, 0, 0]
