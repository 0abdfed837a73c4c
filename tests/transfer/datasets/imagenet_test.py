# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet in its own layouts."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.transfer import pictures
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import imagenet

TRAIN = {
    "n01440764": ["n01440764_1.JPEG", "n01440764_2.JPEG"],
    "n15075141": ["n15075141_3.JPEG"],
    "n02105855": ["n02105855_2933.JPEG"],
}
LABELS = {"n01440764": 0, "n15075141": 999, "n02105855": 230}


@pytest.fixture
def source(tmp_path):
    """Four training images, one of them PNG with an alpha channel as nobody would expect."""
    for wnid, names in TRAIN.items():
        (tmp_path / "train" / wnid).mkdir(parents=True)
        for name in names:
            kind, channels = ("PNG", 4) if wnid == "n02105855" else ("JPEG", 3)
            pixels = np.full([8, 8, channels], LABELS[wnid] % 256, np.uint8)
            (tmp_path / "train" / wnid / name).write_bytes(pictures.encoded(pixels, kind))
    (tmp_path / "val").mkdir()
    return tmp_path


def flat_validation(source, numbers):
    for number in numbers:
        name = f"ILSVRC2012_val_{number:08d}.JPEG"
        pixels = np.zeros([8, 8, 3], np.uint8)
        (source / "val" / name).write_bytes(pictures.encoded(pixels, "JPEG"))


def made(split):
    found = {}
    for item in split.items:
        features = tf.train.Example.FromString(item.make()).features.feature
        found[item.name] = features["image/class/label"].int64_list.value[0]
        assert features["image/encoded"].bytes_list.value[0].startswith(b"\xff\xd8")
    return found


def test_classes_are_in_the_order_of_their_identifiers(source):
    data_set = imagenet.read(str(source))
    train, val = data_set.splits
    assert (train.name, train.published) == ("train", 1_281_167)
    assert (val.name, val.published, len(val.items)) == ("val", 50_000, 0)
    assert made(train) == {name: LABELS[wnid] for wnid, names in TRAIN.items() for name in names}
    assert list(data_set.class_names) == sorted(data_set.class_names)
    assert len(data_set.class_names) == 1000
    path = tfds.core.tfds_path("datasets/imagenet2012/labels.txt")
    assert list(data_set.class_names) == path.read_text().split()
    assert len(train.missing) == 997
    assert "train/n01443537/" in train.missing


def test_flat_validation_images_have_the_published_classes(source):
    flat_validation(source, [1, 2, 50000])
    val = imagenet.read(str(source)).splits[1]
    wnids = imagenet.read(str(source)).class_names
    assert made(val) == {
        "ILSVRC2012_val_00000001.JPEG": wnids.index("n01751748"),
        "ILSVRC2012_val_00000002.JPEG": wnids.index("n09193705"),
        "ILSVRC2012_val_00050000.JPEG": wnids.index("n02437616"),
    }
    assert len(val.missing) == 49_997
    assert val.missing[0] == "ILSVRC2012_val_00000003.JPEG"


def test_kaggles_solution_names_the_classes_where_it_is_there(source):
    flat_validation(source, [1, 2])
    rows = ["ImageId,PredictionString", "ILSVRC2012_val_00000002,n01440764 1 2 3 4 n01440764 5 6 7"]
    for place in (source / "val", source):
        path = place / "LOC_val_solution.csv"
        path.write_text("\n".join([*rows, "ILSVRC2012_val_00000009,n15075141 1 2 3 4"]))
        val = imagenet.read(str(source)).splits[1]
        assert made(val) == {"ILSVRC2012_val_00000002.JPEG": 0}
        assert val.missing == ["ILSVRC2012_val_00000009.JPEG"]
        path.write_text("a,b\n1,2\n")
        with pytest.raises(conversion.ConversionError, match=f"{path} does not have the columns"):
            imagenet.read(str(source))
        path.unlink()


def test_validation_images_may_lie_in_folders_of_classes(source):
    (source / "val" / "n15075141").mkdir()
    path = source / "val" / "n15075141" / "ILSVRC2012_val_00000007.JPEG"
    path.write_bytes(pictures.encoded(np.zeros([8, 8, 3], np.uint8), "JPEG"))
    val = imagenet.read(str(source)).splits[1]
    assert made(val) == {path.name: 999}
    assert len(val.missing) == 999


def test_a_list_leaves_only_its_images(source, tmp_path):
    listing = tmp_path / "1percent.txt"
    listing.write_text("n15075141_3.JPEG\r\nn01440764_2.JPEG\r\nn01440764_9.JPEG\r\n")
    train = imagenet.read(str(source), str(listing)).splits[0]
    assert made(train) == {"n15075141_3.JPEG": 999, "n01440764_2.JPEG": 0}
    assert (train.published, list(train.missing)) == (3, ["n01440764_9.JPEG"])
    listing.write_text("")
    for path, reason in ((listing, "names no image"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(conversion.ConversionError, match=f"--subset_list={path} {reason}"):
            imagenet.read(str(source), str(path))


def test_what_is_not_imagenet_is_named(source, tmp_path):
    with pytest.raises(conversion.ConversionError, match=r"holds neither train/ nor val/"):
        imagenet.read(str(tmp_path / "train"))
    (source / "train" / "cat").mkdir()
    with pytest.raises(conversion.ConversionError, match=r"cat is no class of ILSVRC-2012"):
        imagenet.read(str(source))
