# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""An encoder that is nothing but arithmetic on colours, for tests of what uses encoders."""

import dataclasses

import tensorflow as tf

from vito_tf.evaluation.encoders import encoder


@dataclasses.dataclass(frozen=True)
class Colours(encoder.Encoder):
    """Features are mean colours; logits, where asked for, multiples of the mean red."""

    def __call__(self, images):
        maps = images[:, ::2, ::2]
        features = tf.reduce_mean(maps, [1, 2])
        logits = None
        if encoder.LOGITS in self.capabilities:
            logits = features[:, :1] * tf.range(1000, dtype=tf.float32)
        return encoder.Outputs(features, logits, maps)


def colours(*capabilities, name="colours", image_size=16):
    """An encoder with some capabilities."""
    return Colours(name, f"{name}-1", "mean colours", image_size, frozenset(capabilities))
