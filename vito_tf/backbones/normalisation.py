# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The standardisation of pixels that encoders are trained with."""

from __future__ import annotations

import tensorflow as tf

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STDDEV = (0.229, 0.224, 0.225)


def normalise(images: tf.Tensor) -> tf.Tensor:
    """Standardises float32 RGB images [..., 3] in [0, 1] by ImageNet's statistics, as BYOL does.

    Model Garden's parsers do the same with the values times 255.
    """
    return (images - tf.constant(IMAGENET_MEAN)) / tf.constant(IMAGENET_STDDEV)
