# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures with boxes to try detection on."""

import json

import numpy as np
import pytest
from PIL import Image

from vito_tf.procedural import detection, detection_scenes, objects
from vito_tf.transfer.datasets import coco

PICTURES = [detection_scenes.draw((96, 120), [0, 0, number]) for number in range(40)]


def test_pictures_hold_a_few_objects_of_all_sizes_that_are_mostly_visible():
    counts = [len(picture.labels) for picture in PICTURES]
    assert set(counts) == {1, 2, 3, 4}
    labels = np.concatenate([picture.labels for picture in PICTURES])
    assert set(labels) == set(range(len(objects.CLASSES)))
    sides = np.concatenate([detection_scenes.boxes(p.masks)[:, 2:] for p in PICTURES]).max(1)
    assert sides.min() < 22
    assert 50 < sides.max() < 80
    for picture in PICTURES:
        assert picture.pixels.shape == (96, 120, 3)
        assert picture.pixels.dtype == np.uint8
        assert picture.masks.sum(axis=0).max() == 1, "objects hide each other"
        assert picture.masks.sum(axis=(1, 2)).min() > 30


def test_objects_are_where_their_masks_are():
    """Without it, the picture would have the background's muted colours there."""
    inside, outside = [], []
    for picture in PICTURES:
        saturation = np.ptp(picture.pixels.astype(float), axis=-1)
        covered = picture.masks.any(axis=0)
        inside.append(saturation[covered].mean())
        outside.append(saturation[~covered].mean())
    assert np.mean(inside) > 1.8 * np.mean(outside)


def test_boxes_are_tight():
    masks = np.zeros([2, 9, 12], bool)
    masks[0, 2:5, 3:10] = True
    masks[0, 3, 4] = False
    masks[1, 8, 11] = True
    np.testing.assert_array_equal(detection_scenes.boxes(masks), [[3, 2, 7, 3], [11, 8, 1, 1]])
    assert detection_scenes.boxes(masks[:0]).shape == (0, 4)


def test_the_folder_is_in_cocos_format(tmp_path):
    detection.write(str(tmp_path), 6, 3, (64, 80), seed=4)
    found = coco.read_format(str(tmp_path))
    assert list(found.class_names) == [kind.name for kind in objects.CLASSES]
    assert {split.name: len(split.items) for split in found.splits} == {"train": 6, "val": 3}
    for split in found.splits:
        assert not split.missing
        assert not split.notes
        assert split.info["clipped_boxes"] == 0
    entries = json.loads((tmp_path / "annotations/instances_val.json").read_text())["annotations"]
    picture = detection_scenes.draw((64, 80), [4, 1, 0])
    expected = detection_scenes.boxes(picture.masks).tolist()
    assert [entry["bbox"] for entry in entries if entry["image_id"] == 1] == expected
    stored = np.asarray(Image.open(tmp_path / "val/000001.jpg"), float)
    assert np.abs(stored - picture.pixels).mean() < 3


def test_the_seed_alone_decides():
    same, other = (detection_scenes.draw((96, 120), [seed, 0, 3]) for seed in (0, 1))
    np.testing.assert_array_equal(same.pixels, PICTURES[3].pixels)
    np.testing.assert_array_equal(same.masks, PICTURES[3].masks)
    assert np.any(other.pixels != same.pixels)


def test_pictures_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="image_size must be two lengths of at least 32"):
        detection_scenes.draw((31, 80), [0])
