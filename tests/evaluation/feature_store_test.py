# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Vectors on disk."""

import hashlib
import os

import numpy as np

from vito_tf.evaluation import feature_store

KEYS = [hashlib.sha256(bytes([k])).digest() for k in range(5)]
VALUES = np.arange(15, dtype=np.float32).reshape(5, 3)


def test_values_are_found_by_key_in_any_order_and_by_another_process(tmp_path):
    store = feature_store.FeatureStore(tmp_path)
    store.add(KEYS[:3], VALUES[:3])
    store.add(KEYS[3:], VALUES[3:])
    for one in (store, feature_store.FeatureStore(tmp_path)):
        assert all(key in one for key in KEYS)
        np.testing.assert_array_equal(one.get(KEYS[::-1] + KEYS[1:2]), VALUES[[4, 3, 2, 1, 0, 1]])
    assert hashlib.sha256(b"other").digest() not in store


def test_a_shard_that_was_not_finished_or_is_damaged_is_as_if_it_were_not_there(tmp_path):
    store = feature_store.FeatureStore(tmp_path)
    store.add(KEYS[:2], VALUES[:2])
    store.add(KEYS[2:], VALUES[2:])
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 4
    keys = [name for name in names if name.endswith(".keys.npy")]
    values = keys[0].replace(".keys.", ".values.")
    os.truncate(tmp_path / values, os.path.getsize(tmp_path / values) - 4)
    (tmp_path / "0.values.npy.partial").write_bytes(b"half")
    (tmp_path / "1.keys.npy").write_bytes(b"not numpy's")
    reopened = feature_store.FeatureStore(tmp_path)
    kept = [key in reopened for key in KEYS]
    assert kept in ([True] * 2 + [False] * 3, [False] * 2 + [True] * 3)
    found = [key for key in KEYS if key in reopened]
    np.testing.assert_array_equal(reopened.get(found), VALUES[kept])
    assert not (tmp_path / keys[0]).exists()


def test_values_of_another_width_do_not_mix(tmp_path):
    feature_store.FeatureStore(tmp_path).add(KEYS[:2], VALUES[:2])
    store = feature_store.FeatureStore(tmp_path)
    store.add(KEYS[2:3], VALUES[2:3, :2])
    assert KEYS[2] not in store
    np.testing.assert_array_equal(store.get(KEYS[:1]), VALUES[:1])
