# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Conversion of data sets: order, resume, and what is missing or unusable."""

import functools
import json

import pytest
import tensorflow as tf

from vito_tf.transfer import conversion


def data_set(count, published=None, missing=(), broken=()):
    def make(number):
        if number in broken:
            raise conversion.ConversionError(f"{number}.jpg is broken.")
        return str(number).encode()

    items = [conversion.Item(f"{n}.jpg", functools.partial(make, n)) for n in range(count)]
    split = conversion.Split("train", items, published, missing)
    return conversion.DataSet([split], ["cat", "dog"])


def records(folder):
    paths = sorted(str(path) for path in folder.glob("train-*.tfrecord"))
    return [record.numpy() for record in tf.data.TFRecordDataset(paths)]


def test_all_items_are_written_shuffled_and_counted(tmp_path):
    info = conversion.convert(data_set(25, published=25), str(tmp_path), items_per_shard=10)
    written = records(tmp_path)
    assert sorted(written, key=int) == [str(n).encode() for n in range(25)]
    assert written != sorted(written, key=int)
    assert info == json.loads((tmp_path / "dataset.json").read_text())
    assert info["class_names"] == ["cat", "dog"]
    assert info["splits"]["train"]["num_examples"] == 25
    assert info["splits"]["train"]["files"] == [
        f"train-{n:05d}-of-00003.tfrecord" for n in range(3)
    ]


def test_workers_do_not_change_the_order(tmp_path):
    for workers in (1, 4):
        conversion.convert(data_set(50), str(tmp_path / str(workers)), 20, num_workers=workers)
    assert records(tmp_path / "1") == records(tmp_path / "4")


def test_an_interrupted_conversion_goes_on(tmp_path):
    with pytest.raises(conversion.ConversionError, match=r"7\.jpg is broken"):
        conversion.convert(data_set(25, broken=[7]), str(tmp_path), items_per_shard=5)
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("train-*.tfrecord")}
    assert not (tmp_path / "dataset.json").exists()
    conversion.convert(data_set(25), str(tmp_path), items_per_shard=5)
    assert all(path.stat().st_mtime_ns == time for path, time in done.items())
    conversion.convert(data_set(25), str(tmp_path / "afresh"), items_per_shard=5)
    assert records(tmp_path) == records(tmp_path / "afresh")


def test_unusable_items_can_be_passed_over_and_are_listed(tmp_path):
    for _ in range(2):
        info = conversion.convert(data_set(9, broken=[2, 4]), str(tmp_path), 5, allow_partial=True)
    assert len(records(tmp_path)) == 7
    assert info["splits"]["train"]["skipped"] == 2
    listed = sorted((tmp_path / "skipped.tsv").read_text().splitlines())
    assert listed == ["train\t2.jpg\t2.jpg is broken.", "train\t4.jpg\t4.jpg is broken."]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"published": 30}, "has 25 items here and 30 as published"),
        ({"missing": ["a.jpg", "b.jpg"]}, r"25 items here; .* 2 are missing, such as a\.jpg"),
    ],
)
def test_what_is_not_whole_is_refused_unless_asked_for(tmp_path, options, message):
    with pytest.raises(conversion.ConversionError, match=message):
        conversion.convert(data_set(25, **options), str(tmp_path), 10)
    for _ in range(2):
        conversion.convert(data_set(25, **options), str(tmp_path), 10, allow_partial=True)
    assert len(records(tmp_path)) == 25
    lines = [f"train\t{name}\tis missing\n" for name in options.get("missing", ())]
    listed = tmp_path / "skipped.tsv"
    assert listed.exists() == bool(lines)
    assert not lines or listed.read_text() == "".join(lines)


def test_another_conversion_in_the_folder_is_refused(tmp_path):
    conversion.convert(data_set(5), str(tmp_path), 10)
    with pytest.raises(conversion.ConversionError, match="holds a conversion of other files"):
        conversion.convert(data_set(6), str(tmp_path), 10)
    (tmp_path / "conversion.json").unlink()
    with pytest.raises(conversion.ConversionError, match="of another making"):
        conversion.convert(data_set(5), str(tmp_path), 10)
