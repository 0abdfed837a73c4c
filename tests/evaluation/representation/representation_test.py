# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark representation on pictures and videos whose geometry is known."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.evaluation.representation import pictures
from tests.video import fake_videos
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.representation import random_views, representation


def _write_frames(folder, colours):
    """A folder of plain frames."""
    folder.mkdir(parents=True)
    for number, colour in enumerate(colours):
        pixels = np.broadcast_to(np.array(colour, np.uint8), [20, 24, 3])
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")


def test_videos(tmp_path, monkeypatch):
    """A straight one, one to and fro, a static one, a black one, a file, and two broken ones."""
    data = tmp_path / "data"
    greys = np.arange(5)[:, None] * 40 + 40
    _write_frames(data / "videos" / "straight", greys * [1, 0, 0])
    _write_frames(data / "videos" / "to_and_fro", [[0, c, 0] for c in (50, 90, 50, 200, 50)])
    _write_frames(data / "videos" / "static", [[90, 90, 90]] * 5)
    _write_frames(data / "videos" / "black", [[0, 0, 0]] * 5)
    _write_frames(data / "videos" / "short", [[50, 0, 0]] * 2)
    _write_frames(data / "videos" / "damaged", [[50, 0, 0]] * 4)
    (data / "videos" / "damaged" / "001.png").write_bytes(b"no picture")
    fake_videos.write_video(str(data / "videos" / "film.mp4"), num_frames=20, rate=10)
    (data / "videos" / "broken.mp4").write_bytes(b"no video")
    one = representation.Representation(folder_frame_rate=10.0)
    result = pictures.run(one, data, tmp_path)
    rows = {row["video"]: row for row in result.items}
    assert list(rows) == ["film.mp4", "static", "straight", "to_and_fro"]
    assert rows["film.mp4"]["frames"] == 20
    for name, expected in (("straight", 0), ("to_and_fro", 180)):
        assert rows[name]["curvature"] == pytest.approx(expected, abs=0.5)
        assert rows[name]["pixel_curvature"] == pytest.approx(expected, abs=0.5)
        assert rows[name]["adjacent_cosine"] == pytest.approx(1, abs=1e-5)
    assert rows["static"]["curvature"] is None
    reasons = {row.name: row.reason for row in result.left_out}
    assert set(reasons) == {
        "figures of images",
        "black",
        "broken.mp4",
        "curvature of static",
        "damaged",
        "short",
    }
    assert "cannot be decoded" in reasons["damaged"]
    assert "2 frames" in reasons["short"]
    moving = [row for name, row in rows.items() if name != "static"]
    mean = np.mean([row["curvature"] for row in moving])
    assert result.figures["curvature"] == pytest.approx(mean)
    change = mean - np.mean([row["pixel_curvature"] for row in moving])
    assert result.figures["curvature_change"] == pytest.approx(change)
    assert 0 < result.figures["temporal_stability"] <= 1
    assert "effective_rank" not in result.figures
    json.dumps(dataclasses.asdict(result), allow_nan=False)
    html = pictures.report(one, result, tmp_path)
    assert html.count("<img") == 2
    assert "effective" not in html


def test_images(tmp_path):
    """Plain colours: views differ by their colours alone."""
    for seed, (name, colour) in enumerate(pictures.COLOURS.items()):
        pictures.write_pictures(tmp_path / "data" / name, colour, 3, seed)
    pictures.write_pictures(tmp_path / "data" / "black", (0, 0, 0), 1, noise=0)
    (tmp_path / "data" / "red" / "broken.jpg").write_bytes(b"no picture")
    one = representation.Representation()
    result = pictures.run(one, tmp_path / "data", tmp_path)
    assert result.details["images"] == 10
    assert result.details["dimensions"] == 3
    assert len(result.details["spectrum"]) == 3
    assert sum(result.details["spectrum"]) == pytest.approx(1)
    assert 1 < result.figures["effective_rank"] <= 3
    assert 0 < result.figures["relative_spread"] < 1
    assert -4 < result.figures["uniformity"] < 0 < result.figures["alignment"] < 4
    reasons = {row.name: row.reason for row in result.left_out}
    assert "Unknown image file format" in reasons["red/broken.jpg"]
    assert reasons["black/0.png"].endswith("does not count for spread and uniformity")
    html = pictures.report(one, result, tmp_path)
    assert "effective rank" in html
    assert "stability" not in html


