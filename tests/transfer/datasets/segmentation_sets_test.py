# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""PASCAL VOC and ADE20K as they lie on disk."""

import io
import pathlib
import re

import numpy as np
import pytest
import scipy.io
import tensorflow as tf
from PIL import Image

from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import ade20k, pascal_voc, segmentation_records


def write_image(path, size=(20, 30), mode="RGB", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"RGB": (3,), "L": (), "CMYK": (4,), "RGBA": (4,)}[mode]
    pixels = np.random.default_rng(seed).integers(100, 140, [*size, *channels]).astype(np.uint8)
    file_format = "PNG" if mode == "RGBA" else "JPEG"
    Image.fromarray(pixels, mode).save(path, file_format)


def write_mask(path, labels):
    """A PNG with a palette, whose colours are not its labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(labels, "P")
    picture.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    picture.save(path)


def labels_of(seed, size=(20, 30), count=21):
    labels = np.random.default_rng(seed).integers(0, count, size).astype(np.uint8)
    labels[0] = 255
    return labels


def write_list(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def examples(split):
    """Image and mask of each item by name, as stored."""
    result = {}
    for item in split.items:
        features = tf.train.Example.FromString(item.make()).features.feature
        picture, mask = (
            np.asarray(Image.open(io.BytesIO(features[name].bytes_list.value[0])))
            for name in ("image/encoded", "image/segmentation/class/encoded")
        )
        height, width = (
            features[f"image/{name}"].int64_list.value[0] for name in ("height", "width")
        )
        assert mask.shape == picture.shape[:2] == (height, width)
        result[item.name] = (picture, mask)
    return result


@pytest.fixture
def voc(tmp_path):
    """Five images: a and b train, c val; d and e are SBD's."""
    folder = tmp_path / "VOCdevkit/VOC2012"
    for seed, name in enumerate("abcde"):
        write_image(folder / f"JPEGImages/{name}.jpg", seed=seed)
    for seed, name in enumerate("abc"):
        write_mask(folder / f"SegmentationClass/{name}.png", labels_of(seed))
    lists = folder / "ImageSets/Segmentation"
    write_list(lists / "train.txt", "ab")
    write_list(lists / "val.txt", "c")
    return folder


def test_voc_alone(voc, tmp_path):
    for source in (tmp_path, voc.parent, voc):
        data_set = pascal_voc.read(str(source))
        assert [split.name for split in data_set.splits] == ["train", "val"]
        assert [split.published for split in data_set.splits] == [1464, 1449]
        assert len(data_set.class_names) == len(set(data_set.class_names)) == 21
    train, val = map(examples, data_set.splits)
    assert sorted(train) == ["a", "b"]
    np.testing.assert_array_equal(val["c"][1], labels_of(2))


def test_voc_records_hold_the_file_itself(voc):
    item = pascal_voc.read(str(voc)).splits[0].items[0]
    features = tf.train.Example.FromString(item.make()).features.feature
    stored = features["image/encoded"].bytes_list.value[0]
    assert stored == (voc / "JPEGImages/a.jpg").read_bytes()


def test_voc_with_sbd(voc, tmp_path):
    sbd = tmp_path / "benchmark_RELEASE/dataset"
    write_list(sbd / "train.txt", ["a", "d", "c"])
    write_list(sbd / "val.txt", ["e"])
    (sbd / "cls").mkdir()
    for seed, name in ((10, "a"), (11, "d"), (12, "e"), (13, "c")):
        annotation = {"Segmentation": labels_of(seed), "CategoriesPresent": [1]}
        scipy.io.savemat(sbd / f"cls/{name}.mat", {"GTcls": annotation})
    for source in (tmp_path, voc.parent, voc):
        split = pascal_voc.read(str(source)).splits[0]
        assert (split.name, split.published) == ("train_aug", 10582)
        found = examples(split)
        # VOC's own mask of a; not c, which VOC validates on.
        for name, seed in {"a": 0, "b": 1, "d": 11, "e": 12}.items():
            np.testing.assert_array_equal(found.pop(name)[1], labels_of(seed))
        assert not found
    (sbd / "cls/d.mat").write_bytes(b"nothing of the sort" * 20)
    with pytest.raises(conversion.ConversionError, match=r"d.mat is no annotation of SBD"):
        examples(pascal_voc.read(str(tmp_path)).splits[0])


