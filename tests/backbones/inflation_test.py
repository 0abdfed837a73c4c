# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A stock video experiment starts from an encoder of images."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory, task_factory
from official.vision.modeling.backbones import resnet_3d
from official.vision.modeling.backbones.resnet import RESNET_SPECS as FLAT_SPECS

from tests.backbones import encoders
from vito_tf.backbones import encoder_files, inflation, networks, resnet

CLIP = (8, 32, 32, 3)


def on_black(encoder, frames):
    """An encoder's maps of frames in [0, 1] that black surrounds, in place of mean grey."""
    black = np.pad(frames, [(0, 0), (2, 3), (2, 3), (0, 0)])
    standardised = (black - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    first = encoder.layers[1]
    mapped = tf.nn.conv2d(tf.cast(standardised, tf.float32), first.kernel, 2, "VALID")
    return tf.keras.Model(first.output, encoder.output)(mapped)


def test_the_stock_experiment_sees_what_the_encoder_sees_and_trains(tmp_path, monkeypatch):
    """Model Garden's 3-D networks have one width only: here, "ResNet-50" is narrow and short."""
    blocks = [(4, 1), (8, 2), (16, 1), (32, 2)]
    for specs, kind in ((resnet_3d.RESNET_SPECS, "bottleneck3d"), (FLAT_SPECS, "bottleneck")):
        monkeypatch.setitem(specs, 50, [(kind, *block) for block in blocks])
    folder, output = str(tmp_path / "encoder"), str(tmp_path / "inflated")
    encoder = encoders.write_encoder(folder, architecture=resnet.Architecture())
    config = exp_factory.get_exp_config("video_classification_ucf101").task
    for spec, (_, count) in zip(config.model.backbone.resnet_3d.block_specs, blocks):
        spec.temporal_kernel_sizes = spec.temporal_kernel_sizes[:count]
    inflation.write(folder, output, config.model.backbone)
    config.train_data.feature_shape = config.validation_data.feature_shape = CLIP
    config.override({"init_checkpoint": output, "init_checkpoint_modules": "backbone"})
    task = task_factory.get_task(config)
    model = task.build_model()
    task.initialize(model)

    frames = np.random.default_rng(0).uniform(size=(2, *CLIP[1:])).astype(np.float32)
    clips = np.repeat(frames[:, np.newaxis], CLIP[0], axis=1)
    expected, found = on_black(encoder, frames), model.backbone(clips)
    for level in ("2", "3", "4", "5"):
        assert found[level].shape[1] == 2
        scale = np.abs(expected[level]).max()
        for time in range(2):
            difference = np.abs(found[level][:, time] - expected[level]).max()
            assert difference < 1e-4 * scale

    labels = tf.one_hot([0, 1], 101)
    before = [weight.numpy() for weight in model.trainable_weights]
    optimizer = tf.keras.optimizers.legacy.SGD(0.01)
    logs = task.train_step(({"image": clips}, labels), model, optimizer)
    assert np.isfinite(logs["loss"])
    assert all(np.any(a != b) for a, b in zip(before, model.trainable_weights))


def test_other_architectures_are_refused(tmp_path):
    encoders.write_encoder(tmp_path / "encoder")
    files = encoder_files.read(str(tmp_path / "encoder"))
    cases: list[tuple[networks.Architecture, str]] = [
        (encoders.TINY, r"holds a resnet: .*model_id=10.*takes only a resnet: .*model_id=50"),
        (encoders.TINY_SWIN, r"holds a swin: .*embed_dim=4.*takes only a resnet: .*model_id=50"),
    ]
    for architecture, message in cases:
        dataclasses.replace(files, architecture=architecture).write_description()
        with pytest.raises(ValueError, match=message):
            inflation.write(str(tmp_path / "encoder"), str(tmp_path / "inflated"))
