# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Annotation files in COCO's format, good ones and bad ones."""

import json

import numpy as np
import pytest
from pycocotools import mask

from tests.transfer import coco_data
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import coco_annotations


def read(tmp_path, annotations, images=(1,), **options):
    contents = coco_data.document([coco_data.image(n) for n in images], annotations, **options)
    return coco_annotations.read(coco_data.write_json(tmp_path / "a.json", contents))


def test_a_good_file(tmp_path):
    polygon = [[3, 4, 13, 4, 13, 10]]
    given = [
        coco_data.annotation(5, 2, 90, area=30.5, iscrowd=0, segmentation=polygon, note="x"),
        coco_data.annotation(9, 1, 7, (0.5, 0, 4, 5), iscrowd=True, area=10**400),
        coco_data.annotation(10, 1, area=-3),
    ]
    found = read(tmp_path, given, images=(1, 2, 3))
    assert found.categories == {2: "dog", 7: "cat", 90: "eel"}
    assert list(found.categories) == [2, 7, 90]
    assert list(found.images) == [1, 2, 3]
    assert [entry["id"] for entry in found.boxes[2]] == [5]
    assert [entry["area"] for entry in found.boxes[1]] == [20, 60]
    assert sorted(found.boxes) == [1, 2]
    assert not found.skipped
    assert (found.num_clipped, found.num_derived) == (0, 0)
    written = json.loads(coco_annotations.evaluation_file(found))
    assert written["info"] == {"year": 2017}
    assert written["categories"] == coco_data.CATEGORIES
    assert [entry["id"] for entry in written["images"]] == [1, 2, 3]
    expected = {**given[0]}
    del expected["segmentation"]
    assert written["annotations"] == [
        expected,
        {**given[1], "area": 20.0, "iscrowd": 1},
        {**given[2], "area": 60.0, "iscrowd": 0},
    ]
    assert type(written["annotations"][1]["iscrowd"]) is int


@pytest.mark.parametrize(
    ("fields", "reason", "is_evaluated"),
    [
        ({"image_id": 8}, coco_annotations.UNKNOWN_IMAGE, False),
        ({"image_id": [1]}, coco_annotations.UNKNOWN_IMAGE, False),
        ({"image_id": True}, coco_annotations.UNKNOWN_IMAGE, False),
        ({"category_id": 3}, coco_annotations.UNKNOWN_CATEGORY, False),
        ({"category_id": None}, coco_annotations.UNKNOWN_CATEGORY, False),
        ({"bbox": None}, coco_annotations.NO_BOX, False),
        ({"bbox": [1, 2, 3]}, coco_annotations.NO_BOX, False),
        ({"bbox": [1, 2, 3, "4"]}, coco_annotations.NO_BOX, False),
        ({"bbox": [1, 2, 3, float("nan")]}, coco_annotations.NOT_FINITE, False),
        ({"bbox": [float("inf"), 2, 3, 4]}, coco_annotations.NOT_FINITE, False),
        ({"bbox": [1, 2, 1e200, 1e200]}, coco_annotations.NOT_FINITE, False),
        ({"bbox": [1, 2, 0, 4]}, coco_annotations.DEGENERATE, True),
        ({"bbox": [1, 2, 3, -4]}, coco_annotations.DEGENERATE, True),
        ({"bbox": [30, 2, 3, 4]}, coco_annotations.OUTSIDE, True),
        ({"bbox": [3, -9, 3, 4]}, coco_annotations.OUTSIDE, True),
        ({"bbox": None, "segmentation": [[1, 2, 3]]}, coco_annotations.NO_BOX, False),
        (
            {"bbox": None, "segmentation": [[1, 2, 3, float("nan"), 5, 6]]},
            coco_annotations.NOT_FINITE,
            False,
        ),
        ({"bbox": None, "segmentation": [[1, 2, 3, "4", 5, 6]]}, coco_annotations.NO_BOX, False),
        (
            {"bbox": None, "segmentation": {"size": [20, 30], "counts": [5, 5]}},
            coco_annotations.NO_BOX,
            False,
        ),
        (
            {"bbox": None, "segmentation": {"size": [20, 30], "counts": "PPYh0"}},
            coco_annotations.NO_BOX,
            False,
        ),
        (
            {"bbox": None, "segmentation": {"size": [9, 9], "counts": [81]}},
            coco_annotations.NO_BOX,
            False,
        ),
    ],
)
def test_bad_annotations_are_left_out_with_a_reason(tmp_path, fields, reason, is_evaluated):
    bad = {**coco_data.annotation(4, 1), **fields}
    found = read(tmp_path, [coco_data.annotation(3, 1), bad])
    assert [entry["id"] for entry in found.boxes[1]] == [3]
    assert found.skipped == [(4, reason)]
    assert found.num_derived == 0
    assert [entry["id"] for entry in found.evaluated] == [3, 4][: 1 + is_evaluated]


