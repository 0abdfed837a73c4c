# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders on disk: exports, other folders, and linear classifiers on them."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory
from official.modeling import hyperparams

from tests.backbones import encoders
from tests.serving import runs
from vito_tf.backbones import encoder_files, resnet
from vito_tf.evaluation import attention_maps
from vito_tf.evaluation.encoders import encoder, folder
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import encoder_module, file_formats
from vito_tf.transfer import linear_classification

IMAGES = runs.images(2, 40, 56)
RATES = [0.5, 0.25]


@pytest.fixture(name="found", scope="module")
def _found(plain):
    return folder.load(str(plain[0]))


def standardised(images):
    return (np.asarray(images) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


def maps(backbone, images=IMAGES):
    return backbone(tf.constant(standardised(images), tf.float32), training=False)


@pytest.fixture(name="export", scope="module")
def _export(tmp_path_factory):
    """A SavedModel's folder, with attention, and the network that it is of."""
    path = str(tmp_path_factory.mktemp("exports") / "export")
    network = runs.random_network()
    exported = encoder_lib.Encoder(network.backbone, encoders.TINY, "5", "a test", network)
    with pytest.MonkeyPatch.context() as patch:
        # They take seconds, and are for others.
        patch.setattr(encoder_module.EncoderModule, "signatures", lambda self: None)
        file_formats.write_saved_model(exported, 48, path)
    return path, network


@pytest.fixture(name="plain", scope="module")
def _plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("encoders") / "plain"
    return path, encoders.write_encoder(path, seed=1)


@pytest.fixture(name="bare", scope="module")
def _bare(export):
    return folder.load(export[0])


def test_features_maps_and_attention_of_an_export(export, bare):
    network, found = export[1], bare
    assert (found.name, found.image_size) == ("export", 224)
    assert found.capabilities == {encoder.LAST_MAP, encoder.DENSE_FEATURES, encoder.ATTENTION}
    outputs, expected = found(IMAGES), maps(network.backbone)["5"]
    np.testing.assert_allclose(np.asarray(outputs.last_map), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs.features, np.mean(expected, (1, 2)), rtol=1e-4, atol=1e-5)
    masks = network(IMAGES, training=False)["masks"]
    expected = {
        **attention_maps.upsampled_masks(masks, IMAGES.shape[1:3]),
        "mean": attention_maps.mean_mask(masks, IMAGES.shape[1:3]),
    }
    attention = tf.function(found.attention)(IMAGES)
    assert set(attention) == set(expected) == {*masks, "mean"}
    for name, mask in attention.items():
        np.testing.assert_allclose(mask, expected[name], rtol=1e-3, atol=1e-7)


def test_gradients_reach_images_and_statistics_stay(found):
    before = [weight.numpy() for weight in found.network.weights]
    with tf.GradientTape() as tape:
        tape.watch(IMAGES)
        outputs = found(IMAGES)
        total = tf.reduce_sum(outputs.features**2)
    image_gradient, map_gradient = tape.gradient(total, [IMAGES, outputs.last_map])
    assert tf.reduce_all(tf.reduce_any(image_gradient != 0, axis=[1, 2, 3]))
    positions = outputs.last_map.shape[1] * outputs.last_map.shape[2]
    expected = np.broadcast_to(2 * outputs.features[:, None, None] / positions, map_gradient.shape)
    np.testing.assert_allclose(map_gradient, expected, rtol=1e-4)
    for old, weight in zip(before, found.network.weights):
        np.testing.assert_array_equal(old, weight)


def test_dense_features(plain, found):
    unstrided = resnet.build(encoders.TINY, output_stride=8, dilated=False)
    for source, target in zip(plain[1].weights, unstrided.weights):
        target.assign(source)
    # Builds its network while it is traced.
    dense = tf.function(found.dense_features, autograph=False)
    np.testing.assert_allclose(dense(IMAGES), maps(unstrided)["4"], rtol=1e-4, atol=1e-5)
    odd = IMAGES[:, :33, :17]
    assert dense(odd).shape == (2, 5, 3, 32)
    np.testing.assert_allclose(dense(odd), maps(unstrided, odd)["4"], rtol=1e-4, atol=1e-5)
    with pytest.raises(encoder.UnsupportedError, match=r"plain .* does not pool by attention"):
        found.attention(IMAGES)


def test_a_swin_transformer(tmp_path):
    backbone = encoders.write_encoder(tmp_path, architecture=encoders.TINY_SWIN)
    found = folder.load(str(tmp_path))
    assert found.capabilities == {encoder.LAST_MAP, encoder.DENSE_FEATURES}
    outputs, expected = found(IMAGES), maps(backbone)["5"]
    np.testing.assert_allclose(np.asarray(outputs.last_map), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs.features, np.mean(expected, (1, 2)), rtol=1e-4, atol=1e-5)
    dense = found.dense_features(IMAGES)
    assert dense.shape == (2, 5, 7, 16)
    enlarged = tf.image.resize(IMAGES, [80, 112], tf.image.ResizeMethod.BILINEAR)
    np.testing.assert_allclose(dense, maps(backbone, enlarged)["4"], rtol=1e-3, atol=1e-4)


def test_levels_that_were_not_trained_do_not_count(plain, tmp_path):
    files = encoder_files.read(str(plain[0]))
    shallow = {}
    for level in "34":
        path = str(shutil.copytree(plain[0], tmp_path / level))
        encoder_files.EncoderFiles(
            path, files.architecture, files.weights, "a test", level
        ).write_description()
        shallow[level] = folder.load(path)
        expected = maps(plain[1])[level].numpy().mean((1, 2))
        np.testing.assert_allclose(shallow[level](IMAGES).features, expected, rtol=1e-4, atol=1e-5)
    assert shallow["4"].dense_features(IMAGES).shape == (2, 5, 7, 32)
    with pytest.raises(encoder.UnsupportedError, match="no feature map of stride 8"):
        shallow["3"].dense_features(IMAGES)


def test_identity_is_of_the_content(plain, found, tmp_path):
    copied = folder.load(str(shutil.copytree(plain[0], tmp_path / "copy")))
    assert (copied.name, copied.identity) == ("copy", found.identity)
    symmetric = resnet.Architecture(10, 0.125, padding="symmetric")
    encoder_files.write(str(tmp_path / "padded"), plain[1], symmetric, "the same weights")
    assert folder.load(str(tmp_path / "padded")).identity != found.identity


def write_run(path, encoder_path, num_classes, **config):
    """A run of linear classification as it ends, without the training: the head is random."""
    params = exp_factory.get_exp_config(linear_classification.EXPERIMENT)
    params.task.override(
        {
            "learning_rates": RATES,
            "model": {
                "num_classes": num_classes,
                "input_size": [32, 32, 3],
                "backbone": {"encoder": {"path": str(encoder_path), **config}},
            },
        }
    )
    best = path / params.trainer.best_checkpoint_export_subdir
    best.mkdir(parents=True)
    hyperparams.save_params_dict_to_yaml(params, str(path / "params.yaml"))
    probe = linear_classification.LinearClassificationTask(params.task).build_model()
    encoders.randomise(probe.heads)
    checkpoint = tf.train.Checkpoint(**probe.checkpoint_items)
    tf.train.CheckpointManager(checkpoint, str(best), 1).save()
    values = {"best_learning_rate": RATES[1], "best_accuracy": 0.5, "best_top_5_accuracy": 0.75}
    (best / "info.json").write_text(json.dumps({**values, "best_ckpt_global_step": 7.0}))
    return probe


def test_a_linear_classifier(export, bare, tmp_path):
    probe = write_run(tmp_path / "run", export[0], 1000)
    found = folder.load(str(tmp_path / "run"))
    assert (found.name, found.image_size) == ("run", 32)
    assert "step 7, learning rate 0.25" in found.description
    assert found.capabilities == {
        *(encoder.LOGITS, encoder.LAST_MAP, encoder.DENSE_FEATURES, encoder.ATTENTION)
    }
    outputs = found(IMAGES)
    np.testing.assert_allclose(outputs.features, bare(IMAGES).features, rtol=1e-4, atol=1e-5)
    logits = probe(tf.constant(standardised(IMAGES), tf.float32))[1]
    np.testing.assert_allclose(np.asarray(outputs.logits), logits, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        found.dense_features(IMAGES), bare.dense_features(IMAGES), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        found.attention(IMAGES)["mean"], bare.attention(IMAGES)["mean"], rtol=1e-4
    )


def test_a_linear_classifier_of_other_classes(plain, tmp_path):
    write_run(tmp_path / "run", plain[0], 3)
    found = folder.load(str(tmp_path / "run"))
    assert found.description.endswith("features alone, for want of 1000 classes")
    assert found.capabilities == {encoder.LAST_MAP, encoder.DENSE_FEATURES}
    assert found(IMAGES).logits is None
    results = tmp_path / "run/best_ckpt/info.json"
    results.write_text(results.read_text().replace("best_accuracy", "accuracy"))
    with pytest.raises(
        ValueError, match=r"info\.json does not describe a best checkpoint: 'best_a"
    ):
        folder.load(str(tmp_path / "run"))
    write_run(tmp_path / "dilated", plain[0], 3, output_stride=16)
    dilated = folder.load(str(tmp_path / "dilated"))
    assert dilated.identity != found.identity
    assert (dilated(IMAGES).features.numpy() != found(IMAGES).features.numpy()).any()
    moved = shutil.move(plain[0], tmp_path / "moved")
    try:
        with pytest.raises(ValueError, match=r"plain is no encoder: it has no encoder.json"):
            folder.load(str(tmp_path / "dilated"))
    finally:
        shutil.move(moved, plain[0])


@pytest.mark.parametrize("text", ["params: [", "a: 1", "[1]", "", "\x00"])
def test_damaged_parameters(text, tmp_path):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"params\.yaml is not of the experiment vito_imagenet_l"):
        folder.load(str(tmp_path))


def test_other_folders(export, plain, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.gin").write_text("")
    foreign = shutil.copytree(export[0], tmp_path / "foreign")
    (foreign / "encoder.json").unlink()
    for name, reason in [
        ("missing", "there is no folder .*missing"),
        ("empty", r"empty holds no encoder: neither encoder\.json .* nor params\.yaml"),
        ("run", r"is a pretraining run; .* export/export_tfhub\.py --model_dir=.*run --export"),
        ("foreign", r"SavedModel of somebody else's; write saved_model:.*foreign"),
    ]:
        with pytest.raises(ValueError, match=reason):
            folder.load(str(tmp_path / name))


def test_damaged_weights(plain, tmp_path):
    backbone = resnet.build(encoders.TINY)
    backbone.weights[4].assign(tf.fill(backbone.weights[4].shape, np.nan))
    encoder_files.write(str(tmp_path / "nan"), backbone, encoders.TINY, "a test")
    with pytest.raises(ValueError, match=r"weights are damaged: 4 .* is not finite"):
        folder.load(str(tmp_path / "nan"))
    cut = shutil.copytree(plain[0], tmp_path / "cut")
    (data,) = cut.glob("*.data*")
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"weights of .*cut do not fit"):
        folder.load(str(cut))
