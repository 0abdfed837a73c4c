# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading of images and masks."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer import segmentation_data
from vito_tf.transfer import segmentation_config, segmentation_input

MEAN, STDDEV = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
SEED = tf.constant([0, 7], tf.int64)


def config(**fields):
    return segmentation_config.DataConfig(
        **{"output_size": [32, 48], "global_batch_size": 2, "dtype": "float32", **fields}
    )


def pixels_of(standardised):
    return np.asarray(standardised) * (STDDEV * 255) + MEAN * 255


def test_training_without_chance_is_a_padded_image():
    image, mask = segmentation_data.picture(0, 20, 30)
    params = config(aug_rand_hflip=False)
    actual, labels = segmentation_input.train_example(image, mask, SEED, params, 255)
    assert actual.shape == (32, 48, 3)
    assert labels["masks"].shape == (32, 48, 1)
    np.testing.assert_allclose(pixels_of(actual)[:20, :30], image, atol=1e-3)
    assert not np.any(actual[20:])
    assert not np.any(actual[:, 30:])
    expected = np.pad(mask, ((0, 12), (0, 18)), constant_values=255)
    np.testing.assert_array_equal(labels["masks"][..., 0], expected)


def test_image_and_mask_go_together():
    """Colours tell the labels, wherever scale, crop and flip have moved them."""
    mask = np.kron(np.random.default_rng(0).integers(0, 3, [3, 4]), np.ones([20, 20])).astype("u1")
    image = segmentation_data.COLOURS[mask].astype(np.uint8)
    params = config(aug_scale_min=0.5, aug_scale_max=2.0, max_class_share=0.75)
    views = []
    for number in range(12):
        seed = tf.constant([3, number], tf.int64)
        actual, labels = segmentation_input.train_example(image, mask, seed, params, 255)
        distances = np.linalg.norm(
            pixels_of(actual)[..., None, :] - segmentation_data.COLOURS, axis=-1
        )
        labels = labels["masks"].numpy()[..., 0]
        valid = labels != 255
        assert valid.sum() >= 30 * 32
        assert (distances.argmin(-1)[valid] == labels[valid]).mean() > 0.93
        views.append(labels)
    assert len({view.tobytes() for view in views}) == len(views)
    again = segmentation_input.train_example(image, mask, seed, params, 255)[1]["masks"]
    np.testing.assert_array_equal(again[..., 0], views[-1])


def test_flips_half_of_them():
    image, mask = segmentation_data.picture(0, 32, 48)
    params = config()
    flips = 0
    for number in range(60):
        seed = tf.constant([1, number], tf.int64)
        labels = segmentation_input.train_example(image, mask, seed, params, 255)[1]["masks"]
        is_flipped = np.array_equal(labels[..., 0], mask[:, ::-1])
        assert is_flipped or np.array_equal(labels[..., 0], mask)
        flips += is_flipped
    assert 18 < flips < 42


def test_distortion_is_only_of_colours():
    image, mask = segmentation_data.picture(0, 32, 48)
    plain, distorted = (
        segmentation_input.train_example(
            image, mask, SEED, config(photometric_distortion=wanted), 255
        )
        for wanted in (False, True)
    )
    np.testing.assert_array_equal(plain[1]["masks"], distorted[1]["masks"])
    difference = np.abs(pixels_of(plain[0]) - pixels_of(distorted[0]))
    assert 2 < difference.mean() < 120


