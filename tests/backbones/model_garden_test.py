# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The backbone type `encoder` under Model Garden's own models."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf
from official.core import config_definitions
from official.vision.configs import (
    backbones,
    common,
    decoders,
    image_classification,
    semantic_segmentation,
)
from official.vision.modeling import factory
from official.vision.modeling.backbones import factory as backbone_factory
from official.vision.tasks import image_classification as classification_task

from tests.backbones.encoders import TINY_SWIN, write_encoder
from vito_tf.backbones import encoder_files, model_garden, resnet

SYMMETRIC = resnet.Architecture(10, 0.125, padding="symmetric", norm_epsilon=1e-2)
IMAGES = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
SPECS = tf.keras.layers.InputSpec(shape=[None, 64, 64, 3])
FIELDS = {"model_id": 10, "depth_multiplier": 0.125}


@pytest.fixture(name="encoder", scope="module")
def _encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    backbone = write_encoder(folder, seed=4, architecture=SYMMETRIC)
    return str(folder), [w.numpy() for w in backbone.weights], maps(backbone)


def maps(backbone):
    return {level: value.numpy() for level, value in backbone(IMAGES, training=False).items()}


def close(found, expected):
    for level, value in expected.items():
        scale = np.abs(value).max()
        np.testing.assert_allclose(found[level] / scale, value / scale, atol=1e-5)


def config(**fields):
    return model_garden.Backbone(encoder=model_garden.Encoder(**fields))


def build(norm=None, l2_regularizer=None, **fields):
    return backbone_factory.build_backbone(
        SPECS, config(**fields), norm or common.NormActivation(), l2_regularizer
    )


def check(backbone, encoder):
    _, weights, features = encoder
    for expected, weight in zip(weights, backbone.weights):
        np.testing.assert_array_equal(weight, expected)
    close(maps(backbone), features)
    shapes = {level: list(value.shape[1:]) for level, value in features.items()}
    assert {level: spec[1:] for level, spec in backbone.output_specs.items()} == shapes


def classifier(path):
    model = image_classification.ImageClassificationModel(
        num_classes=3, input_size=[64, 64, 3], backbone=config(path=path)
    )
    return factory.build_classification_model(SPECS, model)


def fpn(path):
    model = semantic_segmentation.SemanticSegmentationModel(
        num_classes=3,
        min_level=3,
        max_level=5,
        head=semantic_segmentation.SegmentationHead(level=3, num_filters=8),
        decoder=decoders.Decoder(type="fpn", fpn=decoders.FPN(num_filters=8)),
        backbone=config(path=path),
    )
    return factory.build_segmentation_model(SPECS, model)


def test_a_decoder_has_the_encoders_features(encoder):
    check(fpn(encoder[0]).backbone, encoder)


def test_levels_that_the_encoders_training_did_not_reach_are_left_out(encoder, tmp_path):
    folder = str(shutil.copytree(encoder[0], tmp_path / "encoder"))
    dataclasses.replace(encoder_files.read(folder), last_level="4").write_description()
    features = {level: encoder[2][level] for level in "234"}
    for make in (classifier, fpn):
        model = make(folder)
        assert sorted(model.backbone.output_specs) == ["2", "3", "4"]
        assert len(model.backbone.weights) < len(encoder[1])
        check(model.backbone, ("", encoder[1], features))
        assert all(np.isfinite(value).all() for value in tf.nest.flatten(model(IMAGES)))
    # Checkpoints of whole encoders fit it, and its own are an encoder's first levels.
    path = tf.train.Checkpoint(backbone=model.backbone).write(str(tmp_path / "shortened"))
    whole = build(padding="symmetric", **FIELDS)
    tf.train.Checkpoint(backbone=whole).read(path).expect_partial()
    for expected, weight in zip(encoder[1], whole.weights[: len(model.backbone.weights)]):
        np.testing.assert_array_equal(weight, expected)
    status = tf.train.Checkpoint(backbone=model.backbone).read(
        encoder_files.read(folder).checkpoint
    )
    status.expect_partial().assert_existing_objects_matched()


def test_dilation(encoder):
    backbone = build(path=encoder[0], output_stride=16, **FIELDS)
    found = maps(backbone)
    close(found, {level: encoder[2][level] for level in "234"})
    assert backbone.output_specs["5"][1:] == found["5"].shape[1:] == (4, 4, 64)


def test_two_replicas(encoder):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        backbone = build(path=encoder[0])
    check(backbone, encoder)
    results = strategy.run(lambda: backbone(IMAGES, training=False)["5"])
    for result in strategy.experimental_local_results(results):
        close({"5": result.numpy()}, {"5": encoder[2]["5"]})


def norms_of(model):
    layers = model._flatten_layers()
    return [layer for layer in layers if isinstance(layer, tf.keras.layers.BatchNormalization)]


def test_what_the_task_says(encoder):
    norm = common.NormActivation(
        activation="swish", use_sync_bn=True, norm_momentum=0.7, norm_epsilon=0.1
    )
    regularizer = tf.keras.regularizers.L2(0.5)
    backbone = build(norm, regularizer, path=encoder[0])
    check(backbone, encoder)  # With its own epsilon and ReLU.
    norms = norms_of(backbone)
    assert {layer.momentum for layer in norms} == {0.7}
    assert {layer.epsilon for layer in norms} == {1e-2}
    assert {layer.synchronized for layer in norms} == {True}
    kernels = [weight for weight in backbone.weights if "kernel" in weight.name]
    expected = sum(float(tf.reduce_sum(kernel**2)) for kernel in kernels) / 2
    np.testing.assert_allclose(sum(map(float, backbone.losses)), expected, rtol=1e-5)


