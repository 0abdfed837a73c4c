# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Against a confusion matrix of numpy's."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import segmentation_iou

CLASSES = 5


def resized(logits, size):
    """Bilinear interpolation with half-pixel centres, one pixel after the other, in float64."""
    cells = logits.shape[:2]
    result = np.zeros([*size, logits.shape[2]])
    for y in range(size[0]):
        for x in range(size[1]):
            place = (np.array([y, x]) + 0.5) * cells / np.array(size) - 0.5
            place = np.clip(place, 0, np.array(cells) - 1)
            low = np.floor(place).astype(int)
            high = np.minimum(low + 1, np.array(cells) - 1)
            dy, dx = place - low
            top = (1 - dx) * logits[low[0], low[1]] + dx * logits[low[0], high[1]]
            bottom = (1 - dx) * logits[high[0], low[1]] + dx * logits[high[0], high[1]]
            result[y, x] = (1 - dy) * top + dy * bottom
    return result


def confusion(truth, prediction):
    matrix = np.zeros([CLASSES, CLASSES])
    valid = truth != 255
    np.add.at(matrix, (truth[valid], prediction[valid]), 1)
    return matrix


def info(size, inner):
    return [size, inner, np.divide(inner, size), [0, 0]]


def figures(matrix):
    both = np.diag(matrix)
    union = matrix.sum(0) + matrix.sum(1) - both
    with np.errstate(invalid="ignore"):
        iou = both / union
    return iou, np.nanmean(iou), both.sum() / matrix.sum()


@pytest.fixture
def batches():
    """Two batches of two images, of which one is larger and one smaller than the input of 32."""
    rng = np.random.default_rng(0)
    result = []
    # Original size, and size within the input: multiples of the stride of 8.
    for sizes in (
        [((50, 40), (32, 24)), ((20, 37), (16, 32))],
        [((9, 60), (8, 32)), ((32, 32),) * 2],
    ):
        masks = np.full([2, 60, 64, 1], 255, np.uint8)
        for mask, (size, _) in zip(masks, sizes):
            # Class 3 is nowhere; 255 is somewhere within.
            mask[: size[0], : size[1], 0] = rng.choice([0, 1, 2, 4, 255], size)
        logits = rng.normal(size=[2, 4, 4, CLASSES])
        logits[..., 3] = -9
        result.append((masks, logits, sizes))
    return result


def test_is_that_of_whole_images(batches):
    metric = segmentation_iou.FullSizeIoU(CLASSES)
    matrix = np.zeros([CLASSES, CLASSES])

    @tf.function
    def update(*batch):
        metric.update_state(*batch)

    for masks, logits, sizes in batches:
        update(
            tf.constant(masks),
            tf.constant(logits, tf.float32),
            tf.constant([info(*size) for size in sizes], tf.float32),
            tf.constant([32, 32]),
        )
        for mask, own, ((height, width), inner) in zip(masks, logits, sizes):
            predictions = resized(own[: inner[0] // 8, : inner[1] // 8], (height, width)).argmax(-1)
            matrix += confusion(mask[:height, :width, 0], predictions)
    result = metric.result()
    iou, mean_iou, accuracy = figures(matrix)
    assert matrix.sum() > 3000
    # A pixel or two may lie where two classes are equal to the last bit.
    np.testing.assert_allclose(result["iou"], iou, atol=1e-3)
    assert np.isnan(result["iou"][3])
    np.testing.assert_allclose(result["mean_iou"], mean_iou, atol=1e-3)
    np.testing.assert_allclose(result["pixel_accuracy"], accuracy, atol=1e-3)
    np.testing.assert_array_equal(result["is_present"], [True, True, True, False, True])
    metric.reset_state()
    np.testing.assert_array_equal(metric.areas, np.zeros([3, CLASSES]))


def test_agrees_with_resizing_the_logits_of_an_unpadded_image():
    rng = np.random.default_rng(1)
    logits = tf.constant(rng.normal(size=[1, 4, 4, CLASSES]), tf.float32)
    truth = rng.integers(0, CLASSES, [1, 70, 50, 1])
    areas = segmentation_iou.areas(
        tf.constant(truth),
        logits,
        tf.constant([info((70, 50), (32, 32))], tf.float32),
        [32, 32],
        CLASSES,
        255,
    )
    predictions = tf.argmax(tf.image.resize(logits, [70, 50]), axis=-1).numpy()
    matrix = confusion(truth[..., 0], predictions)
    expected = [matrix.sum(1), matrix.sum(0), np.diag(matrix)]
    np.testing.assert_allclose(areas, expected, atol=2)


def test_counts_stay_exact_beyond_32_bits():
    metric = segmentation_iou.FullSizeIoU(2)
    many = 2**33 + 1
    metric.areas.assign([[many, 4], [many, 4], [many, 4]])
    metric.update_state(
        tf.zeros([1, 2, 2, 1], tf.uint8),
        tf.constant([[[[1.0, 0.0]]]]),
        tf.constant([info((2, 2), (8, 8))], tf.float32),
        [8, 8],
    )
    assert metric.areas[0, 0] == many + 4


def test_runs_compiled():
    """What a TPU would run."""
    arguments = (
        tf.zeros([2, 20, 24, 1], tf.uint8),
        tf.random.stateless_normal([2, 2, 2, CLASSES], [1, 2]),
        tf.constant([info((20, 24), (16, 16))] * 2, tf.float32),
        tf.constant([16, 16]),
        CLASSES,
        255,
    )
    compiled = tf.function(segmentation_iou.areas, jit_compile=True)(*arguments)
    np.testing.assert_array_equal(compiled, segmentation_iou.areas(*arguments))
