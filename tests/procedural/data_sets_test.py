# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Labelled pictures to try fine-tuning on."""

import numpy as np
from PIL import Image

from vito_tf.procedural import data_sets, objects
from vito_tf.transfer.datasets import image_folder, pascal_voc


def test_pictures_come_as_a_folder_of_photos_and_in_pascal_vocs_layout(tmp_path):
    data_sets.write(str(tmp_path), train_per_class=2, val_per_class=1)
    photos = image_folder.read(str(tmp_path / "photos"))
    assert {split.name: len(split.items) for split in photos.splits} == {"train": 24, "val": 12}
    assert list(photos.class_names) == sorted(c.name for c in objects.CLASSES)
    voc = pascal_voc.read(str(tmp_path / "VOCdevkit"))
    assert sorted(len(split.items) for split in voc.splits) == [12, 24]
    folder = tmp_path / "VOCdevkit" / "VOC2012"
    for label, object_class in enumerate(objects.CLASSES, start=1):
        name = f"val_{object_class.name}_0000"
        mask = np.asarray(Image.open(folder / "SegmentationClass" / f"{name}.png"))
        assert set(np.unique(mask)) == {0, label}
        assert Image.open(folder / "JPEGImages" / f"{name}.jpg").size == mask.shape[::-1]


def test_the_seed_alone_decides(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        data_sets.write(str(tmp_path / name), 1, 1, seed)
    first, again, other = (
        b"".join(path.read_bytes() for path in sorted((tmp_path / name).rglob("*.jpg")))
        for name in "abc"
    )
    assert first == again
    assert first != other
