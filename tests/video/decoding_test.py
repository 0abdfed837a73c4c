# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of decoding sampled frames in the tf.data graph."""

import io
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.video import fake_videos
from vito_tf import augmentation
from vito_tf.video import clips, decoding, skipped


def video_clip(path, num_frames, name=None):
    with open(path, "rb") as file:
        contents = file.read()
    return {
        "name": tf.constant(name or path),
        "label": tf.constant(0, tf.int64),
        "timestamps": tf.range(num_frames, dtype=tf.int64) * 40_000,
        "end_timestamp": tf.constant(num_frames * 40_000, tf.int64),
        "images": tf.zeros([0], tf.string),
        "video": tf.constant(contents),
    }


def jpeg_clip(images):
    encoded = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=95)
        encoded.append(buffer.getvalue())
    return {
        **{key: tf.zeros([], spec.dtype) for key, spec in clips.CLIP_SPEC.items()},
        "timestamps": tf.range(len(images), dtype=tf.int64) * 40_000,
        "images": tf.constant(encoded),
    }


@pytest.fixture
def log(tmp_path):
    return skipped.SkipLog(str(tmp_path / "skipped.tsv"))


def through_dataset(clip, function):
    """Result of a function of an undecoded clip, run in a tf.data graph."""
    dataset = tf.data.Dataset.from_tensors(clip).map(function, num_parallel_calls=2)
    return [tensor.numpy() for tensor in next(iter(dataset))]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "size", "rate"),
    [
        ("mp4", "libx264", "yuv420p", (64, 48), 25),  # B-frames, delayed last frames
        ("mov", "libx264", "yuv444p", (48, 33), Fraction(30000, 1001)),
        ("mkv", "libx264", "yuvj420p", (32, 32), 60),
        ("webm", "libvpx", "yuv420p", (80, 45), 24),
        ("avi", "mpeg4", "yuv420p", (48, 31), 10),
        ("mpg", "mpeg2video", "yuv420p", (48, 64), 25),
    ],
)
def test_all_frames_in_order_of_presentation(tmp_path, suffix, codec, pix_fmt, size, rate):
    path = fake_videos.write_video(tmp_path / f"v.{suffix}", 23, rate, size, codec, pix_fmt)
    frames = decoding.decode_video(tf.io.read_file(path)).numpy()
    assert frames.shape == (23, size[1], size[0], 3)
    levels = frames[:, -8:, -8:].mean((1, 2, 3))
    np.testing.assert_allclose(levels, [fake_videos.level(i) for i in range(23)], atol=4)


def test_chosen_frames(tmp_path, log):
    clip = video_clip(fake_videos.write_video(tmp_path / "v.mp4", 20), 20)
    indices = tf.constant([19, 0, 7, 7])
    frames, decoded = through_dataset(clip, lambda c: decoding.decode_frames(c, indices, log))
    assert decoded
    expected = decoding.decode_video(clip["video"]).numpy()[[19, 0, 7, 7]]
    np.testing.assert_array_equal(frames, expected)


def test_shapes_are_known_in_the_graph(tmp_path, log):
    clip = video_clip(fake_videos.write_video(tmp_path / "v.mp4", 4), 4)
    dataset = tf.data.Dataset.from_tensors(clip)
    frames = dataset.map(lambda c: decoding.decode_frames(c, tf.constant([0, 1]), log))
    assert frames.element_spec[0].shape.as_list() == [2, None, None, 3]
    crops = dataset.map(
        lambda c: decoding.decode_crops(c, tf.constant([0]), tf.constant([[1, 2]]), 0.4, 16, log)
    )
    assert crops.element_spec[0].shape.as_list() == [1, 16, 16, 3]


