# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading of images and boxes."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer import coco_data
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import coco
from vito_tf.transfer.detection import config, input, records

MEAN, STDDEV = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
SEED = tf.constant([0, 7], tf.int64)
IDS = [2, 7, 90]


def settings(**fields):
    return config.DataConfig(
        **{
            "output_size": [32, 48],
            "global_batch_size": 2,
            "max_num_instances": 5,
            "is_training": True,
            **fields,
        }
    )


def tensors(boxes=(), labels=(), crowds=None, absent=(), incomplete=(), size=(32, 48)):
    image = np.random.default_rng(0).integers(0, 256, [*size, 3], np.uint8)
    return {
        "image": tf.constant(image),
        "image_id": tf.constant(139, tf.int64),
        "boxes": tf.constant(np.reshape(boxes, [-1, 4]), tf.float32),
        "labels": tf.constant(labels, tf.int64, [len(labels)]),
        "is_crowd": tf.constant(crowds or [False] * len(labels), tf.bool, [len(labels)]),
        "neg_category_ids": tf.constant(absent, tf.int64, [len(absent)]),
        "not_exhaustive_category_ids": tf.constant(incomplete, tf.int64, [len(incomplete)]),
    }


def train(given, federated=False, seed=SEED, **fields):
    return input.train_example(given, seed, settings(**fields), IDS, federated)


def test_training_without_chance_is_the_image_and_its_boxes():
    boxes = [[0, 0, 0.5, 0.5], [0.25, 0.5, 1, 1], [0.1, 0.1, 0.9, 0.9], [0, 0, 0.02, 0.9]]
    given = tensors(boxes, [90, 2, 7, 7], [False, False, True, False])
    image, labels = train(given)
    pixels = image.numpy() * (STDDEV * 255) + MEAN * 255
    np.testing.assert_allclose(pixels, given["image"], atol=1e-3)
    expected = np.zeros([5, 4])
    expected[:2] = [[0, 0, 16, 24], [8, 24, 32, 48]]
    np.testing.assert_allclose(labels["boxes"], expected)
    np.testing.assert_array_equal(labels["classes"], [2, 0, -1, -1, -1])
    np.testing.assert_array_equal(labels["judged"], [1, 1, 1])
    assert [labels[name].dtype for name in ("boxes", "classes", "judged")] == [
        tf.float32,
        tf.int32,
        tf.float32,
    ]


def test_images_without_boxes_and_half_precision():
    given = tensors(size=(16, 48))
    image, labels = train(given, dtype="bfloat16")
    assert image.dtype == tf.bfloat16
    assert not np.any(image[16:])
    np.testing.assert_array_equal(labels["classes"], [-1] * 5)
    np.testing.assert_array_equal(labels["boxes"], np.zeros([5, 4]))


def test_flips_half_of_them():
    given = tensors([[0, 0, 1, 0.25]], [2])
    flips = 0
    for number in range(12):
        seed = tf.constant([1, number], tf.int64)
        image, labels = train(given, seed=seed, aug_rand_hflip=True)
        is_flipped = labels["boxes"][0, 1] == 36
        pixels = np.round(image.numpy() * (STDDEV * 255) + MEAN * 255)
        np.testing.assert_array_equal(pixels[:, :: -1 if is_flipped else 1], given["image"])
        flips += int(is_flipped)
    assert 3 < flips < 9


@pytest.mark.parametrize(
    ("labels", "absent", "incomplete", "judged"),
    [
        ([7], [], [], [0, 1, 0]),
        ([7], [90], [], [0, 1, 1]),
        ([7, 7, 2], [], [7], [1, 0, 0]),
        ([], [2], [], [1, 0, 0]),
        ([], [], [], [0, 0, 0]),
    ],
)
def test_classes_of_which_nothing_is_known_are_not_judged(labels, absent, incomplete, judged):
    given = tensors([[0, 0, 1, 1]] * len(labels), labels, None, absent, incomplete)
    np.testing.assert_array_equal(train(given, federated=True)[1]["judged"], judged)