@pytest.mark.parametrize("line", ["{}", "/JPEGImages/{0}.jpg /SegmentationClassAug/{0}.png"])
def test_voc_with_prepared_masks(voc, line):
    lists = voc / "ImageSets/Segmentation"
    write_list(lists / "trainaug.txt", [line.format(name) for name in "abdz"])
    for name in "abd":
        write_mask(voc / f"SegmentationClassAug/{name}.png", labels_of(ord(name)))
    split = pascal_voc.read(str(voc)).splits[0]
    assert split.name == "train_aug"
    assert [pathlib.Path(path).name for path in split.missing] == ["z.jpg"]
    found = examples(split)
    assert sorted(found) == ["a", "b", "d"]
    np.testing.assert_array_equal(found["d"][1], labels_of(ord("d")))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: write_mask(p[1], np.full([20, 30], 21, "u1")), "has the label 21; there are 21"),
        (lambda p: write_mask(p[1], labels_of(0, (20, 29))), "has 29x20 pixels, but .* has 30x20"),
        (lambda p: write_image(p[1], mode="RGB"), "is no mask of 8-bit labels: its pixels are RGB"),
        (lambda p: p[1].write_bytes(b"\x89PNG"), "a.png cannot be read"),
        (lambda p: p[0].write_bytes(b""), "a.jpg is empty"),
        (lambda p: p[0].write_bytes(p[0].read_bytes()[:300]), "a.jpg cannot be decoded"),
        (lambda p: write_image(p[0], mode="RGBA"), "a.jpg has an alpha channel"),
    ],
)
def test_unusable_files_are_named(voc, spoil, message):
    spoil((voc / "JPEGImages/a.jpg", voc / "SegmentationClass/a.png"))
    item = pascal_voc.read(str(voc)).splits[0].items[0]
    with pytest.raises(conversion.ConversionError, match=message):
        item.make()


def test_no_voc(tmp_path):
    with pytest.raises(conversion.ConversionError, match=re.escape(f"{tmp_path} is no VOCdevkit")):
        pascal_voc.read(str(tmp_path))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_images_of_other_modes(tmp_path, mode):
    path = tmp_path / "a.jpg"
    write_image(path, mode=mode)
    mask = labels_of(0)
    record = segmentation_records.make(str(path), mask, "a.png", 21)
    features = tf.train.Example.FromString(record).features.feature
    decoded = tf.io.decode_image(features["image/encoded"].bytes_list.value[0], channels=3)
    expected = np.asarray(Image.open(path).convert("RGB"))
    assert np.abs(decoded.numpy() - expected.astype(float)).mean() < 4


@pytest.fixture
def ade(tmp_path):
    folder = tmp_path / "ADEChallengeData2016"
    for part, names in (("training", "ab"), ("validation", "c")):
        for name in names:
            write_image(folder / f"images/{part}/{name}.jpg")
            labels = np.arange(600).reshape(20, 30).astype(np.uint8) % 151
            path = folder / f"annotations/{part}/{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(labels).save(path)
    classes = [f"thing {i}, object {i}" for i in range(148)] + ["screen, silver", "screen, crt"]
    rows = [f"{i + 1}\t0.1\t10\t1\t0\t{name}" for i, name in enumerate(classes)]
    write_list(folder / "objectInfo150.txt", ["Idx\tRatio\tTrain\tVal\tStuff\tName", *rows])
    return folder


def test_ade20k(ade, tmp_path):
    for source in (tmp_path, ade):
        data_set = ade20k.read(str(source))
    assert [(split.name, split.published) for split in data_set.splits] == [
        ("train", 20210),
        ("val", 2000),
    ]
    assert len(data_set.class_names) == 150
    assert data_set.class_names[0] == "thing 0"
    assert data_set.class_names[-2:] == ["screen, silver", "screen, crt"]
    found = examples(data_set.splits[0])
    assert sorted(found) == ["a", "b"]
    labels = np.arange(600).reshape(20, 30) % 256 % 151
    np.testing.assert_array_equal(found["a"][1], np.where(labels == 0, 255, labels - 1))


def test_ade20k_names_what_is_wrong(ade):
    (ade / "annotations/training/a.png").unlink()
    (ade / "images/validation/c.jpg").unlink()
    Image.fromarray(np.full([20, 30], 151, "u1")).save(ade / "annotations/training/b.png")
    train, val = ade20k.read(str(ade)).splits
    assert [pathlib.Path(path).name for path in (*train.missing, *val.missing)] == [
        "a.png",
        "c.jpg",
    ]
    with pytest.raises(conversion.ConversionError, match=r"b.png has the label 151; there are 150"):
        train.items[0].make()
    write_list(ade / "objectInfo150.txt", ["Idx\tName", "1\twall"])
    with pytest.raises(conversion.ConversionError, match=r"objectInfo150.txt names 1 classes"):
        ade20k.read(str(ade))
    with pytest.raises(conversion.ConversionError, match="cannot be read"):
        ade20k.read(str(ade / "images"))


def test_converts(voc, tmp_path):
    output = tmp_path / "records"
    with pytest.raises(conversion.ConversionError, match="train has 2 items here and 1464"):
        conversion.convert(pascal_voc.read(str(voc)), str(output), 10)
    info = conversion.convert(pascal_voc.read(str(voc)), str(output), 10, allow_partial=True)
    assert {name: split["num_examples"] for name, split in info["splits"].items()} == {
        "train": 2,
        "val": 1,
    }
