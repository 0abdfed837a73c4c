# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite as an encoder."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf import torch_checkpoint
from vito_tf.curation import efficientnet_lite
from vito_tf.evaluation.encoders import efficientnet, encoder, keras_copies


@pytest.fixture(name="lite0", scope="module")
def _lite0():
    state = torch_checkpoint.read_state_dict(efficientnet_lite.installed_weights("lite0"))
    return efficientnet_lite.efficientnet_lite("lite0", state)


def test_outputs_at_its_own_size_and_others(lite0):
    found = efficientnet.load("lite0")
    assert (found.name, found.image_size) == ("EfficientNet-Lite0", 224)
    assert found.capabilities == {encoder.LOGITS, encoder.LAST_MAP, encoder.DENSE_FEATURES}
    images = np.random.default_rng(0).random((1, 224, 224, 3), np.float32)
    expected = lite0(images * 255)
    outputs = found(tf.constant(images))
    np.testing.assert_allclose(np.asarray(outputs.logits), expected["logits"], atol=1e-4)
    np.testing.assert_allclose(outputs.features, expected["features"], atol=1e-4)
    last_map = np.asarray(outputs.last_map)
    np.testing.assert_allclose(outputs.features, last_map.mean((1, 2)), atol=1e-4)
    assert found.dense_features(images[:, :65, :72]).shape == (1, 9, 9, 112)
    smaller = np.asarray(found(tf.constant(images[:, :70, :64])).last_map)
    assert smaller.shape == (1, 3, 2, 1280)


def test_dense_features_do_without_the_stride_before_the_last(lite0):
    level = keras_copies.before_last_stride(lite0)
    (name,) = level.strided
    images = np.random.default_rng(0).random((1, 64, 96, 3), np.float32) * 255
    strided, unstrided = (
        tf.keras.Model(
            copy.input, [copy.get_layer(name).output, copy.get_layer(level.output).output]
        )
        for copy in (keras_copies.any_size(lite0), keras_copies.any_size(lite0, level.strided))
    )
    first, last = (np.asarray(outputs) for outputs in strided(images))
    dense_first, dense_last = (np.asarray(outputs) for outputs in unstrided(images))
    # With an even size, 'same' padding puts the windows of stride 2 around odd positions.
    np.testing.assert_allclose(first, dense_first[:, 1::2, 1::2], atol=1e-4)
    assert (last.shape, dense_last.shape) == ((1, 4, 6, 112), (1, 8, 12, 112))


def test_what_is_not_there():
    with pytest.raises(ValueError, match="pip install efficientnet-lite4-pytorch-model"):
        efficientnet.load("lite4")
    with pytest.raises(ValueError, match="no EfficientNet 'b0'; there are lite0, lite1"):
        efficientnet.load("b0")
