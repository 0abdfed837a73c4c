# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Crops, flips and labels, against slow transcriptions of BYOL's preprocessing."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.transfer import pictures
from vito_tf.transfer import image_input

MEAN = np.array([0.485, 0.456, 0.406])
STDDEV = np.array([0.229, 0.224, 0.225])


def photo(height, width, seed=0):
    """Smooth colours, so that JPEG loses little."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] / 24
    waves = [np.sin(a * rows + b * columns + c) for a, b, c in rng.uniform(-1, 1, [3, 3])]
    return (127.5 + 127 * np.stack(waves, axis=-1)).astype(np.uint8)


def cubic_taps(position, length):
    """Keys' kernel with a = -1/2 about a position; taps outside the image count for nothing."""
    places = np.arange(int(np.floor(position)) - 1, int(np.floor(position)) + 3)
    d = np.abs(places - position)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    weights = np.where(d <= 1, near, np.where(d < 2, far, 0.0))
    weights *= (places >= 0) & (places < length)
    return np.clip(places, 0, length - 1), weights / weights.sum()


def bicubic(pixels, size):
    """Resizes without antialiasing, the centres of corner pixels half a pixel from the corner."""
    for axis in (0, 1):
        length = pixels.shape[axis]
        lines = []
        for index in range(size):
            places, weights = cubic_taps((index + 0.5) * length / size - 0.5, length)
            lines.append(np.tensordot(weights, np.take(pixels, places, axis), (0, axis)))
        pixels = np.stack(lines, axis)
    return pixels


def central_reference(pixels, size):
    height, width = pixels.shape[:2]
    side = int(224 / 256 * min(height, width))
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    crop = pixels[top : top + side, left : left + side].astype(np.float64)
    return np.clip(bicubic(crop, size) / 255, 0, 1)


def data(path, is_training=False, **options):
    return image_input.ImageData(
        input_path=str(path),
        is_training=is_training,
        **{"global_batch_size": 4, "drop_remainder": is_training, **options},
    )


@pytest.mark.parametrize(("height", "width"), [(64, 64), (41, 90), (77, 50), (33, 30), (1, 5)])
def test_central_view_is_byols(height, width):
    pixels = photo(height, width) if height > 1 else np.full([1, 5, 3], 200, np.uint8)
    view = image_input.central_view(tf.constant(pictures.encoded(pixels)), 32)
    if height > 1:
        np.testing.assert_allclose(view, central_reference(pixels, 32), atol=2e-3)
    else:
        np.testing.assert_allclose(view, 200 / 255, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
def test_jpeg_is_cropped_as_its_pixels_are(options):
    jpeg = pictures.encoded(photo(61, 80), "JPEG", **options)
    pixels = tf.io.decode_jpeg(jpeg, channels=3)
    for view in (
        image_input.central_view,
        lambda image, size: image_input.random_view(image, tf.constant([3, 5], tf.int64), size),
    ):
        np.testing.assert_allclose(view(tf.constant(jpeg), 24), view(pixels, 24), atol=1e-6)


def test_greyscale_becomes_three_channels():
    grey = photo(40, 40)[..., 0]
    expected = image_input.central_view(np.repeat(grey[..., None], 3, -1), 16)
    for kind in ("PNG", "BMP"):
        view = image_input.central_view(tf.constant(pictures.encoded(grey, kind)), 16)
        np.testing.assert_allclose(view, expected, atol=1e-6)
    jpeg = tf.constant(pictures.encoded(grey, "JPEG", quality=100))
    np.testing.assert_allclose(image_input.central_view(jpeg, 16), expected, atol=0.02)


def test_random_views_have_areas_aspect_ratios_places_and_flips_of_byol():
    """Ramps tell which part of an image a view shows, and how round it is."""
    height, width, size = 120, 160, 12
    rows, columns = np.mgrid[:height, :width]
    image = tf.constant(np.stack([columns, rows, rows], -1).astype(np.uint8))
    seeds = tf.stack([tf.fill([600], 7), tf.range(600)], axis=1)
    view = lambda seed: image_input.random_view(image, seed, size)  # noqa: E731
    views = tf.function(lambda: tf.map_fn(view, tf.cast(seeds, tf.int64), tf.float32))()
    views = np.asarray(views, np.float64) * 255
    across = (views[:, 6, 8, 0] - views[:, 6, 3, 0]) / 5 * size
    down = (views[:, 8, 6, 1] - views[:, 3, 6, 1]) / 5 * size
    area, aspect = np.abs(across) * down / (height * width), np.abs(across) / down
    unclamped = (np.abs(across) < width - 2) & (down < height - 2)
    assert area.min() == pytest.approx(0.08, abs=0.02)
    assert area.max() == pytest.approx(1, abs=0.04)
    assert aspect[unclamped].min() == pytest.approx(3 / 4, abs=0.03)
    assert aspect[unclamped].max() == pytest.approx(4 / 3, abs=0.05)
    assert np.median(np.log(aspect[area < 0.5])) == pytest.approx(0, abs=0.04)
    assert np.mean(area[unclamped] < 0.3) / np.mean(area[unclamped] < 0.52) == pytest.approx(
        0.5, abs=0.08
    )
    assert np.mean(across < 0) == pytest.approx(0.5, abs=0.07)
    left = views[:, 6, :, 0].min(axis=1)
    assert np.corrcoef(left, across)[0, 1] == pytest.approx(0, abs=0.12)
    small = area < 0.15
    assert left[small].min() < 12
    assert left[small].max() > width - 75


def test_evaluation_reads_every_image_once_standardised(tmp_path):
    images = [photo(40, 50, seed) for seed in range(6)]
    files = [(pictures.encoded(image), n % 3) for n, image in enumerate(images)]
    path = pictures.write_records(tmp_path / "val", files)
    batches = list(image_input.read(data(path), [24, 24, 3], 3).as_numpy_iterator())
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2, -1, -1])
    assert labels.dtype == np.int32
    views = np.concatenate([images for images, _ in batches])[:6]
    expected = [(central_reference(image, 24) - MEAN) / STDDEV for image in images]
    np.testing.assert_allclose(views, expected, atol=1e-2)


