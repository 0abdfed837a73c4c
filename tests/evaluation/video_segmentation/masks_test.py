# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Masks to labels and back, against numpy in float64."""

import numpy as np
import pytest
from PIL import Image

from vito_tf.evaluation.video_segmentation import masks


def bilinear(values, size):
    """Interpolates float64 [h, w] with pixels' centres aligned, edges repeated (torch's way)."""
    result = values.astype(np.float64)
    for axis, (old, new) in enumerate(zip(values.shape, size)):
        places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, None)
        low = np.floor(places).astype(int)
        share = places - low
        shape = [1, 1]
        shape[axis] = new
        share = share.reshape(shape)
        upper = np.take(result, np.minimum(low + 1, old - 1), axis)
        result = (1 - share) * np.take(result, low, axis) + share * upper
    return result


def test_from_labels_equals_the_definition():
    labels = np.random.default_rng(0).random((7, 9, 4)).astype(np.float32)
    labels[..., 3] = 0  # an object that is lost: not stretched, and never chosen
    large = np.stack([bilinear(labels[..., channel], (50, 68)) for channel in range(4)], -1)
    low, high = large.min((0, 1)), large.max((0, 1))
    stretched = np.where(high > 0, (large - low) / (high - low + 1e-12), large)
    found = masks.from_labels(labels, (50, 68)).numpy()
    top = np.sort(stretched, -1)
    clear = top[..., -1] - top[..., -2] > 1e-5
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(found[clear], stretched.argmax(-1)[clear])
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 1, 2}


def test_a_weak_object_is_stretched():
    labels = np.zeros([4, 4, 2], np.float32)
    labels[..., 0] = 0.9
    labels[1, 1] = [0.8, 0.2]
    assert masks.from_labels(labels, (4, 4)).numpy()[1, 1] == 1


def test_one_hot_takes_the_nearest_pixel_as_pil_does():
    mask = np.random.default_rng(0).integers(3, size=(48, 85)).astype(np.uint8)
    labels = masks.one_hot(mask, (48, 85), (6, 11), objects=4)
    assert labels.shape == (6, 11, 5)
    rows = np.floor((np.arange(6) + 0.5) * 48 / 6).astype(int)
    columns = np.floor((np.arange(11) + 0.5) * 85 / 11).astype(int)
    np.testing.assert_array_equal(labels.argmax(-1), mask[rows][:, columns])
    np.testing.assert_array_equal(labels.sum(-1), 1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 854), (480, 854)), ((1080, 1920), (480, 853)), ((360, 239), (723, 480))],
)
def test_working_size_rounds_as_mmcv(size, expected):
    assert masks.working_size(size[0], size[1], 480) == expected


def test_resized_frame():
    frame = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_allclose(masks.resized_frame(frame, (2, 4)), frame / 255, atol=1e-7)
    large = masks.resized_frame(frame, (4, 8)) * 255
    assert (large.shape, large.dtype) == ((4, 8, 3), np.float32)
    expected = np.stack([bilinear(frame[..., channel], (4, 8)) for channel in range(3)], -1)
    np.testing.assert_allclose(large, expected, atol=0.51)


def test_files_are_indexed_with_the_colours_of_davis(tmp_path):
    mask = np.array([[0, 1, 2], [9, 21, 22]], np.uint8)
    path = str(tmp_path / "00000.png")
    masks.write(mask, path)
    with Image.open(path) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), mask)
        colours = np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()
    assert colours == [
        [0, 0, 0], [128, 0, 0], [0, 128, 0], [191, 0, 0], [128, 64, 128], [22, 22, 22],
    ]  # fmt: skip
    some = {3: [128, 128, 0], 8: [64, 0, 0], 13: [191, 0, 128], 16: [0, 64, 0], 18: [0, 191, 0]}
    assert {index: masks.palette()[index].tolist() for index in some} == some