def test_frames_are_turned_upright(tmp_path, log):
    path = fake_videos.write_video(tmp_path / "v.mp4", 4, size=(64, 48))
    fake_videos.turn_clockwise(path)
    clip = video_clip(path, 4)
    frames, decoded = through_dataset(
        clip, lambda c: decoding.decode_frames(c, tf.constant([1]), log)
    )
    assert decoded
    stored = decoding.decode_video(clip["video"]).numpy()[1]
    np.testing.assert_array_equal(frames[0], np.rot90(stored, -1))
    assert frames.shape == (1, 64, 48, 3)
    assert frames[0, :20, 30:].min() > 240  # the white corner is now the upper right one
    assert frames[0, :20, :16].max() < 60


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("empty", "empty or can no longer be read"),
        ("text", "FFmpeg cannot read it"),
        ("short", "decodes to 10 frames instead of 12"),
        ("cut", "frames instead of 60"),
        ("odd", "it is 72 pixels wide, and tensorflow-io damages memory"),
        ("large", "0.00 GiB, more than max_decoded_bytes = 1000; cut it into clips"),
    ],
)
def test_failures_are_flagged_logged_and_listed(tmp_path, log, kind, reason):
    num_frames, limit = 12, decoding.MAX_DECODED_BYTES
    path = tmp_path / "v.mkv"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a video" * 100)
    elif kind == "cut":
        num_frames = 60
        fake_videos.write_video(path, 60, options={"g": "5"})
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
    else:
        size = (72, 48) if kind == "odd" else (64, 48)
        fake_videos.write_video(path, 10 if kind == "short" else 12, size=size)
        limit = 1000 if kind == "large" else limit
    clip = video_clip(str(path), num_frames)
    indices = tf.constant([0, 3])
    frames, decoded = through_dataset(
        clip, lambda c: decoding.decode_frames(c, indices, log, max_decoded_bytes=limit)
    )
    assert not decoded
    np.testing.assert_array_equal(frames, np.zeros([2, 1, 1, 3]))
    assert reason in log.reasons[str(path)]
    assert reason in (tmp_path / "skipped.tsv").read_text()


def test_data_set_passes_over_failures_until_the_limit(tmp_path):
    good = video_clip(fake_videos.write_video(tmp_path / "good.mp4", 4), 4, "good")
    bad = {**good, "name": tf.constant("bad"), "video": tf.constant("no video")}
    both = tf.data.Dataset.from_tensors(good).concatenate(tf.data.Dataset.from_tensors(bad))
    log = skipped.SkipLog(str(tmp_path / "s.tsv"), max_share=0.6, min_attempts=5)

    def decode(clip):
        return decoding.decode_frames(clip, tf.constant([2]), log)

    decoded = [bool(flag) for _, flag in both.repeat(5).map(decode)]
    assert decoded == [True, False] * 5
    assert list(log.reasons) == ["bad"]

    only_bad = both.skip(1).repeat().map(decode).filter(lambda frames, flag: flag)
    with pytest.raises(tf.errors.OpError, match=r"SkipLog.max_share = 0.6"):
        next(iter(only_bad))
    with pytest.raises(skipped.TooManySkippedError):
        log.check()


def images(count):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, [count, 6, 8, 3], dtype=np.uint8)
    return coarse.repeat(8, 1).repeat(8, 2)


def test_jpeg_frames(log):
    clip = jpeg_clip(images(5))
    frames, decoded = through_dataset(
        clip, lambda c: decoding.decode_frames(c, tf.constant([4, 1]), log)
    )
    assert decoded
    expected = [tf.io.decode_jpeg(clip["images"][i], channels=3).numpy() for i in (4, 1)]
    np.testing.assert_array_equal(frames, expected)