def test_training_repeats_without_end_with_other_crops_and_by_its_seed(tmp_path):
    files = [(pictures.encoded(photo(40, 50, seed)), seed) for seed in range(4)]
    path = pictures.write_records(tmp_path / "train", files)

    def views(seed):
        params = data(path, is_training=True, seed=seed, deterministic=True)
        batches = list(image_input.read(params, [16, 16, 3], 4).take(4).as_numpy_iterator())
        return (np.concatenate(part) for part in zip(*batches))

    (images, labels), (again, same) = views(0), views(0)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, same)
    assert set(labels) == {0, 1, 2, 3}
    first, second = images[labels == np.bincount(labels).argmax()][:2]
    assert not np.allclose(first, second, atol=0.01)
    assert not np.allclose(images, next(views(1)), atol=0.01)


@pytest.mark.parametrize(("label", "is_training"), [(3, True), (-1, False)])
def test_a_label_out_of_range_is_named(tmp_path, label, is_training):
    path = pictures.write_records(tmp_path / "r", [(pictures.encoded(photo(8, 8)), label)] * 4)
    dataset = image_input.read(data(path, is_training), [8, 8, 3], 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"label {label}, but .*classes is 3"):
        next(iter(dataset))


def test_an_alpha_channel_is_named(tmp_path):
    pixels = np.full([8, 8, 4], 255, np.uint8)
    path = pictures.write_records(tmp_path / "r", [(pictures.encoded(pixels), 0)] * 4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="An image has 4 channels"):
        next(iter(image_input.read(data(path), [8, 8, 3], 3)))


def test_what_cannot_be_read_is_named(tmp_path):
    for size in ([32, 16, 3], [32, 32], [32, 32, 1]):
        with pytest.raises(ValueError, match=r"task\.model\.input_size"):
            image_input.read(data("x"), size, 3)
    with pytest.raises(ValueError, match=r"task\.model\.num_classes"):
        image_input.read(data("x"), [32, 32, 3], 0)
    with pytest.raises(ValueError, match=r"task\.train_data\.min_crop_area"):
        image_input.read(data("x", is_training=True, min_crop_area=0), [32, 32, 3], 3)
    for options in ({}, {"tfds_name": "cifar10"}):
        with pytest.raises(ValueError, match=r"task\.validation_data needs input_path, or tfds"):
            image_input.read(data("", **options), [32, 32, 3], 3)
    with pytest.raises(ValueError, match=r"task\.validation_data\.input_path: .*no\*"):
        image_input.read(data(tmp_path / "no*"), [32, 32, 3], 3)


def write_tfds(folder):
    """Three pictures as TensorFlow Datasets keeps them."""
    features = tfds.features.FeaturesDict(
        {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(num_classes=3)}
    )
    place = folder / "tiny" / "1.0.0"
    place.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(place / "tiny-train.tfrecord-00000-of-00001")) as writer:
        for label in range(3):
            image = photo(30 + label, 40, label)
            writer.write(features.serialize_example({"image": image, "label": label}))
    template = tfds.core.ShardedFileTemplate(
        data_dir=place, dataset_name="tiny", split="train", filetype_suffix="tfrecord"
    )
    split = tfds.core.SplitInfo("train", [3], 0, filename_template=template)
    tfds.folder_dataset.write_metadata(
        data_dir=place, features=features, split_infos=[split], check_data=False
    )


def test_tensorflow_datasets_are_read_without_another_encoding(tmp_path):
    write_tfds(tmp_path)
    for skipped in ("image", ""):
        params = image_input.ImageData(
            input_path="train*.tfrecord",
            tfds_name="tiny",
            tfds_split="train",
            tfds_data_dir=str(tmp_path),
            tfds_skip_decoding_feature=skipped,
            is_training=False,
            global_batch_size=3,
        )
        ((images, labels),) = image_input.read(params, [16, 16, 3], 3).as_numpy_iterator()
        for image, label in zip(images, labels):
            expected = (central_reference(photo(30 + label, 40, label), 16) - MEAN) / STDDEV
            np.testing.assert_allclose(image, expected, atol=1e-2)
        assert sorted(labels) == [0, 1, 2]
