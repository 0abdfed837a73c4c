# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Batches of detections become figures, files and pictures."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.transfer.detection import annotated
from vito_tf.transfer.detection import annotation_files, evaluator, rescaling

BOXES = [[(3, [10, 20, 40, 60])], [(7, [100, 50, 120, 120])]]
BATCH = annotated.batch(
    [1, 2, 2, -1],
    [
        [(0, [20, 10, 80, 50], 0.9), (1, [0, 0, 20, 20], 0.1)],
        [(1, [50, 100, 170, 220], 0.8)],
        [(0, [0, 0, 100, 100], 0.99)],
        [(0, [0, 0, 100, 100], 0.99)],
    ],
)
# Shown at half of the size, in a corner of what the network sees.
INFO = np.array([annotated.SIZE, (128, 192), (0.5, 0.5), (0, 0)], np.float32)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "val.json"
    path.write_text(json.dumps(annotated.data(BOXES)))
    return str(path)


def test_figures_files_and_pictures(file, tmp_path):
    measured = evaluator.Evaluator(file, "coco", 3, num_pictures=1)
    measured.update(BATCH)
    images = np.full([4, 128, 192, 3], 100, np.uint8)
    measured.keep_pictures(
        {"image_id": BATCH["image_id"], "image_info": np.tile(INFO, [4, 1, 1]), "images": images}
    )
    logs = measured.finish(str(tmp_path / "run"))
    np.testing.assert_allclose(logs["AP"], 1.0)
    assert logs["num_images"] == 2
    np.testing.assert_allclose([logs["ap/square"], logs["ap/disc"]], 1.0)
    assert "ap/ring" not in logs

    results = json.loads((tmp_path / "run" / evaluator.DETECTIONS).read_text())
    assert [one["category_id"] for one in results] == [3, 7, 7]
    assert results[0]["bbox"] == [10, 20, 40, 60]
    table = (tmp_path / "run" / evaluator.CLASSES).read_text().splitlines()
    whole = "\t1.000000" * 3
    assert table[1:] == [f"square{whole}", f"disc{whole}", "ring\t\t\t"]
    pictures = [name for name in logs if name.startswith("image/")]
    assert pictures == ["image/precision_recall", "image/validation_0"]
    # The image alone, without padding, three times as large.
    assert logs["image/validation_0"].shape == (1, 300, 480, 3)
    for name in (evaluator.SHEET, evaluator.CURVES):
        assert Image.open(tmp_path / "run" / name).size[0] > 400


def test_every_evaluation_starts_anew(file):
    measured = evaluator.Evaluator(file, "coco", 3, num_pictures=0)
    measured.update(BATCH)
    measured.finish(None)
    measured.update(annotated.batch([1], [[]]))
    logs = measured.finish(None)
    assert (logs["AP"], logs["num_images"]) == (0.0, 1.0)


def test_what_cannot_be_measured_is_named(file, tmp_path):
    with pytest.raises(ValueError, match=r"num_classes is 4, but .*val\.json has 3 categories"):
        evaluator.Evaluator(file, "coco", 4, 0)
    with pytest.raises(ValueError, match=r"task\.metric must be one of coco, lvis, not 'voc'"):
        evaluator.Evaluator(file, "voc", 3, 0)
    measured = evaluator.Evaluator(file, "coco", 3, 0)
    with pytest.raises(ValueError, match=r"Image 17 of the validation data is not in .*val\.json"):
        measured.update(annotated.batch([17], [[]]))
    with pytest.raises(ValueError, match=r"found in image 1 are no numbers: the training has div"):
        measured.update(annotated.batch([1], [[(0, [0, 0, np.nan, 9], 0.5)]]))
    measured.reset()
    measured.update(annotated.batch([-1], [[]]))
    with pytest.raises(ValueError, match=r"has no object in the 0 images seen"):
        measured.finish(None)
    unclear = {"images": [{"id": 1}], "annotations": [{"image_id": 1}], "categories": []}
    for text, message in (
        ("[1", "cannot be read"),
        ("{}", "has no list 'images'"),
        (json.dumps(unclear), r"bad\.json: annotations\[0\] has no category_id\.$"),
    ):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(annotation_files.AnnotationError, match=message):
            annotation_files.read(str(tmp_path / "bad.json"))


def test_annotations_are_completed(tmp_path):
    data = annotated.data(BOXES)
    for annotation in data["annotations"]:
        del annotation["iscrowd"], annotation["area"]
    data["annotations"][0]["id"] = data["annotations"][1]["id"] = 2
    path = tmp_path / "val.json"
    path.write_text(json.dumps(data))
    found = annotation_files.read(str(path))["annotations"]
    assert [(one["id"], one["iscrowd"], one["area"]) for one in found] == [
        (1, 0, 2400),
        (2, 0, 14400),
    ]
    assert annotation_files.categories(data) == annotated.CATEGORIES
    data["annotations"][1]["bbox"] = [1, 2]
    path.write_text(json.dumps(data))
    message = r"annotations\[1\] has the bbox \[1, 2\], not 4 numbers"
    with pytest.raises(annotation_files.AnnotationError, match=message):
        annotation_files.read(str(path))


def test_annotations_lie_beside_records(tmp_path):
    (tmp_path / "val-00000-of-00001.tfrecord").touch()
    with pytest.raises(
        annotation_files.AnnotationError, match=r"val\.json\); give task\.annotation_"
    ):
        annotation_files.beside(f"{tmp_path}/val*.tfrecord")
    (tmp_path / "val.json").touch()
    assert annotation_files.beside(f"{tmp_path}/val*.tfrecord") == f"{tmp_path}/val.json"
    with pytest.raises(annotation_files.AnnotationError, match=r"matches no file"):
        annotation_files.beside(f"{tmp_path}/test*")


def test_boxes_in_pixels_of_the_image():
    boxes = tf.constant([[[0.0, 10, 50, 70], [-8, -8, 200, 200]]])
    info = tf.constant([[[100.0, 120], [64, 64], [0.5, 0.4], [4, 6]]])
    expected = [[8, 40, 100, 120], [0, 0, 100, 120]]
    np.testing.assert_allclose(rescaling.to_images(boxes, info)[0], expected, rtol=1e-6)