def test_random_weights_are_of_an_encoder_to_come(tmp_path):
    expected = maps(write_encoder(tmp_path, seed=1))
    task = classification_task.ImageClassificationTask(
        image_classification.ImageClassificationTask(
            model=image_classification.ImageClassificationModel(
                num_classes=3,
                input_size=[64, 64, 3],
                backbone=config(**FIELDS),
                norm_activation=common.NormActivation(activation="swish"),
            ),
            init_checkpoint=str(tmp_path),
            init_checkpoint_modules="backbone",
        )
    )
    model = task.build_model()
    assert {layer.epsilon for layer in norms_of(model.backbone)} == {1e-5}
    task.initialize(model)
    close(maps(model.backbone), expected)


def train_step(model):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(IMAGES, training=True) ** 2)
    gradients = tape.gradient(loss, model.trainable_weights)
    tf.keras.optimizers.SGD(0.01).apply_gradients(zip(gradients, model.trainable_weights))


def test_training(encoder):
    model = classifier(encoder[0])
    model.backbone.trainable = False
    head = [weight.numpy() for weight in model.trainable_weights]
    assert len(head) == 2
    train_step(model)
    assert all((a != b.numpy()).any() for a, b in zip(head, model.trainable_weights))
    model.backbone.trainable = True
    check(model.backbone, encoder)  # Its statistics were frozen too.
    train_step(model)
    for expected, weight in zip(encoder[1], model.backbone.weights):
        assert (weight.numpy() != expected).any()


def test_overrides(encoder):
    experiment = config_definitions.ExperimentConfig(
        task=image_classification.ImageClassificationTask(
            model=image_classification.ImageClassificationModel(backbone=config())
        )
    )
    override = {"encoder": {"path": encoder[0], "output_stride": 16}}
    experiment.override({"task": {"model": {"backbone": override}}})
    backbone = experiment.task.model.backbone
    assert backbone.as_dict() == {
        "type": "encoder",
        "encoder": {
            **override["encoder"],
            **{"model_id": 50, "depth_multiplier": 1.0, "scale_stem": True, "padding": "same"},
            "drop_path": 0.0,
        },
    }
    experiment.override({"task": {"model": {"backbone": {"type": "resnet"}}}})
    assert isinstance(backbone.get(), backbones.ResNet)


def test_fields_that_contradict_the_encoder(encoder):
    folder = encoder[0]
    for name, value in [
        ("model_id", 18),
        ("depth_multiplier", 0.5),
        ("scale_stem", False),
    ]:
        with pytest.raises(ValueError, match=rf"backbone\.encoder\.{name} is {value}, but .*path="):
            build(path=folder, **{name: value})


@pytest.fixture(name="swin_encoder", scope="module")
def _swin_encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swin")
    backbone = write_encoder(folder, seed=5, architecture=TINY_SWIN)
    return str(folder), [w.numpy() for w in backbone.weights], maps(backbone)


def test_a_swin_transformer_under_a_decoder(swin_encoder):
    model = fpn(swin_encoder[0])
    check(model.backbone, swin_encoder)
    logits = model(IMAGES)["logits"]
    assert logits.shape == (2, 8, 8, 3)
    assert np.isfinite(logits).all()


def test_a_swin_transformer_of_random_weights_is_of_an_encoder_to_come(swin_encoder):
    random, _ = model_garden.taking(TINY_SWIN)
    assert model_garden.architecture_of(random.get()) == TINY_SWIN
    random.override({"swin": {"drop_path": 0.5}})
    task = classification_task.ImageClassificationTask(
        image_classification.ImageClassificationTask(
            model=image_classification.ImageClassificationModel(
                num_classes=3, input_size=[64, 64, 3], backbone=random
            ),
            init_checkpoint=swin_encoder[0],
            init_checkpoint_modules="backbone",
        )
    )
    model = task.build_model()
    assert (maps(model.backbone)["5"] != swin_encoder[2]["5"]).any()
    task.initialize(model)
    check(model.backbone, swin_encoder)
    features = swin_encoder[2]["5"].mean((1, 2))
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(model(IMAGES), features @ kernel + bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output_stride": 16}, r"output_stride is 16, but .*path=.* is a Swin transformer"),
        ({"model_id": 18}, r"backbone\.encoder\.model_id is 18, but .*path=.* has 'none'; leave"),
        ({"drop_path": 1.0}, r"swin.drop_path must be in \[0, 1\), not 1.0"),
    ],
)
def test_what_swin_transformers_do_not_have(swin_encoder, fields, message):
    with pytest.raises(ValueError, match=message):
        build(path=swin_encoder[0], **fields)


def test_paths_are_of_swin_transformers_alone(encoder):
    with pytest.raises(ValueError, match=r"drop_path is 0.1, but only Swin transformers have"):
        build(path=encoder[0], drop_path=0.1)


def test_what_takes_the_weights_of_a_resnet():
    stock, norm = model_garden.taking(resnet.Architecture(18, 0.5, False, norm_epsilon=1e-4))
    assert isinstance(stock.get(), backbones.ResNet)
    fields = stock.get()
    assert (fields.model_id, fields.depth_multiplier, fields.scale_stem) == (18, 0.5, False)
    assert (norm.norm_epsilon, norm.activation) == (1e-4, "relu")
    ours, _ = model_garden.taking(SYMMETRIC)
    assert (ours.type, ours.get().padding) == ("encoder", "symmetric")


def test_wrong_values(tmp_path):
    with pytest.raises(encoder_files.EncoderError, match=f"{tmp_path} is no encoder"):
        build(path=str(tmp_path))
    with pytest.raises(ValueError, match=r"output_stride must be one of .*, not 4"):
        build(output_stride=4)
    with pytest.raises(ValueError, match=r"padding must be one of .*, not 'valid'"):
        build(padding="valid")
