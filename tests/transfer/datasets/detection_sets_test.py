# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""COCO, LVIS and data in COCO's format become records of Model Garden's."""

import json

import numpy as np
import pytest
import tensorflow as tf
from official.vision.dataloaders import tf_example_decoder

from tests.transfer import coco_data
from vito_tf.transfer import conversion
from vito_tf.transfer.datasets import coco, lvis


def documents():
    train = coco_data.document(
        [coco_data.image(1), coco_data.image(2), coco_data.image(5, 40, 20)],
        [
            coco_data.annotation(11, 5, 90, (-2, 5, 12, 10), iscrowd=1, area=33.5),
            coco_data.annotation(12, 5, 2, (4, 4, 8, 2)),
            coco_data.annotation(13, 5, 2, (4, 4, 0, 2)),
            coco_data.annotation(14, 1),
        ],
    )
    val = coco_data.document([coco_data.image(1)], [coco_data.annotation(1, 1)])
    return {"train": train, "val": val}


def decoded(folder, split):
    """Records by image id, as Model Garden's decoder reads them."""
    paths = sorted(str(path) for path in folder.glob(f"{split}-*.tfrecord"))
    decoder = tf_example_decoder.TfExampleDecoder()
    records = [
        tf.nest.map_structure(lambda tensor: tensor.numpy(), decoder.decode(record))
        for record in tf.data.TFRecordDataset(paths)
    ]
    return {int(record["source_id"]): record for record in records}


def test_model_garden_reads_the_records(tmp_path):
    source = coco_data.write_format(tmp_path / "in", documents())
    info = conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)
    assert info["class_names"] == ["dog", "cat", "eel"]
    assert info["category_ids"] == [2, 7, 90]
    assert info["federated"] is False
    train = info["splits"]["train"]
    assert train["num_examples"] == 3
    assert train["boxes"] == 3
    assert (train["crowds"], train["most_boxes"], train["clipped_boxes"]) == (1, 1, 1)
    assert train["images_without_boxes"] == 1
    assert train["skipped_annotations"] == {"bbox without area": 1}
    listed = (tmp_path / "out" / "skipped.tsv").read_text()
    assert listed == "train\tannotation 13\tbbox without area\n"

    records = decoded(tmp_path / "out", "train")
    assert sorted(records) == [1, 2, 5]
    record = records[5]
    np.testing.assert_array_equal(record["groundtruth_classes"], [90, 2])
    np.testing.assert_array_equal(record["groundtruth_is_crowd"], [True, False])
    np.testing.assert_array_equal(record["groundtruth_area"], [33.5, 16])
    expected = np.array([[5, 0, 15, 10], [4, 4, 6, 12]]) / [40, 20, 40, 20]
    np.testing.assert_allclose(record["groundtruth_boxes"], expected, rtol=1e-6)
    assert record["image"].shape == (40, 20, 3)
    assert (record["height"], record["width"]) == (40, 20)
    assert records[2]["groundtruth_boxes"].shape == (0, 4)
    beside = json.loads((tmp_path / "out" / "train.json").read_text())
    assert [entry["id"] for entry in beside["annotations"]] == [11, 12, 13, 14]
    assert (tmp_path / "out" / "val.json").exists()


def test_another_annotation_is_another_conversion(tmp_path):
    contents = documents()
    source = coco_data.write_format(tmp_path / "in", contents)
    conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)
    conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)
    contents["train"]["annotations"][0]["bbox"][0] = 1
    coco_data.write_json(tmp_path / "in/annotations/instances_train.json", contents["train"])
    with pytest.raises(conversion.ConversionError, match="conversion of other files"):
        conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)


