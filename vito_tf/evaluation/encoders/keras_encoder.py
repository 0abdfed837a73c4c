# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders that are Keras models."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple

import tensorflow as tf

from vito_tf.evaluation.encoders import encoder, identity

FEATURES = "features"


class Attention(NamedTuple):
    """Where a network pools.

    Attributes:
      call: from images [B, H, W, 3] in [0, 1] to masks, as `Encoder.attention` returns them.
      variables: that they depend on.
    """

    call: Callable[[tf.Tensor], dict[str, tf.Tensor]]
    variables: Sequence[tf.Variable]


@dataclasses.dataclass(frozen=True)
class KerasEncoder(encoder.Encoder):
    """A Keras model with what comes before it.

    Attributes:
      network: from standardised images to `FEATURES`, and `encoder.LOGITS` and `encoder.LAST_MAP`
        where it has them; of a fixed or any size of images.
      standardise: from images [B, H, W, 3] in [0, 1] to what the network takes.
      build_dense: makes the network, from standardised images, of `dense_features`.
      masks: where the network pools by attention.
    """

    network: tf.keras.Model = dataclasses.field(compare=False, repr=False)
    standardise: Callable[[tf.Tensor], tf.Tensor] = dataclasses.field(compare=False, repr=False)
    build_dense: Callable[[], tf.keras.Model] | None = dataclasses.field(compare=False, repr=False)
    masks: Attention | None = dataclasses.field(compare=False, repr=False)

    def __call__(self, images: tf.Tensor) -> encoder.Outputs:
        """See `Encoder`.

        Raises:
          UnsupportedError: the network takes only images of another size.
        """
        outputs = self.network(self.standardise(self._checked(images)), training=False)
        return encoder.Outputs(
            outputs[FEATURES], outputs.get(encoder.LOGITS), outputs.get(encoder.LAST_MAP)
        )

    def dense_features(self, images: tf.Tensor) -> tf.Tensor:
        return self._dense(self.standardise(images), training=False)

    def attention(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        if self.masks is None:
            raise self.lacks(encoder.ATTENTION)
        return self.masks.call(images)

    @functools.cached_property
    def _dense(self) -> tf.keras.Model:
        if self.build_dense is None:
            raise self.lacks(encoder.DENSE_FEATURES)
        with tf.init_scope():  # Its variables outlive the graph that first needs them.
            return self.build_dense()

    def _checked(self, images: tf.Tensor) -> tf.Tensor:
        height, width = size = self.network.input_shape[1:3]
        if None in size:
            return images
        if not images.shape[1:3].is_compatible_with(size):
            given = "x".join(map(str, images.shape[1:3]))
            raise encoder.UnsupportedError(
                f"{self.name} takes only images of {height}x{width} pixels, not of {given}."
            )
        return tf.ensure_shape(images, [None, *size, 3])


def build(
    kind: str,
    facts: Mapping[str, Any],
    name: str,
    description: str,
    image_size: int,
    network: tf.keras.Model,
    standardise: Callable[[tf.Tensor], tf.Tensor],
    build_dense: Callable[[], tf.keras.Model] | None = None,
    masks: Attention | None = None,
) -> KerasEncoder:
    """Makes an encoder; its capabilities are what the arguments bring.

    Args:
      kind: of `identity.digest`.
      facts: likewise: what outputs depend on besides weights.
      name: see `Encoder`, as are the next two.
      description: see there.
      image_size: see there.
      network: see `KerasEncoder`, as are the others.
      standardise: see there.
      build_dense: see there.
      masks: see there.

    Raises:
      ValueError: a weight is not finite.
    """
    capabilities = set(network.output) - {FEATURES}
    if build_dense is not None:
        capabilities.add(encoder.DENSE_FEATURES)
    network.trainable = False  # Also decides the order of weights within blocks.
    variables = list(network.weights)
    if masks is not None:
        capabilities.add(encoder.ATTENTION)
        variables.extend(masks.variables)
    return KerasEncoder(
        name,
        identity.digest(kind, facts, identity.numbered(variables)),
        description,
        image_size,
        frozenset(capabilities),
        network,
        standardise,
        build_dense,
        masks,
    )


def of_classifier(model: tf.keras.Model) -> tf.keras.Model:
    """A classifier with what it decides on, as `KerasEncoder.network`.

    Features are the input of the last layer with weights, a dense one or a 1x1 convolution. There
    is a last map where its average is the features.

    Args:
      model: from images to logits, whose last layer with weights makes them.
    """
    classify = [layer for layer in model.layers if layer.weights][-1]
    outputs = {
        FEATURES: tf.keras.layers.Flatten(name="flat_features")(classify.input),
        encoder.LOGITS: tf.keras.layers.Flatten(name="flat_logits")(classify.output),
    }
    last_map = _averaged_map(classify)
    if last_map is not None:
        outputs[encoder.LAST_MAP] = last_map
    return tf.keras.Model(model.input, outputs)


def _averaged_map(classify: tf.keras.layers.Layer) -> tf.Tensor | None:
    """The map whose average a layer sees; None where it sees something else."""
    layers = tf.keras.layers
    layer = classify.inbound_nodes[0].inbound_layers
    while isinstance(layer, (layers.Dropout, layers.Flatten, layers.Reshape)):
        layer = layer.inbound_nodes[0].inbound_layers
    return layer.input if isinstance(layer, layers.GlobalAveragePooling2D) else None