def test_boxes_are_made_from_segmentations(tmp_path):
    covered = np.zeros([20, 30], np.uint8, order="F")
    covered[5:9, 7:20] = 1
    code = mask.encode(covered)
    flat = covered.T.ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *changes, flat.size]).tolist()
    segmentations = [
        {"size": code["size"], "counts": code["counts"].decode()},
        {"size": code["size"], "counts": counts},
        [[7, 5, 20, 5, 20, 8.5], [8, 8, 9.5, 9, 8, 8.5]],
    ]
    given = [
        coco_data.annotation(number, 1, bbox=None, segmentation=segmentation)
        for number, segmentation in enumerate(segmentations, start=1)
    ]
    found = read(tmp_path, [*given, coco_data.annotation(8, 1, bbox=[], segmentation=[[1] * 4])])
    assert [entry["bbox"] for entry in found.boxes[1]] == [[7, 5, 13, 4]] * 3
    assert [entry["area"] for entry in found.evaluated] == [52] * 3
    assert found.num_derived == 3
    assert found.skipped == [(8, coco_annotations.NO_BOX)]


def test_boxes_that_reach_out_are_counted_and_clipped(tmp_path):
    given = [
        coco_data.annotation(1, 1, bbox=(-2, 3, 10, 30)),
        coco_data.annotation(2, 1, bbox=(20, 3, 10.004, 5)),
    ]
    found = read(tmp_path, given)
    assert found.num_clipped == 1
    assert coco_annotations.clipped(given[0]["bbox"], found.images[1]) == (3, 0, 20, 8)
    assert [entry["bbox"] for entry in found.evaluated] == [given[0]["bbox"], given[1]["bbox"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": None}, "has no images"),
        ({"images": []}, "has no images"),
        ({"annotations": 3}, "has no annotations"),
        ({"categories": []}, "has no categories"),
        ({"images": [coco_data.image("a")]}, "entry 0 of images has no id"),
        ({"images": [3]}, "entry 0 of images has no id"),
        ({"images": [coco_data.image(1, height=0)]}, "image 1 has no height and width"),
        ({"images": [coco_data.image(1), coco_data.image(1)]}, "two of images have the id 1"),
        ({"annotations": [coco_data.annotation(4, 1)] * 2}, "two of annotations have the id 4"),
        ({"annotations": [coco_data.annotation(-4, 1)]}, "entry 0 of annotations has no id"),
        ({"annotations": [coco_data.annotation(4, 1, 3)]}, "none of 1 annotations can be used"),
        ({"categories": [{"id": 7}]}, "category 7 has no name"),
    ],
)
def test_files_that_are_not_in_the_format_are_refused(tmp_path, change, message):
    contents = coco_data.document([coco_data.image(1)], [coco_data.annotation(3, 1)])
    path = coco_data.write_json(tmp_path / "a.json", {**contents, **change})
    with pytest.raises(conversion.ConversionError, match=rf"a\.json.*{message}"):
        coco_annotations.read(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100000, '{"a": "\udc80"}'])
def test_what_is_no_json_object_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(conversion.ConversionError, match=r"a\.json is no"):
        coco_annotations.read(str(path))
    with pytest.raises(conversion.ConversionError, match=r"b\.json cannot be read"):
        coco_annotations.read(str(tmp_path / "b.json"))