def test_collapse_is_named(tmp_path):
    pictures.write_pictures(tmp_path / "data" / "images", (90, 90, 90), 3, noise=0)
    (tmp_path / "data" / "images" / "folder.png").mkdir()
    one = representation.Representation(max_images=2)
    result = pictures.run(one, tmp_path / "data", tmp_path)
    assert result.details["images"] == 2
    assert result.figures["effective_rank"] is None
    assert result.figures["relative_spread"] == pytest.approx(0, abs=1e-6)
    assert any("collapsed" in note for note in result.notes)
    assert any(note.startswith("2 of 3 images") for note in result.notes)
    assert "figures of videos" in {row.name for row in result.left_out}
    assert pictures.report(one, result, tmp_path).count("<img") == 0


def test_videos_beyond_the_limit_are_left_out_evenly():
    one = representation.Representation(max_images=2, max_videos=3)
    images, videos = one._chosen([*"abcde"], [*"abcde"])
    assert videos == ["a", "c", "e"]
    assert len(images) == 2
    assert list(images) == sorted(set(images))


def test_one_image_is_no_collapse(tmp_path):
    pictures.write_pictures(tmp_path / "data", (90, 90, 90), 1)
    result = pictures.run(representation.Representation(), tmp_path / "data", tmp_path)
    for name in ("effective_rank", "relative_spread", "uniformity"):
        assert result.figures[name] is None
    assert result.notes == ["One image has neither rank nor spread."]
    assert pictures.report(representation.Representation(), result, tmp_path).count("<img") == 0


def test_no_usable_video_is_an_error(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(data_errors.DataError, match=r"no video can be used \(first: broken\.mp4: "):
        pictures.run(representation.Representation(), tmp_path, tmp_path)


def test_views_depend_on_image_and_seed_alone():
    noise = np.random.default_rng(0).integers(0, 256, [30, 20, 3], np.uint8)
    png = tf.io.encode_png(noise)
    first, second = random_views.pair(0.3, 1)
    assert first.name != second.name
    np.testing.assert_array_equal(first.view(png, 16), first.view(png, 16))
    assert np.abs(first.view(png, 16) - second.view(png, 16)).max() > 0.05
    for other in (random_views.pair(0.3, 2)[0], random_views.pair(0.9, 1)[0]):
        assert other.name != first.name
        assert np.abs(first.view(png, 16) - other.view(png, 16)).max() > 0.05


def test_the_first_view_is_always_blurred_and_the_second_seldom():
    """A1 and A2: of noise, blur leaves less contrast between neighbouring pixels."""
    noise = np.random.default_rng(0).integers(0, 256, [64, 64, 3], np.uint8)
    png = tf.io.encode_png(noise)
    for seed in range(3):
        contrasts = []
        for view in random_views.pair(1.0, seed):
            pixels = view.view(png, 64).numpy()
            contrasts.append(np.abs(np.diff(pixels, axis=1)).mean() / pixels.std())
        assert contrasts[0] < 0.8 * contrasts[1]


@pytest.mark.parametrize("content", [None, "empty"])
def test_nothing_to_look_at(tmp_path, content):
    if content:
        (tmp_path / "data").mkdir()
    with pytest.raises(data_errors.DataError, match="images/"):
        pictures.run(representation.Representation(), tmp_path / "data", tmp_path)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"max_images": 0}, "max_images"),
        ({"max_videos": 0}, "max_videos"),
        ({"frame_rate": 0.0}, "frame_rate"),
        ({"folder_frame_rate": float("nan")}, "folder_frame_rate"),
        ({"seconds": 0.1}, "seconds"),
        ({"min_crop_area": 0.0}, "min_crop_area"),
    ],
)
def test_impossible_values(values, field):
    with pytest.raises(ValueError, match=rf"Representation\.{field} "):
        representation.Representation(**values)
