# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ClickMe's records: order, decoding, partial sets, damaged files."""

import numpy as np
import tensorflow as tf

from tests.evaluation.saliency import pair_files
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.saliency import clickme, pairs

IMAGE = pair_files.encoded(pair_files.picture())
HEATMAP = pair_files.encoded(pair_files.picture(1)[..., 0])


def _good(label=7):
    return pair_files.record(IMAGE, HEATMAP, label)


def test_records_are_read_in_the_order_of_shards(tmp_path):
    for number in (10, 2, 0):
        pair_files.write_shard(tmp_path, number, [_good(number), _good(100 + number)])
    assert clickme.is_one(str(tmp_path))
    found = clickme.find(str(tmp_path))
    assert (found.size, found.partial) == (6, "3 of 17 files of ClickMe")
    read = [one for one in found.read() if isinstance(one, pairs.Pair)]
    assert [one.label for one in read] == [0, 100, 2, 102, 10, 110]
    assert read[3].name == "val-2.tfrecords:1"
    np.testing.assert_array_equal(read[0].image, tf.io.decode_jpeg(IMAGE))
    np.testing.assert_array_equal(read[0].heat_map, tf.io.decode_jpeg(HEATMAP)[..., 0])


def test_a_whole_set_is_not_partial(tmp_path):
    for number in range(17):
        pair_files.write_shard(tmp_path, number, [])
    assert clickme.find(str(tmp_path)).partial == ""


def test_other_folders_are_none_of_its_business(tmp_path):
    assert not clickme.is_one(str(tmp_path))


def test_what_cannot_be_used_is_left_out_with_the_reason(tmp_path):
    colours = pair_files.encoded(pair_files.picture(1))
    records = [
        pair_files.record(IMAGE, None, 1),
        pair_files.record(IMAGE, HEATMAP, None),
        pair_files.record(IMAGE, HEATMAP, 1000),
        pair_files.record(IMAGE, colours, 1),
        pair_files.record(b"", HEATMAP, 1),
        b"\xff\xff",
        _good(),
    ]
    pair_files.write_shard(tmp_path, 0, records)
    *left_out, good = clickme.find(str(tmp_path)).read()
    assert good.name == "val-0.tfrecords:6"
    expected = [
        "0 values of 'heatmap'",
        "0 values of 'label'",
        "label 1000 is no ImageNet class",
        "3 channels",
        "picture cannot be decoded",
        "no tf.train.Example",
    ]
    for number, (one, reason) in enumerate(zip(left_out, expected)):
        assert isinstance(one, data_errors.LeftOut)
        assert one.name == f"val-0.tfrecords:{number}"
        assert reason in one.reason
    assert len(left_out) == len(expected)


def test_a_damaged_file_ends_where_it_is_damaged(tmp_path):
    path = pair_files.write_shard(tmp_path, 0, [_good(1), _good(2)])
    pair_files.write_shard(tmp_path, 1, [_good(3)])
    path.write_bytes(path.read_bytes()[:-20])
    found = clickme.find(str(tmp_path))
    read = list(found.read())
    assert found.size == 2
    assert [one.label for one in read if isinstance(one, pairs.Pair)] == [1, 3]
    reason = f"{path} is damaged after 1 records"
    assert read[1] == data_errors.LeftOut("val-0.tfrecords", reason)
