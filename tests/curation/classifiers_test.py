# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The three kinds of classifiers, made from files."""

import pickle

import gin
import numpy as np
import pytest
import tensorflow as tf

from vito_tf import torch_checkpoint
from vito_tf.curation import classifiers, efficientnet_lite
from vito_tf.curation.classifiers import EfficientNetLite, KerasResNet50, SavedModelClassifier

SIZE = 8


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(classifiers, "_BATCH_SIZE", 4)


def random_images(count, size):
    generator = np.random.default_rng(count)
    return generator.integers(0, 256, (count, size, size, 3), np.uint8)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class TestEfficientNetLite:
    def test_any_number_of_images(self):
        config = pickle.loads(pickle.dumps(EfficientNetLite()))
        assert (config.image_size, config.crop_share) == (224, 0.875)
        classify = config.load()
        images = random_images(6, 224)
        probabilities, features = classify(images)
        assert probabilities.dtype == features.dtype == np.float32
        assert (probabilities.shape, features.shape) == ((6, 1000), (6, 1280))

        path = efficientnet_lite.installed_weights("lite0")
        state = torch_checkpoint.read_state_dict(path)
        logits = features.astype(np.float64) @ state["_fc.weight"].T + state["_fc.bias"]
        np.testing.assert_allclose(probabilities, softmax(logits), atol=1e-6)
        alone = classify(images[5:])
        np.testing.assert_allclose(alone.features, features[5:], atol=1e-5)
        assert [part.shape for part in classify(images[:0])] == [(0, 1000), (0, 1280)]

        for wrong in (images.astype(np.float32), images[:, 1:], images[..., :1]):
            with pytest.raises(ValueError, match="takes uint8 images of shape"):
                classify(wrong)

    def test_settings(self, tmp_path):
        assert EfficientNetLite("lite2").image_size == 260
        with pytest.raises(
            ValueError, match=r"EfficientNetLite.variant must be one of lite0, lite1"
        ):
            EfficientNetLite("b0")
        weights = tmp_path / "weights.pth"
        with pytest.raises(ValueError, match=r"EfficientNetLite.weights .*weights.pth"):
            EfficientNetLite(weights=str(weights)).load()
        weights.write_bytes(b"nothing of the kind")
        with pytest.raises(ValueError, match=r"EfficientNetLite.weights .*weights.pth"):
            EfficientNetLite(weights=str(weights)).load()
        with pytest.raises(ValueError, match=r"EfficientNetLite.weights .* for lite2: .*_conv"):
            EfficientNetLite("lite2", efficientnet_lite.installed_weights("lite0")).load()


class TestKerasResNet50:
    def test_weights_from_a_file(self, tmp_path):
        path = tmp_path / "resnet50.h5"
        tf.keras.utils.set_random_seed(3)
        model = tf.keras.applications.ResNet50(weights=None)
        model.save_weights(path)
        images = random_images(1, 224)
        blue_green_red = images[..., ::-1].astype(np.float32) - (103.939, 116.779, 123.68)
        expected = model(blue_green_red).numpy()
        assert expected.std() > 1e-6

        probabilities, features = KerasResNet50(str(path)).load()(images)
        np.testing.assert_allclose(probabilities, expected, rtol=1e-3)
        assert features.shape == (1, 2048)

    def test_settings(self, tmp_path):
        with pytest.raises(RuntimeError, match="Required bindings"):
            KerasResNet50()
        path = tmp_path / "weights.h5"
        with pytest.raises(ValueError, match=r"KerasResNet50.weights = .*there is no such file"):
            KerasResNet50(str(path)).load()
        path.write_bytes(b"text")
        with pytest.raises(ValueError, match=r"KerasResNet50.weights = .*does not hold"):
            KerasResNet50(str(path)).load()


class Linear(tf.Module):
    """Classifies by one matrix; TF-Hub's common signature for images."""

    def __init__(self, num_classes, activation=tf.identity):
        super().__init__()
        shape = (SIZE * SIZE * 3, num_classes)
        self.kernel = tf.Variable(np.random.default_rng(1).normal(0, 0.5, shape), dtype=tf.float32)
        self.activation = activation

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3])])
    def __call__(self, images):
        flat = tf.reshape(images, [-1, SIZE * SIZE * 3])
        return self.activation(flat @ self.kernel)

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3])])
    def with_features(self, images):
        return {"classes": self(images), "pooled": tf.reduce_mean(images, [1, 2])}


