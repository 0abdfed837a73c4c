# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Where a network looks: attention, input gradients, Grad-CAM (§4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from vito_tf.evaluation.encoders import encoder as encoder_lib

AUTO = "auto"
ATTENTION = "attention"
GRADIENTS = "gradients"
GRAD_CAM = "grad_cam"
METHODS = (ATTENTION, GRADIENTS, GRAD_CAM)

NO_LABEL = -1


def resolve(methods: Sequence[str], encoder: encoder_lib.Encoder) -> list[str]:
    """The methods to use for an encoder, each once.

    Args:
      methods: of `METHODS`, or `AUTO`: attention if the encoder pools by it, gradients otherwise,
        which is the paper's choice for each of its models.
      encoder: that is to be looked at.

    Raises:
      UnsupportedError: it lacks what a method needs.
    """
    chosen = []
    for method in methods:
        if method == AUTO:
            attends = encoder_lib.ATTENTION in encoder.capabilities
            method = ATTENTION if attends else GRADIENTS
        elif method == ATTENTION:
            encoder.require(encoder_lib.ATTENTION)
        elif method == GRAD_CAM:
            encoder.require(encoder_lib.LAST_MAP)
        chosen.append(method)
    return list(dict.fromkeys(chosen))


def compute(
    method: str, encoder: encoder_lib.Encoder, images: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    """Model maps of a batch; see `attention`, `gradients` and `grad_cam`.

    Args:
      method: of `METHODS`.
      encoder: has what it needs.
      images: [B, S, S, 3] float32 in [0, 1].
      labels: [B] int64, ImageNet classes; NO_LABEL stands for the class of the highest logit (our
        choice).

    Returns:
      [B, S, S] float32.
    """
    if method == ATTENTION:
        return attention(encoder, images)
    return (gradients if method == GRADIENTS else grad_cam)(encoder, images, labels)


def attention(encoder: encoder_lib.Encoder, images: tf.Tensor) -> tf.Tensor:
    """The masks of all scales or heads, up-sampled to the image and averaged (§4.2)."""
    return encoder.attention(images)["mean"]


def gradients(encoder: encoder_lib.Encoder, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """|d score / d image|, the largest over channels (Simonyan et al. 2013; Xplique, `Saliency`).

    The score is the label's output, as in Harmonization; of a classifier, we take the logit, as
    Xplique recommends, and without one the squared norm of the features (our choice: the paper does
    not say which score MoCLR's maps are of). The reference differentiates by the standardised
    image, we by the image; with ImageNet's deviations, channels then weigh up to 2 % differently.

    Raises:
      UnsupportedError: the network cannot be differentiated.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = encoder(images)
        score = _score(outputs, labels)
    slopes = _gradient(tape, score, images, encoder)
    return tf.reduce_max(tf.abs(slopes), axis=-1)


def grad_cam(encoder: encoder_lib.Encoder, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """ReLU of the last map's weighted sum, up-sampled bilinearly (Selvaraju et al. 2017).

    Weights are d score / d map averaged over positions; scores are those of `gradients`.

    Raises:
      UnsupportedError: the network cannot be differentiated by its map.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = encoder(images)
        score = _score(outputs, labels)
    slopes = _gradient(tape, score, outputs.last_map, encoder)
    weights = tf.reduce_mean(slopes, axis=[1, 2])
    weighted = tf.nn.relu(tf.einsum("bhwd,bd->bhw", outputs.last_map, weights))
    return tf.image.resize(weighted[..., None], tf.shape(images)[1:3])[..., 0]


def _score(outputs: encoder_lib.Outputs, labels: tf.Tensor) -> tf.Tensor:
    if outputs.logits is None:
        return tf.reduce_sum(outputs.features**2, axis=-1)
    highest = tf.argmax(outputs.logits, axis=-1, output_type=labels.dtype)
    classes = tf.where(labels == NO_LABEL, highest, labels)
    return tf.gather(outputs.logits, classes, axis=-1, batch_dims=1)


def _gradient(
    tape: tf.GradientTape, score: tf.Tensor, by: tf.Tensor, encoder: encoder_lib.Encoder
) -> tf.Tensor:
    slopes = tape.gradient(score, by)
    if slopes is None:
        raise encoder_lib.UnsupportedError(
            f"{encoder.name} cannot be used: its outputs cannot be differentiated."
        )
    return slopes
