# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Keras Applications as encoders, by the smallest of them."""

import urllib.error

import numpy as np
import pytest
import tensorflow as tf
from keras.src.utils import data_utils

from vito_tf.evaluation.encoders import encoder, keras_application

SIZE = 64


@pytest.fixture(name="mobile_net", scope="module")
def _mobile_net():
    return keras_application.load("MobileNet", SIZE, keras_application.RANDOM)


def test_pixels_weights_and_outputs_are_keras_own(mobile_net, tmp_path):
    assert (mobile_net.name, mobile_net.image_size) == ("MobileNet", SIZE)
    assert mobile_net.capabilities == {encoder.LOGITS, encoder.LAST_MAP}
    images = np.random.default_rng(0).random((2, SIZE, SIZE, 3), np.float32)
    outputs = mobile_net(tf.constant(images))
    model = tf.keras.applications.MobileNet(
        (SIZE, SIZE, 3), weights=None, classifier_activation=None
    )
    model.set_weights(mobile_net.network.get_weights())
    expected = model(images * 2 - 1, training=False)  # MobileNet wants [-1, 1].
    np.testing.assert_allclose(outputs.logits, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        outputs.features, np.mean(outputs.last_map, axis=(1, 2)), rtol=1e-4, atol=1e-5
    )
    model.save_weights(tmp_path / "weights.h5")
    loaded = keras_application.load("MobileNet", SIZE, str(tmp_path / "weights.h5"))
    assert loaded.identity == mobile_net.identity
    np.testing.assert_array_equal(
        np.asarray(loaded(tf.constant(images)).logits), np.asarray(outputs.logits)
    )


def test_wrong_weights(tmp_path):
    layers = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(2)])
    layers.save_weights(tmp_path / "other.h5")
    (tmp_path / "damaged.h5").write_bytes(b"no HDF5 at all")
    for name, reason in [
        ("other", "Layer count mismatch"),
        ("damaged", "file signature not found"),
    ]:
        with pytest.raises(ValueError, match=rf"{name}.h5 does not hold .* MobileNet: .*{reason}"):
            keras_application.load("MobileNet", SIZE, str(tmp_path / f"{name}.h5"))
    with pytest.raises(ValueError, match=r"missing.h5 is neither an HDF5 file .* nor imagenet"):
        keras_application.load("MobileNet", weights=str(tmp_path / "missing.h5"))
    with pytest.raises(ValueError, match="builds EfficientNetB0 otherwise for its own weights"):
        keras_application.load("EfficientNetB0", weights=str(tmp_path / "other.h5"))
    with pytest.raises(ValueError, match=r"has no 'ResNet51'; it has ConvNeXtBase, .*Xception"):
        keras_application.load("ResNet51")


def test_a_download_that_fails(monkeypatch, tmp_path):
    def fail(*unused_args, **unused_kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(data_utils, "urlretrieve", fail)
    with pytest.raises(ValueError, match=r"not download the weights of MobileNet .*weights=FILE"):
        keras_application.load("MobileNet")