@pytest.fixture(scope="module", name="models")
def _models(tmp_path_factory):
    """Folders of SavedModels, and the matrix in all of them."""
    folder = tmp_path_factory.mktemp("saved_models")
    tf.saved_model.save(Linear(1000), str(folder / "hub"))
    background = Linear(1001, tf.nn.softmax)
    signatures = {"serving_default": background.with_features}
    tf.saved_model.save(background, str(folder / "background"), signatures)
    return folder


class TestSavedModelClassifier:
    def test_hub_module(self, models):
        images = random_images(5, SIZE)
        config = pickle.loads(pickle.dumps(SavedModelClassifier(str(models / "hub"), SIZE)))
        probabilities, features = config.load()(images)
        logits = images.reshape(5, -1) / 255 @ Linear(1000).kernel.numpy()
        np.testing.assert_allclose(features, logits, atol=1e-4)
        np.testing.assert_allclose(probabilities, softmax(logits), atol=1e-5)

    def test_signature_with_background_and_features(self, models):
        images = random_images(5, SIZE)
        classify = SavedModelClassifier(
            str(models / "background"),
            SIZE,
            mean=(10.0, 20.0, 30.0),
            std=(50.0, 60.0, 70.0),
            logits=False,
            features_output="pooled",
        ).load()
        probabilities, features = classify(images)
        pixels = (images - np.array([10.0, 20.0, 30.0])) / [50.0, 60.0, 70.0]
        logits = pixels.reshape(5, -1) @ Linear(1001).kernel.numpy()
        np.testing.assert_allclose(probabilities, softmax(logits[:, 1:]), atol=1e-4)
        np.testing.assert_allclose(features, pixels.mean(axis=(1, 2)), atol=1e-5)

    def test_keras_model(self, tmp_path):
        layers = tf.keras.layers
        model = tf.keras.Sequential(
            [
                layers.Input([SIZE, SIZE, 3]),
                layers.BatchNormalization(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(1000),
            ]
        )
        model.save(tmp_path / "keras")
        images = random_images(3, SIZE)
        probabilities, _ = SavedModelClassifier(str(tmp_path / "keras"), SIZE).load()(images)
        expected = softmax(model(images / np.float32(255), training=False).numpy())
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("none", {}, "path = .* is no folder of a SavedModel"),
            ("hub", {"image_size": 9}, "path = .* cannot classify 9x9 images"),
            ("hub", {"logits": False}, "logits = False is wrong: the model gives no prob"),
            ("background", {}, "logits = True is wrong: the model gives probabilities"),
            ("background", {"output": "pooled"}, r"output = 'pooled' must .*pooled \(4, 3\)"),
            (
                "background",
                {"features_output": "x"},
                r"features_output = 'x' must .*pooled \(4, 3\)",
            ),
        ],
    )
    def test_misfits(self, models, name, options, message):
        config = SavedModelClassifier(str(models / name), **{"image_size": SIZE, **options})
        with pytest.raises(ValueError, match=f"SavedModelClassifier.{message}"):
            config.load()

    def test_model_without_classes(self, tmp_path):
        tf.saved_model.save(Linear(10), str(tmp_path))
        with pytest.raises(ValueError, match=r"output = '' must name .*output \(4, 10\)"):
            SavedModelClassifier(str(tmp_path), SIZE).load()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"image_size": 0}, "image_size = 0 must be positive"),
            ({"mean": (1.0,)}, "mean = .* must have three numbers"),
            ({"std": 127.5}, "std = 127.5 must have three positive numbers"),
            ({"std": (1.0, 0.0, 1.0)}, "std = .* must have three positive numbers"),
            ({"crop_share": 1.5}, "crop_share = 1.5 must be in"),
        ],
    )
    def test_settings_outside_their_range(self, options, message):
        with pytest.raises(ValueError, match=f"SavedModelClassifier.{message}"):
            SavedModelClassifier("folder", **options)


def test_gin_configures_them():
    gin.parse_config("EfficientNetLite.variant = 'lite2'\nKerasResNet50.weights = 'file.h5'")
    assert EfficientNetLite().image_size == 260
    assert KerasResNet50().weights == "file.h5"