def test_a_class_is_judged_though_its_box_is_cropped_away():
    given = tensors([[0, 0, 0.02, 0.02]], [7])
    labels = train(given, federated=True)[1]
    np.testing.assert_array_equal(labels["classes"], [-1] * 5)
    np.testing.assert_array_equal(labels["judged"], [0, 1, 0])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([2] * 6, "image 139 has 6 boxes; task.train_data.max_num_instances must be"),
        ([7, 91], r"image 139 has objects of the categories \[91\]"),
        ([7, 0, 8], r"image 139 has objects of the categories \[0 8\]"),
    ],
)
def test_what_cannot_be_trained_on_is_named(labels, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        train(tensors([[0, 0, 1, 1]] * len(labels), labels))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("detection")
    images = [coco_data.image(n, 20 + n, 30) for n in range(1, 6)]
    annotations = [coco_data.annotation(n, n, 90, (0, 0, 15, 20 + n)) for n in range(1, 5)]
    more = [coco_data.annotation(n, 5, iscrowd=int(n > 102)) for n in range(100, 109)]
    contents = {
        "train": coco_data.document(images, annotations),
        "val": coco_data.document(images, annotations + more),
    }
    source = coco_data.write_format(root / "in", contents)
    conversion.convert(coco.read_format(source), str(root / "out"), 3)
    return root / "out"


def test_records_are_taken_apart(folder):
    paths = sorted(str(path) for path in folder.glob("val-*.tfrecord"))
    every = [records.parse_record(record) for record in tf.data.TFRecordDataset(paths)]
    by_id = {int(one["image_id"]): one for one in every}
    assert sorted(by_id) == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(by_id[2]["boxes"], [[0, 0, 1, 0.5]])
    np.testing.assert_array_equal(by_id[2]["labels"], [90])
    assert by_id[2]["image"].shape == (22, 30, 3)
    boxes = np.array([[4 / 25, 3 / 30, 10 / 25, 13 / 30]] * 9)
    np.testing.assert_allclose(by_id[5]["boxes"], boxes, rtol=1e-6)
    np.testing.assert_array_equal(by_id[5]["is_crowd"], [False] * 3 + [True] * 6)
    assert by_id[5]["neg_category_ids"].shape == 0


def test_batches_of_training(folder):
    params = settings(
        input_path=f"{folder}/train*.tfrecord", seed=5, aug_scale_min=0.8, aug_scale_max=1.25
    )
    batches = list(input.read(params, 3).take(4))
    for images, labels in batches:
        assert images.shape == (2, 32, 48, 3)
        for name, shape in (("boxes", (2, 5, 4)), ("classes", (2, 5)), ("judged", (2, 3))):
            assert labels[name].shape == shape
    classes = np.concatenate([labels["classes"] for _, labels in batches])
    assert set(classes[:, 0]) == {2, -1}
    assert np.all(classes[:, 1:] == -1)
    boxes = np.concatenate([labels["boxes"] for _, labels in batches])[:, 0]
    assert len(np.unique(boxes[classes[:, 0] == 2], axis=0)) > 4, "views differ from read to read"


def test_batches_of_evaluation_are_full(folder):
    params = settings(
        input_path=f"{folder}/val*.tfrecord",
        is_training=False,
        drop_remainder=False,
        max_num_instances=1,  # of training
    )
    batches = list(input.read(params, 3))
    ids = np.concatenate([labels["image_id"] for _, labels in batches])
    infos = np.concatenate([labels["image_info"] for _, labels in batches])
    assert ids.dtype == np.int64
    assert sorted(ids) == [-1, 1, 2, 3, 4, 5]
    assert ids[-1] == input.NO_IMAGE
    for number, info in zip(ids[:-1], infos):
        np.testing.assert_array_equal(info[0], [20 + number, 30])
        np.testing.assert_allclose(info[2], min(32 / (20 + number), 48 / 30), rtol=0.02)
    np.testing.assert_array_equal(infos[-1], [[32, 48], [32, 48], [1, 1], [0, 0]])


@pytest.mark.parametrize(
    ("fields", "arguments", "message"),
    [
        ({"output_size": [32]}, {}, r"output_size must be two lengths in pixels, not \[32\]"),
        ({"output_size": [32.5, 48]}, {}, "output_size must be two lengths in pixels"),
        ({"aug_scale_min": 2.0}, {}, "aug_scale_min must be positive and at most aug_scale_max"),
        ({"max_num_instances": 0}, {}, "max_num_instances must be positive"),
        ({}, {"num_classes": 4}, r"num_classes is 4, but task\.train_data\.input_path has 3"),
        ({}, {"federated": True}, "are not federated as LVIS is"),
        ({"input_path": "/no/train*"}, {}, r"/no/dataset\.json is missing"),
        ({"input_path": ""}, {}, "needs input_path"),
        ({"max_num_instances": 2, "input_path": "val*"}, {}, "is 2, but an image has 3 boxes"),
        ({"tfds_name": "mnist", "tfds_split": "train"}, {}, "tfds_name: TFDS Detection mnist"),
    ],
)
def test_settings_that_cannot_be_used(folder, fields, arguments, message):
    params = settings(**{"input_path": "train*.tfrecord", **fields})
    if params.input_path:
        params.input_path = os.path.join(folder, params.input_path)
    with pytest.raises(ValueError, match=message):
        input.read(params, **{"num_classes": 3, **arguments})


def test_folders_have_to_agree_on_categories(folder, tmp_path):
    info = json.loads((folder / "dataset.json").read_text())
    (tmp_path / "dataset.json").write_text(json.dumps({**info, "category_ids": [1, 2, 3]}))
    params = settings(input_path=f"{folder}/train*,{tmp_path}/train*")
    with pytest.raises(ValueError, match="the folders differ in their categories"):
        records.category_ids(params, "task.train_data", 3, False)
    (tmp_path / "dataset.json").write_text(json.dumps({"class_names": ["a"]}))
    with pytest.raises(ValueError, match="has no category_ids"):
        records.dataset_info(str(tmp_path))


def test_tensorflow_datasets_coco():
    given = {
        "image": tf.zeros([8, 6, 3], tf.uint8),
        "image/id": tf.constant(42, tf.int64),
        "objects": {
            "label": tf.constant([79], tf.int64),
            "bbox": tf.constant([[0.0, 0.0, 1.0, 1.0]]),
            "is_crowd": tf.constant([False]),
            "area": tf.constant([48], tf.int64),
        },
    }
    params = settings(tfds_name="coco/2017", tfds_split="train")
    ids = records.category_ids(params, "task.train_data", 80, False)
    found = records.tfds_decoder("coco/2017", "task.train_data")(given)
    assert found["image_id"] == 42
    labels = input.train_example(found, SEED, settings(), ids, False)[1]
    np.testing.assert_array_equal(labels["classes"], [79, -1, -1, -1, -1])
    with pytest.raises(ValueError, match="coco/2017 has no lists as LVIS has"):
        records.category_ids(params, "task.train_data", 80, True)
