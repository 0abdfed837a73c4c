# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Keras Applications: `keras:ResNet50` and all the others."""

from __future__ import annotations

import functools
import inspect
from typing import Callable

import tensorflow as tf

from vito_tf.evaluation.encoders import keras_copies, keras_encoder, random_weights

IMAGENET = "imagenet"
RANDOM = "random"
_SUFFIXES = (".h5", ".hdf5")
_RESNETS = ("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2")
_IMAGE_SIZE = 224  # Of networks that Keras builds for any.
_SEED = 0


def load(
    name: str, image_size: int | None = None, weights: str = IMAGENET
) -> keras_encoder.KerasEncoder:
    """Builds one of Keras Applications' classifiers.

    Features are the input of the last layer with weights. Images have the default size of the
    network, or `image_size`; ResNets, ResNetV2s and MobileNetV3s take images of any size; the first
    two have dense features.

    Args:
      name: of the function in `tf.keras.applications`.
      image_size: S; the network's default by default.
      weights: an HDF5 file of the whole network, with 1000 classes; 'imagenet' for those that Keras
        downloads; or 'random'.

    Raises:
      ValueError: there is no such network, its weights cannot be had, or `image_size` is not
        possible with it.
    """
    networks = _networks()
    if name not in networks:
        raise ValueError(f"Keras Applications has no {name!r}; it has {', '.join(networks)}")
    network = networks[name]
    module = getattr(tf.keras.applications, network.__module__.rsplit(".", 1)[-1])
    model = _with_weights(name, network, weights)
    image_size = image_size or model.input_shape[1] or _IMAGE_SIZE
    build_dense = None
    if name in _RESNETS:
        level = keras_copies.level_four(model)
        model = keras_copies.any_size(model)
        build_dense = functools.partial(keras_copies.at_stride_8, model, level)
    elif model.input_shape[1] not in (None, image_size):
        model = _resized(name, network, model, image_size)
    return keras_encoder.build(
        "keras application",
        {"name": name, "size": model.input_shape[1]},
        name,
        f"Keras Applications' {name}, weights: {weights}",
        image_size,
        keras_encoder.of_classifier(model),
        lambda images: module.preprocess_input(images * 255.0),
        build_dense,
    )


def _networks() -> dict[str, Callable[..., tf.keras.Model]]:
    return dict(inspect.getmembers(tf.keras.applications, inspect.isfunction))


def _with_weights(name: str, build: Callable[..., tf.keras.Model], weights: str) -> tf.keras.Model:
    if weights == IMAGENET:
        return _downloaded(name, build)
    if weights == RANDOM:
        model = build(weights=None, classifier_activation=None)
        random_weights.fill(model, _SEED)
        return model
    if name.startswith("EfficientNetB"):
        raise ValueError(
            f"Keras builds {name} otherwise for its own weights than for a file; put the file into "
            "~/.keras/models, where Keras looks for it, and leave weights= out"
        )
    if not tf.io.gfile.exists(weights) or not weights.endswith(_SUFFIXES):
        raise ValueError(
            f"weights={weights} is neither an HDF5 file ({', '.join(_SUFFIXES)}) nor {IMAGENET} "
            f"or {RANDOM}"
        )
    model = build(weights=None, classifier_activation=None)
    try:
        model.load_weights(weights)
    except (OSError, LookupError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"weights={weights} does not hold the whole {name}: {reason}") from error
    return model


def _downloaded(name: str, build: Callable[..., tf.keras.Model]) -> tf.keras.Model:
    try:
        return build(weights=IMAGENET, classifier_activation=None)
    except Exception as error:  # Keras has no class of its own for a failed download.
        reason = str(error).split("\n")[0]
        raise ValueError(
            f"Keras could not download the weights of {name} ({reason}); give their file as "
            f"?weights=FILE, or put it into ~/.keras/models"
        ) from error


def _resized(
    name: str, build: Callable[..., tf.keras.Model], model: tf.keras.Model, image_size: int
) -> tf.keras.Model:
    """The same network, as Keras builds it for images of another size."""
    try:
        resized = build(
            weights=None, classifier_activation=None, input_shape=(image_size, image_size, 3)
        )
        resized.set_weights(model.get_weights())
    except ValueError as error:
        raise ValueError(
            f"{name} cannot have image_size={image_size}: {str(error).splitlines()[0]}"
        ) from error
    return resized