def test_pictures_that_are_missing_or_of_another_size(tmp_path):
    source = coco_data.write_format(tmp_path / "in", documents())
    (tmp_path / "in/train/1.jpg").unlink()
    with pytest.raises(conversion.ConversionError, match=r"1 are missing, such as .*train/1\.jpg"):
        conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)
    coco_data.write_picture(tmp_path / "in/train/1.jpg", 30, 20)
    with pytest.raises(conversion.ConversionError, match=r"has 20x30 .* are for 30x20"):
        conversion.convert(coco.read_format(source), str(tmp_path / "out"), 10)
    info = conversion.convert(
        coco.read_format(source), str(tmp_path / "out"), 10, allow_partial=True
    )
    assert info["splits"]["train"]["skipped"] == 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([coco_data.image(1, file_name="../1.jpg")], None),
        ([coco_data.image(1, file_name="../../1.jpg")], "image 1 lies outside"),
        ([coco_data.image(1), coco_data.image(2, file_name="./1.jpg")], "images 1 and 2 are both"),
        ([coco_data.image(1, file_name=7)], "image 1 has no file name"),
    ],
)
def test_names_of_pictures(tmp_path, images, message):
    contents = coco_data.document(images, [])
    for split in ("train", "val"):
        coco_data.write_json(tmp_path / f"annotations/instances_{split}.json", contents)
    if message is None:
        assert coco.read_format(str(tmp_path)).splits[0].missing == [str(tmp_path / "1.jpg")]
        return
    with pytest.raises(conversion.ConversionError, match=message):
        coco.read_format(str(tmp_path))


def test_splits_have_the_same_categories(tmp_path):
    contents = documents()
    contents["val"]["categories"] = coco_data.CATEGORIES[::2]
    source = coco_data.write_format(tmp_path, contents)
    with pytest.raises(conversion.ConversionError, match=r"instances_val\.json has other"):
        coco.read_format(source)


def test_cocos_layout_and_counts(tmp_path):
    contents = documents()
    for split in contents.values():
        more = [{"id": 100 + n, "name": f"c{n}"} for n in range(77)]
        split["categories"] = coco_data.CATEGORIES + more
    source = coco_data.write_format(tmp_path, contents, "{}2017", "instances_{}2017.json")
    found = coco.read(source)
    assert {split.name: split.published for split in found.splits} == {"train": 118287, "val": 5000}
    assert [len(split.items) for split in found.splits] == [3, 1]
    with pytest.raises(conversion.ConversionError, match="3 items here and 118287 as published"):
        conversion.convert(found, str(tmp_path / "out"), 10)
    for split in contents.values():
        split["categories"].pop()
    coco_data.write_format(tmp_path, contents, "{}2017", "instances_{}2017.json")
    with pytest.raises(conversion.ConversionError, match="79 categories, and COCO 80"):
        coco.read(source)


def test_lvis_finds_its_images_in_coco_and_keeps_its_lists(tmp_path):
    categories = [{"id": n, "name": f"c{n}", "frequency": "r"} for n in range(1, 1204)]
    for split, folder in (("train", "train2017"), ("val", "train2017")):
        entry = coco_data.image(
            3,
            coco_url=f"http://images.cocodataset.org/{folder}/0003.jpg",
            neg_category_ids=[5, 1203],
            not_exhaustive_category_ids=[7],
        )
        contents = coco_data.document([entry], [coco_data.annotation(1, 3)], categories)
        coco_data.write_json(tmp_path / f"annotations/lvis_v1_{split}.json", contents)
        coco_data.write_picture(tmp_path / folder / "0003.jpg")
    found = lvis.read(str(tmp_path))
    assert {split.name: split.published for split in found.splits} == {
        "train": 100170,
        "val": 19809,
    }
    assert found.info["federated"] is True
    record = tf.train.Example.FromString(found.splits[1].items[0].make())
    feature = record.features.feature
    assert list(feature["image/neg_category_ids"].int64_list.value) == [5, 1203]
    assert list(feature["image/not_exhaustive_category_ids"].int64_list.value) == [7]
    beside = json.loads(found.splits[1].files["val.json"]())
    assert beside["categories"] == categories
    assert beside["images"] == [entry]
    entry["neg_category_ids"] = [1204]
    coco_data.write_json(tmp_path / "annotations/lvis_v1_val.json", contents)
    with pytest.raises(conversion.ConversionError, match="image 3 has no list neg_category_ids"):
        lvis.read(str(tmp_path))
