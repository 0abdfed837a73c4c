# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The SavedModel computes what the network does, trains as TF-Hub asks, and is a checkpoint too."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
from official.core import exp_factory, task_factory
from official.vision import registry_imports  # noqa: F401

from tests.backbones import encoders
from tests.serving import runs
from vito_tf.backbones import encoder_files, networks
from vito_tf.evaluation import attention_maps
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import encoder_module, file_formats

SIZE = 48


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A SavedModel's folder, and the network that it is of."""
    folder = str(tmp_path_factory.mktemp("export"))
    network = runs.random_network()
    encoder = encoder_lib.Encoder(network.backbone, encoders.TINY, "4", "a test", network)
    file_formats.write_saved_model(encoder, SIZE, folder)
    return folder, network


@pytest.fixture(scope="module")
def module(exported):
    return hub.load(exported[0])


def _standardised(images):
    return (np.asarray(images, np.float64) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


def _maps(network, images):
    return network.backbone(tf.constant(_standardised(images), tf.float32), training=False)


def _features(network, images):
    return _maps(network, images)["4"].numpy().mean((1, 2), dtype=np.float64)


def test_features_are_the_average_of_the_last_trained_level(exported, module):
    for images in (runs.images(), runs.images(1, 33, 20, seed=1)):
        features = module(images)
        assert (features.dtype, features.shape) == (tf.float32, [len(images), 32])
        np.testing.assert_allclose(features, _features(exported[1], images), rtol=1e-4, atol=1e-5)


def test_endpoints_are_the_networks_map_by_map(exported, module):
    images = runs.images()
    endpoints, expected = module.endpoints(images), _maps(exported[1], images)
    assert sorted(endpoints) == sorted(expected) == ["2", "3", "4", "5"]
    for level, maps in expected.items():
        np.testing.assert_allclose(endpoints[level], maps, rtol=1e-3, atol=1e-4)


def test_attention_has_the_images_size_and_embed_is_the_projection(exported, module):
    images = runs.images()
    outputs = exported[1](images, training=False)
    np.testing.assert_allclose(module.embed(images), outputs["embedding"], rtol=1e-3, atol=1e-4)
    attention = module.attention(images)
    assert sorted(attention) == ["3", "4", "mean"]
    size = tf.constant([40, 56])
    for level, mask in attention_maps.upsampled_masks(outputs["masks"], size).items():
        np.testing.assert_allclose(attention[level], mask, rtol=1e-3, atol=1e-7)
    mean = (attention["3"].numpy() + attention["4"].numpy()) / 2
    np.testing.assert_allclose(attention["mean"], mean, rtol=1e-4)
    np.testing.assert_allclose(mean.sum((1, 2)), 1, rtol=1e-4)


def test_in_training_batch_norm_uses_the_batch_and_records_it(exported, module):
    images = runs.images(4)
    network = exported[1]
    weights = network.get_weights()
    before = [variable.numpy() for variable in module.variables]
    expected = network.features(tf.constant(_standardised(images), tf.float32), training=True)["4"]
    network.set_weights(weights)
    features = module(images, training=True)
    np.testing.assert_allclose(features, tf.reduce_mean(expected, [1, 2]), rtol=1e-3, atol=1e-4)
    after = [variable.numpy() for variable in module.variables]
    trainable = {variable.name for variable in module.trainable_variables}
    for variable, old, new in zip(module.variables, before, after):
        assert (variable.name in trainable) == np.array_equal(old, new), variable.name
        variable.assign(old)


def test_a_keras_layer_of_it_fine_tunes(exported, module):
    layer = hub.KerasLayer(module, trainable=True)
    model = tf.keras.Sequential([layer, tf.keras.layers.Dense(2)])
    images, labels = runs.images(8, 32, 32), tf.constant([0, 1] * 4)
    model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.build([None, 32, 32, 3])
    before = layer.get_weights()
    losses = model.fit(images, labels, batch_size=8, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert not [w.name for w, old in zip(layer.weights, before) if np.array_equal(w, old)]
    used = encoder_lib.Encoder(exported[1].backbone, encoders.TINY, "4", "").pooled_part
    assert len(layer.trainable_weights) == len(used.trainable_weights)
    assert len(layer.weights) == len(used.weights)
    assert layer.losses == []
    layer.set_weights(before)


def test_a_frozen_keras_layer_stays_as_it_is(exported, module):
    layer = hub.KerasLayer(module)
    images = runs.images()
    np.testing.assert_allclose(
        layer(images, training=True), _features(exported[1], images), rtol=1e-4, atol=1e-5
    )
    assert layer.trainable_weights == []


def _central(pixels):
    """The central square of 7/8 of the shorter side, resized: BYOL's evaluation, by OpenCV."""
    height, width = pixels.shape[:2]
    side = int(224 / 256 * min(height, width))
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    square = pixels[top : top + side, left : left + side].astype(np.float64)
    size = [SIZE, SIZE]
    resized = tf.image.resize(square, size, tf.image.ResizeMethod.BICUBIC).numpy()
    return np.clip(resized / 255, 0, 1)


def test_files_are_decoded_cropped_and_resized(exported, module):
    rng = np.random.default_rng(0)
    colour = cv2.resize(rng.integers(0, 256, [5, 7, 3]).astype(np.uint8), (75, 52))
    grey = cv2.resize(rng.integers(0, 256, [6, 5]).astype(np.uint8), (61, 90))
    files = [tf.io.encode_jpeg(colour, quality=100).numpy(), tf.io.encode_png(colour).numpy()]
    files.append(tf.io.encode_png(grey[..., None]).numpy())
    pixels = [tf.io.decode_jpeg(files[0]).numpy(), colour, np.repeat(grey[..., None], 3, axis=2)]
    expected = _features(exported[1], np.stack([_central(image) for image in pixels]))
    features = module.signatures["image_bytes"](image_bytes=tf.constant(files))["features"]
    np.testing.assert_allclose(features, expected, rtol=2e-2, atol=2e-2)
    np.testing.assert_allclose(features[1:], expected[1:], rtol=1e-3, atol=1e-3)


def test_clips_are_averaged_over_their_frames(exported, module):
    clips = tf.reshape(runs.images(6, 32, 40), [2, 3, 32, 40, 3])
    features = module.signatures["video_clip"](clips=clips)["features"]
    for clip, feature in zip(clips, features):
        expected = _features(exported[1], clip).mean(0)
        np.testing.assert_allclose(feature, expected, rtol=1e-3, atol=1e-4)
    images = runs.images()
    np.testing.assert_allclose(
        module.signatures["serving_default"](images=images)["features"], module(images), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros([5, 6, 4], np.uint8), r"An image has 4 channels \(alpha\?\)"),
        (np.zeros([5, 6, 2], np.uint8), r"An image has 2 channels \(alpha\?\)"),
        (None, "Input is empty"),
    ],
)
def test_files_that_are_no_opaque_image_are_refused(module, pixels, message):
    file = b"" if pixels is None else tf.io.encode_png(pixels).numpy()
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        module.signatures["image_bytes"](image_bytes=tf.constant([file]))