def test_damaged_jpegs_are_flagged_logged_and_listed(tmp_path, log):
    clip = jpeg_clip(images(3))
    first, second, third = clip["images"].numpy()
    png = io.BytesIO()
    Image.new("RGB", (64, 48)).save(png, "PNG")
    half = len(third) // 2
    damaged = {
        "empty": b"",
        "short": b"\xff",
        "truncated": third[:half],
        "zeroed end": third[:half] + bytes(half),
        "zeroed start": bytes(16) + third[16:],
        "png": png.getvalue(),
    }
    dataset = tf.data.Dataset.from_tensor_slices(
        {"name": list(damaged), "images": [[first, second, jpeg] for jpeg in damaged.values()]}
    ).map(lambda changed: {**clip, **changed})
    indices, seeds = tf.constant([0, 2]), tf.constant([[1, 2], [3, 4]])
    crops = dataset.map(lambda c: decoding.decode_crops(c, indices, seeds, 0.4, 8, log))
    for views, decoded in crops:
        assert not decoded
        np.testing.assert_array_equal(views, np.zeros([2, 8, 8, 3]))
    frames = dataset.map(lambda c: decoding.decode_frames(c, indices, log))
    for black, decoded in frames:
        assert not decoded
        np.testing.assert_array_equal(black, np.zeros([2, 1, 1, 3]))
    assert (tmp_path / "skipped.tsv").read_text() == "".join(
        f"{kind}\tits frame 2 is no whole JPEG image\n" for kind in damaged
    )
    others = dataset.map(lambda c: decoding.decode_frames(c, indices[:1], log))
    assert all(decoded for _, decoded in others)  # frames that are not wanted do not matter


def test_padded_and_inwardly_damaged_jpegs_are_decoded(log):
    clip = jpeg_clip(images(2))
    first, second = clip["images"].numpy()
    second = second[:-40] + bytes(8) + second[-32:]
    changed = {**clip, "images": tf.constant([first + bytes(62), second])}
    indices = tf.constant([0, 1])
    frames, decoded = through_dataset(changed, lambda c: decoding.decode_frames(c, indices, log))
    assert decoded
    whole, _ = decoding.decode_frames(clip, indices, log)
    np.testing.assert_array_equal(frames[0], whole[0])
    assert 0.5 < np.mean(frames[1] == whole[1].numpy()) < 1
    assert not log.reasons


def test_jpeg_clips_count_as_attempts(tmp_path):
    good = jpeg_clip(images(1))
    bad = {**good, "images": tf.constant([b"GIF"])}
    both = tf.data.Dataset.from_tensors(good).repeat(9)
    both = both.concatenate(tf.data.Dataset.from_tensors(bad)).repeat()
    log = skipped.SkipLog(str(tmp_path / "s.tsv"), max_share=0.09, min_attempts=31)

    def decode(clip):
        return decoding.decode_frames(clip, tf.constant([0]), log)

    with pytest.raises(tf.errors.OpError, match=r"4 of 40 clips .*SkipLog.max_share = 0.09"):
        for _ in both.map(decode):
            pass
    log = skipped.SkipLog(str(tmp_path / "s.tsv"), max_share=0.11, min_attempts=31)
    assert sum(bool(decoded) for _, decoded in both.take(100).map(decode)) == 90


@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_crops_equal_crops_of_whole_frames(tmp_path, log, encoding):
    if encoding == "jpeg":
        clip = jpeg_clip(images(5))
    else:
        clip = video_clip(fake_videos.write_video(tmp_path / "v.mp4", 5), 5)
    indices, seeds = tf.constant([3, 0]), tf.constant([[1, 2], [3, 4]])
    views, decoded = through_dataset(
        clip, lambda c: decoding.decode_crops(c, indices, seeds, 0.4, 24, log)
    )
    assert decoded
    frames, _ = decoding.decode_frames(clip, indices, log)
    for view, frame, seed in zip(views, frames, seeds):
        box = augmentation.random_crop_box(seed, 48, 64, 0.4)
        expected = augmentation.crop_and_resize(frame, box, 24)
        np.testing.assert_allclose(view, expected, atol=1e-5)


def test_crops_of_a_failed_video_are_black(tmp_path, log):
    clip = video_clip(fake_videos.write_video(tmp_path / "v.mp4", 5), 6)
    views, decoded = decoding.decode_crops(
        clip, tf.constant([0, 1]), tf.constant([[1, 2], [3, 4]]), 0.4, 8, log
    )
    assert not decoded
    np.testing.assert_array_equal(views, np.zeros([2, 8, 8, 3]))
