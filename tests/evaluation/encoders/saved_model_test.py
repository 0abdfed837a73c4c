# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Other people's SavedModels as encoders."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation.encoders import encoder, saved_model

SIZE = 4
IMAGES = np.random.default_rng(0).random((3, SIZE, SIZE, 3), np.float32)


class Model(tf.Module):
    """Linear in the pixels; by a call, as TF-Hub's, or by a signature with several outputs."""

    def __init__(self, num_classes, probabilities=False):
        super().__init__()
        rng = np.random.default_rng(num_classes)
        self.kernel = tf.Variable(rng.normal(size=(3, num_classes)).astype(np.float32))
        self._probabilities = probabilities

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3])])
    def __call__(self, images):
        classes = tf.reduce_mean(images, [1, 2]) @ self.kernel
        return tf.nn.softmax(classes) if self._probabilities else classes

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3])])
    def several(self, images):
        features = tf.reduce_mean(images, [1, 2])
        return {"features": features, "pixels": images, "classes": features @ self.kernel}


def expected(model, images=IMAGES, offset=0.0, scale=1.0):
    pixels = (images.astype(np.float64) - offset) / scale
    return pixels.mean((1, 2)) @ model.kernel.numpy()


@pytest.fixture(name="folders", scope="module")
def _folders(tmp_path_factory):
    """Models by name, and where they are."""
    root = tmp_path_factory.mktemp("models")
    models = {
        "call": Model(5),
        "logits": Model(1000),
        "probabilities": Model(1001, probabilities=True),
    }
    for name, model in models.items():
        tf.saved_model.save(model, str(root / name))
    models["several"] = several = Model(1000)
    tf.saved_model.save(several, str(root / "several"), signatures=several.several)
    return root, models


def test_features_of_standardised_pixels(folders):
    root, models = folders
    found = saved_model.load(str(root / "call"), SIZE)
    outputs = found(tf.constant(IMAGES))
    np.testing.assert_allclose(outputs.features, expected(models["call"]), rtol=1e-4, atol=1e-5)
    assert (found.name, found.capabilities, outputs.logits) == ("call", set(), None)
    other = saved_model.load(str(root / "call"), SIZE, mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    values = expected(models["call"], offset=[0.5, 0.25, 0.0], scale=[0.5, 1.0, 2.0])
    np.testing.assert_allclose(
        tf.function(other)(tf.constant(IMAGES)).features, values, rtol=1e-4, atol=1e-5
    )
    assert other.identity != found.identity


def test_logits(folders):
    root, models = folders
    found = saved_model.load(str(root / "logits"), SIZE, encoder.LOGITS)
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = found(images)
        total = tf.reduce_sum(tf.gather(outputs.logits, 7, axis=1))
    np.testing.assert_allclose(
        np.asarray(outputs.logits), expected(models["logits"]), rtol=1e-4, atol=1e-5
    )
    gradient = models["logits"].kernel[:, 7] / SIZE**2
    np.testing.assert_allclose(
        tape.gradient(total, images), np.broadcast_to(gradient, IMAGES.shape), rtol=1e-4
    )
    assert found.capabilities == {encoder.LOGITS}


def test_probabilities_without_the_background(folders):
    root, models = folders
    found = saved_model.load(str(root / "probabilities"), SIZE, saved_model.PROBABILITIES)
    shares = tf.nn.softmax(found(tf.constant(IMAGES)).logits)
    powers = np.exp(expected(models["probabilities"]))[:, 1:]
    np.testing.assert_allclose(shares, powers / powers.sum(1, keepdims=True), rtol=1e-3)


def test_one_of_several_outputs(folders):
    root, models = folders
    features = saved_model.load(str(root / "several"), SIZE)(tf.constant(IMAGES)).features
    np.testing.assert_allclose(features, IMAGES.mean((1, 2)), rtol=1e-5)
    logits = saved_model.load(str(root / "several"), SIZE, encoder.LOGITS)
    np.testing.assert_allclose(
        np.asarray(logits(tf.constant(IMAGES)).logits),
        expected(models["several"]),
        rtol=1e-4,
        atol=1e-5,
    )


def test_identity_is_of_the_files(folders, tmp_path):
    root, _ = folders
    found = saved_model.load(str(root / "call"), SIZE)
    copied = shutil.copytree(root / "call", tmp_path / "copy")
    assert saved_model.load(str(copied), SIZE).identity == found.identity
    tf.saved_model.save(Model(6), str(tmp_path / "other"))
    assert saved_model.load(str(tmp_path / "other"), SIZE).identity != found.identity


def test_wrong_folders(folders, tmp_path):
    root, _ = folders
    damaged = Model(5)
    damaged.kernel.assign(tf.fill([3, 5], np.inf))
    tf.saved_model.save(damaged, str(tmp_path / "damaged"))
    for path, size, outputs, reason in [
        (tmp_path, SIZE, "features", "is no folder of a SavedModel"),
        (root / "call", 5, "features", "call cannot take 5x5 images: "),
        (root / "call", SIZE, "logits", r"no one output for outputs=logits: .* output \[2, 5\]"),
        (root / "logits", SIZE, "probabilities", "outputs=probabilities is wrong: output of "),
        (root / "probabilities", SIZE, "logits", "outputs=logits is wrong: output of "),
        (tmp_path / "damaged", SIZE, "features", "damaged: 0 .* is not finite"),
    ]:
        with pytest.raises(ValueError, match=reason):
            saved_model.load(str(path), size, outputs)