def test_images_without_pixels_or_of_another_rank_are_refused(module):
    message = r"images must be \[B, H, W, 3\] with at least one pixel each"
    for shape in ([2, 0, 8, 3], [2, 8, 0, 3]):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            module(tf.zeros(shape))
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            module.attention(tf.zeros(shape))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        module.signatures["video_clip"](clips=tf.zeros([1, 2, 0, 8, 3]))
    for images in (tf.zeros([8, 8, 3]), tf.zeros([1, 8, 8, 3], tf.uint8), tf.zeros([1, 8, 8, 1])):
        with pytest.raises(ValueError, match=r"shape=\(None, None, None, 3\), dtype=tf.float32"):
            module(images)
    with pytest.raises(encoder_lib.ImageError, match=message):
        encoder_lib.checked(tf.zeros([8, 8, 3]))
    with pytest.raises(encoder_lib.ImageError, match=message):
        encoder_lib.checked(tf.zeros([1, 0, 8, 3]))


def test_it_compiles_with_xla(exported, module):
    images = runs.images(1, 32, 32)
    compiled = tf.function(lambda value: module(value), jit_compile=True)
    np.testing.assert_allclose(
        compiled(images), _features(exported[1], images), rtol=1e-3, atol=1e-4
    )


def test_it_is_an_encoders_folder_as_well(exported, tmp_path):
    files = encoder_files.read(exported[0])
    assert (files.architecture, files.last_level) == (encoders.TINY, "4")
    backbone = networks.build(files.architecture)
    encoder_files.restore(backbone, files)
    for weight, expected in zip(backbone.get_weights(), exported[1].backbone.get_weights()):
        np.testing.assert_array_equal(weight, expected)
    assert not tf.io.gfile.exists(f"{exported[0]}/keras_metadata.pb")


def test_stock_model_garden_starts_from_it(exported):
    config = exp_factory.get_exp_config("resnet_imagenet")
    config.override(
        {
            "task": {
                "init_checkpoint": exported[0],
                "init_checkpoint_modules": "backbone",
                "model": {
                    "input_size": [32, 32, 3],
                    "backbone": {"resnet": {"model_id": 10, "depth_multiplier": 0.125}},
                },
            }
        }
    )
    task = task_factory.get_task(config.task)
    model = task.build_model()
    task.initialize(model)
    for weight, expected in zip(model.backbone.get_weights(), exported[1].backbone.get_weights()):
        np.testing.assert_array_equal(weight, expected)


def test_an_encoder_without_heads_has_only_what_it_can_compute(tmp_path):
    backbone = encoders.write_encoder(tmp_path / "encoder")
    encoder = encoder_lib.of_folder(str(tmp_path / "encoder"))
    module = encoder_module.EncoderModule(encoder, SIZE)
    images = runs.images()
    maps = backbone(tf.constant(_standardised(images), tf.float32), training=False)
    expected = maps["5"].numpy().mean((1, 2))
    np.testing.assert_allclose(module(images), expected, rtol=1e-4, atol=1e-4)
    assert not [name for name in ("attention", "embed") if hasattr(module, name)]
    with pytest.raises(ValueError, match="has no attention and no projector"):
        encoder.embed(images)
