# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders whose maps are known, for tests."""

import dataclasses

import tensorflow as tf

from vito_tf.evaluation.encoders import encoder


@dataclasses.dataclass(frozen=True)
class Brightness(encoder.Encoder):
    """Attends to bright pixels; logit k is 'mean red of the map' times k, plus squares of green.

    The last map is the image at half its size.
    """

    name: str = "brightness"
    identity: str = "0"
    description: str = "made up"
    image_size: int = 16
    capabilities: frozenset = frozenset({encoder.ATTENTION, encoder.LOGITS, encoder.LAST_MAP})

    def __call__(self, images):
        last_map = tf.nn.avg_pool2d(images, 2, 2, "VALID")
        features = tf.reduce_mean(last_map, axis=[1, 2])
        logits = None
        if encoder.LOGITS in self.capabilities:
            classes = tf.range(encoder.IMAGENET_CLASSES, dtype=tf.float32)
            squares = tf.reduce_sum(last_map[..., 1] ** 2, axis=[1, 2])
            logits = classes * features[:, :1] + squares[:, None]
        return encoder.Outputs(features, logits, last_map)

    def attention(self, images):
        self.require(encoder.ATTENTION)
        bright = tf.reduce_mean(images, axis=-1) + 1e-3
        first = bright / tf.reduce_sum(bright, axis=[1, 2], keepdims=True)
        second = first**2 / tf.reduce_sum(first**2, axis=[1, 2], keepdims=True)
        return {"4": first, "5": second, "mean": (first + second) / 2}


@dataclasses.dataclass(frozen=True)
class Spoilt(Brightness):
    """Maps of dark pictures are constant, those of bright ones are not finite."""

    name: str = "spoilt"

    def attention(self, images):
        mean = tf.reduce_mean(images, axis=[1, 2, 3])[:, None, None]
        masks = super().attention(images)["mean"]
        masks = tf.where(mean < 0.2, 0.0, tf.where(mean > 0.8, float("nan"), masks))
        return {"mean": masks}
