# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The classifier of clips."""

import numpy as np
import pytest
import tensorflow as tf
from official.vision.modeling import factory_3d

from vito_tf.transfer import frame_video_model, temporal_pooling

CLIP = (6, 32, 32, 3)
NUM_CLASSES = 3


def build(pooling, num_classes=NUM_CLASSES, dropout_rate=0.0):
    config = frame_video_model.FrameVideoModelConfig(pooling=pooling, dropout_rate=dropout_rate)
    config.backbone.vito_frames.override({"model_id": 10, "depth_multiplier": 0.125})
    specs = tf.keras.layers.InputSpec(shape=[None, *CLIP])
    build_model = tf.autograph.experimental.do_not_convert(factory_3d.build_model)
    return build_model("vito_frames", specs, config, num_classes)


def test_only_several_scales_see_the_order_of_time():
    clips = np.random.default_rng(0).normal(size=(2, *CLIP)).astype(np.float32)
    for pooling in temporal_pooling.POOLINGS:
        model = build(pooling)
        forth, back = (model({"image": clips[:, ::step]}) for step in (1, -1))
        assert forth.shape == (2, NUM_CLASSES)
        if pooling == "average":
            np.testing.assert_allclose(forth, back, rtol=1e-4, atol=1e-5)
        else:
            assert np.abs(forth - back).max() > 1e-3


def test_the_head_is_dropout_and_one_fully_connected_layer():
    model = build("multiscale_average", num_classes=101, dropout_rate=0.5)
    clips = np.random.default_rng(0).normal(size=(1, *CLIP)).astype(np.float32)
    pooled = temporal_pooling.TemporalPooling("multiscale_average")(model.backbone(clips))
    kernel, bias = model.layers[-1].get_weights()
    assert kernel.shape == (2 * 32 + 64, 101)
    np.testing.assert_allclose(model({"image": clips}), pooled @ kernel + bias, atol=1e-4)
    limit = 1 / np.sqrt(len(kernel))
    assert 0.98 * limit < np.abs(kernel).max() <= limit
    assert (bias == 0).all()
    assert [layer.rate for layer in model.layers if layer.name.startswith("dropout")] == [0.5]
    assert model.checkpoint_items == {"backbone": model.backbone}


def test_unknown_poolings_are_refused():
    with pytest.raises(ValueError, match=r"model\.pooling must be one of"):
        build("maximum")


def test_several_scales_need_several_levels():
    images = tf.keras.Input([*CLIP])
    backbone = tf.keras.Model(images, {"2": tf.keras.layers.Dense(4)(images)})
    specs = tf.keras.layers.InputSpec(shape=[None, *CLIP])
    model = frame_video_model.FrameVideoModel(backbone, NUM_CLASSES, specs, "average")
    assert model.output_shape == (None, NUM_CLASSES)
    with pytest.raises(ValueError, match=r"model\.pooling=multiscale_attention needs two levels"):
        frame_video_model.FrameVideoModel(backbone, NUM_CLASSES, specs, "multiscale_attention")