@pytest.mark.parametrize(
    ("size", "keep", "inner"),
    [
        ((100, 50), True, (32, 16)),
        ((20, 60), True, (16, 48)),
        ((10, 10), True, (32, 32)),
        ((100, 50), False, (32, 48)),
    ],
)
def test_evaluation_fits_images_in_and_keeps_masks(size, keep, inner):
    image, mask = segmentation_data.picture(1, *size)
    params = config(
        is_training=False, groundtruth_padded_size=[120, 64], preserve_aspect_ratio=keep
    )
    actual, labels = segmentation_input.eval_example(image, tf.constant(mask), params, 255)
    expected = np.round(tf.image.resize(image, inner))
    np.testing.assert_allclose(pixels_of(actual)[: inner[0], : inner[1]], expected, atol=1e-3)
    assert not np.any(actual[inner[0] :])
    assert not np.any(actual[:, inner[1] :])
    assert actual.shape == (32, 48, 3)
    full = np.full([120, 64], 255)
    full[: size[0], : size[1]] = mask
    np.testing.assert_array_equal(labels["full_masks"][..., 0], full)
    small = np.full([32, 48], 255)
    rows, columns = (((np.arange(n) + 0.5) * own / n).astype(int) for n, own in zip(inner, size))
    small[: inner[0], : inner[1]] = mask[np.ix_(rows, columns)]
    np.testing.assert_array_equal(labels["masks"][..., 0], small)
    np.testing.assert_allclose(
        labels["image_info"], [size, inner, np.divide(inner, size), [0, 0]], rtol=1e-6
    )


def test_batches(tmp_path):
    pairs = [segmentation_data.picture(i, 20 + i, 30 - i) for i in range(5)]
    path = segmentation_data.write(tmp_path, "val", pairs)
    validation = config(is_training=False, input_path=path, drop_remainder=False)
    batches = list(segmentation_input.read(validation, 3))
    assert [len(images) for images, _ in batches] == [2, 2, 1]
    assert batches[0][1]["full_masks"].shape == (2, 21, 30, 1)
    first = batches[1][1]["full_masks"].numpy()[1, :, :, 0]
    np.testing.assert_array_equal(first[:23, :27], pairs[3][1])
    assert np.all(first[23:] == 255)
    training = config(is_training=True, input_path=path, seed=5, shuffle_buffer_size=5)
    runs = [list(segmentation_input.read(training, 3).take(6)) for _ in range(2)]
    for (images, labels), (same, same_labels) in zip(*runs):
        np.testing.assert_array_equal(images, same)
        np.testing.assert_array_equal(labels["masks"], same_labels["masks"])
    other = next(iter(segmentation_input.read(training.replace(seed=6), 3)))
    assert np.any(other[0] != runs[0][0][0])
    assert runs[0][0][0].shape == (2, 32, 48, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda image, mask: (image, np.where(mask == 2, 7, mask).astype("u1")),
            "has the label 7, but task.model.num_classes is 3",
        ),
        (lambda image, mask: (np.dstack([image, mask]), mask), "An image has 4 channels"),
        (lambda image, mask: (image, image), "A mask has 3 channels .a palette"),
        (lambda image, mask: (image, mask[:-1]), r"size \[20 30\] has a mask of size \[19 30\]"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, message):
    path = segmentation_data.write(
        tmp_path, "train", [change(*segmentation_data.picture(0, 20, 30))] * 2
    )
    dataset = segmentation_input.read(config(input_path=path, is_training=True), 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        next(iter(dataset))


def test_too_large_an_image_names_the_parameter():
    params = config(is_training=False, groundtruth_padded_size=[64, 64])
    image, mask = segmentation_data.picture(0, 65, 20)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"\[65 20\].*groundtruth_padded_size=\[64 64\]"
    ):
        segmentation_input.eval_example(tf.constant(image), tf.constant(mask), params, 255)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input_path": ""}, "task.train_data needs input_path"),
        ({"input_path": "nowhere/train*"}, "task.train_data.input_path: "),
        ({"output_size": [32]}, "task.train_data.output_size must be two lengths"),
        ({"long_and_short_side": [0, 4]}, "task.train_data.long_and_short_side must be two"),
        ({"aug_scale_min": 2.0}, "task.train_data.aug_scale_min must be positive and at most"),
        ({"max_class_share": 0.0}, r"task.train_data.max_class_share must be in \(0, 1\]"),
    ],
)
def test_impossible_settings_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        segmentation_input.read(config(**{"input_path": "a", "is_training": True, **fields}), 3)
    with pytest.raises(ValueError, match=r"task.model.num_classes must be 2 or more"):
        segmentation_input.read(config(input_path="a", is_training=True), 1)
