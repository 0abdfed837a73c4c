# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""An encoder of images under Model Garden's video models."""

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory, task_factory
from official.vision.configs import common
from official.vision.modeling.backbones import factory

from tests.backbones import encoders
from vito_tf.backbones import model_garden, model_garden_3d, resnet

CLIP = (4, 32, 48, 3)
TINY = {"model_id": 10, "depth_multiplier": 0.125}


def build(shape=CLIP, **encoder):
    return factory.build_backbone(
        tf.keras.layers.InputSpec(shape=[None, *shape]),
        model_garden_3d.Backbone3D(vito_frames=model_garden.Encoder(**encoder)),
        common.NormActivation(norm_momentum=0.9),
    )


@pytest.mark.parametrize(
    "architecture", [encoders.TINY, encoders.TINY_SWIN], ids=["resnet", "swin"]
)
def test_every_frame_gets_its_own_maps(tmp_path, architecture):
    encoder = encoders.write_encoder(tmp_path, architecture=architecture)
    backbone = build((None, None, None, 3), path=str(tmp_path))
    videos = np.random.default_rng(0).normal(size=(2, *CLIP)).astype(np.float32)
    maps = backbone(videos)
    expected = encoder(videos.reshape(8, *CLIP[1:]))
    assert sorted(maps) == sorted(backbone.output_specs) == ["2", "3", "4", "5"]
    for level, values in maps.items():
        assert values.shape[:2] == (2, 4)
        backbone.output_specs[level].assert_is_compatible_with(values.shape)
        flat = tf.reshape(values, [8, *values.shape[2:]])
        np.testing.assert_allclose(flat, expected[level], rtol=1e-4, atol=1e-4)


def test_batch_statistics_are_taken_over_all_frames_and_checkpoints_are_of_images(tmp_path):
    backbone = build(**TINY)
    videos = np.random.default_rng(0).normal(size=(2, *CLIP)).astype(np.float32)
    convolution, norm = backbone.layers[1:3]
    backbone(videos, training=True)
    mean = np.mean(convolution(videos.reshape(8, *CLIP[1:])), (0, 1, 2))
    np.testing.assert_allclose(norm.moving_mean, 0.1 * mean, rtol=1e-3, atol=1e-6)
    # Checkpoints of images and of frames are the same.
    encoders.randomise(backbone, seed=3)
    path = tf.train.Checkpoint(backbone=backbone).write(str(tmp_path / "fine-tuned"))
    encoder = resnet.build(encoders.TINY)
    status = tf.train.Checkpoint(backbone=encoder).read(path)
    status.assert_existing_objects_matched().assert_consumed()
    for image_weight, frame_weight in zip(encoder.weights, backbone.weights):
        np.testing.assert_array_equal(image_weight, frame_weight)


def test_the_stock_video_task_starts_from_an_encoder_of_images(tmp_path):
    encoder = encoders.write_encoder(tmp_path)
    config = exp_factory.get_exp_config("video_classification_ucf101").task
    config.train_data.feature_shape = config.validation_data.feature_shape = CLIP
    config.model.backbone = model_garden_3d.Backbone3D()
    config.model.backbone.vito_frames.override(TINY)
    config.override({"init_checkpoint": str(tmp_path), "init_checkpoint_modules": "backbone"})
    task = task_factory.get_task(config)
    model = task.build_model()
    task.initialize(model)
    for ours, arrived in zip(encoder.weights, model.backbone.weights):
        np.testing.assert_array_equal(ours, arrived)
    assert model({"image": np.zeros([2, *CLIP], np.float32)}).shape == (2, 101)
