# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A tiny VITO for tests."""

import functools

import gin
import numpy as np
import tensorflow as tf

from vito_tf.backbones import resnet, swin
from vito_tf.pretraining import build, optimizers, schedule
from vito_tf.video import frame_sampling, views

IMAGE_SIZE = 32
LARS = functools.partial(optimizers.lars, weight_decay=1e-4, eta=0.05)
TINY = """
VitoNetwork.backbone = @resnet
VitoNetwork.levels = (3, 4)
resnet.model_id = 10
resnet.depth_multiplier = 0.125
AttentionPooling.hidden_units = 16
Projector.hidden_units = 32
Projector.output_units = 16
"""
SWIN = """
VitoNetwork.backbone = @swin
swin.embed_dim = 4
swin.depths = (1, 2, 1, 1)
swin.num_heads = (1, 1, 2, 2)
swin.window_size = 4
swin.drop_path = 0.9
target/swin.drop_path = 0.0
"""
SMALL_NET = "VitoNetwork.backbone = @tests.pretraining.models.small_net\n"


@gin.configurable(module="tests.pretraining.models")
def small_net(sync_batch_norm=False):
    """Far fewer operations than a ResNet, where a test asks for what is done around the network."""
    inputs = tf.keras.Input([None, None, 3])
    maps, outputs = inputs, {}
    for level, filters in enumerate((4, 6, 8, 10), start=1):
        if level == 2:
            maps = tf.keras.layers.MaxPool2D(3, 2, "same")(maps)
        else:
            maps = tf.keras.layers.Conv2D(filters, 3, 2, "same", use_bias=False)(maps)
            maps = tf.keras.layers.BatchNormalization(momentum=0.9, synchronized=sync_batch_norm)(
                maps
            )
            maps = tf.keras.layers.ReLU()(maps)
        outputs[str(level)] = maps
    net = tf.keras.Model(inputs, outputs)
    net.output_specs = {level: output.shape for level, output in outputs.items()}
    return net


def tiny_model(
    num_views=2,
    batch_size=8,
    steps=20,
    augment_on="host",
    optimizer=LARS,
    bindings="",
    **execution,
):
    """Builds it in the current strategy."""
    gin.clear_config()
    gin.parse_config(TINY + bindings, skip_unknown=False)
    sampler = frame_sampling.FrameSampler(num_views=num_views)
    return build.build_model(
        views.ViewPipeline(sampler, image_size=IMAGE_SIZE, augment_on=augment_on),
        schedule.Schedule(batch_size=batch_size, steps=steps, warmup_steps=2),
        optimizer,
        seed=3,
        execution=build.Execution(**execution),
    )


def random_batch(batch_size=8, num_views=2, seed=0):
    """Random views that resemble each other within a video."""
    rng = np.random.default_rng(seed)
    videos = rng.uniform(size=[batch_size, 1, IMAGE_SIZE, IMAGE_SIZE, 3])
    noise = rng.uniform(size=[batch_size, num_views, IMAGE_SIZE, IMAGE_SIZE, 3])
    return {
        "views": tf.constant(0.8 * videos + 0.2 * noise, tf.float32),
        "seeds": tf.constant(rng.integers(0, 2**31, [batch_size, num_views, 2]), tf.int32),
        "label": tf.zeros([batch_size], tf.int64),
        "position": tf.range(batch_size, dtype=tf.int64),
    }


__all__ = ["IMAGE_SIZE", "TINY", "random_batch", "resnet", "swin", "tiny_model"]
