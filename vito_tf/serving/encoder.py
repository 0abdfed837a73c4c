# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What an export computes: a backbone with normalisation and pooling, and the heads of a run."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from vito_tf.backbones import encoder_files, networks, normalisation
from vito_tf.evaluation import attention_maps
from vito_tf.pretraining import network as network_lib
from vito_tf.serving import trained_network


class ImageError(ValueError):
    """Images of an impossible shape."""


@dataclasses.dataclass(frozen=True)
class Encoder:
    """An encoder in memory.

    Images are [B, H, W, 3] float32 RGB in [0, 1], of any size.

    Attributes:
      backbone: made by `networks.build` of `architecture`.
      architecture: of the backbone.
      last_level: the deepest level that was trained; its average is the image's feature.
      source: where the weights come from, in words.
      network: the backbone's own with attention and projector; None where the heads are not known.
    """

    backbone: tf.keras.Model
    architecture: networks.Architecture
    last_level: str
    source: str
    network: network_lib.VitoNetwork | None = None

    @property
    def num_features(self) -> int:
        """Size C of an image's feature: 2048 for a whole ResNet-50."""
        return self.backbone.output_specs[self.last_level][-1]

    @property
    def has_attention(self) -> bool:
        """Whether the network pools by attention."""
        return self.network is not None and self.network.pooling == "attention"

    @functools.cached_property
    def pooled_part(self) -> tf.keras.Model:
        """From standardised images to the last trained level, with no layers beyond it."""
        return tf.keras.Model(self.backbone.inputs, self.backbone.output[self.last_level])

    def endpoints(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """Feature maps {'2', '3', '4', '5'}: [B, h, w, C]."""
        return self.backbone(normalisation.normalise(checked(images)), training=training)

    def features(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Average over positions of the last trained level, [B, C] float32."""
        maps = self.pooled_part(normalisation.normalise(checked(images)), training=training)
        return tf.reduce_mean(maps, axis=[1, 2])

    def clip_features(self, clips: tf.Tensor) -> tf.Tensor:
        """Average over frames of their features: [B, T, H, W, 3] to [B, C]."""
        shape = tf.shape(clips)
        frames = tf.reshape(clips, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
        frames = self.features(frames)
        frames = tf.reshape(frames, [shape[0], shape[1], self.num_features])
        return tf.reduce_mean(frames, axis=1)

    def attention(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Masks [B, H, W] float32 that sum to 1: one a pooled level, and 'mean', their average."""
        masks = self._outputs(images)["masks"]
        size = tf.shape(images)[1:3]
        return {
            **attention_maps.upsampled_masks(masks, size),
            "mean": attention_maps.mean_mask(masks, size),
        }

    def embed(self, images: tf.Tensor) -> tf.Tensor:
        """Projections z [B, D] float32, not normalised."""
        return self._outputs(images)["embedding"]

    def _outputs(self, images: tf.Tensor) -> dict:
        if self.network is None:
            raise ValueError(f"The encoder ({self.source}) has no attention and no projector.")
        return self.network(checked(images), training=False)


def of_run(trained: trained_network.TrainedNetwork) -> Encoder:
    """The encoder of a pretraining run.

    Raises:
      TrainedNetworkError: if its backbone is of no known architecture.
    """
    source = f"{trained.name} network of a pretraining run by vito_tf, step {trained.step}"
    network = trained.network
    return Encoder(network.backbone, trained.architecture, trained.last_level, source, network)


def of_folder(folder: str) -> Encoder:
    """An encoder on disk, such as a converted PyTorch checkpoint.

    Raises:
      EncoderError: if the folder holds none.
    """
    files = encoder_files.read(folder)
    backbone = networks.build(files.architecture)
    encoder_files.restore(backbone, files)
    return Encoder(backbone, files.architecture, files.last_level, files.source)


def checked(images: tf.Tensor) -> tf.Tensor:
    """Refuses images without a pixel.

    Args:
      images: [B, H, W, 3].

    Raises:
      ImageError: where their size is known to be 0.
      InvalidArgumentError: when it turns out to be, in a graph.
    """
    message = "images must be [B, H, W, 3] with at least one pixel each"
    if images.shape.rank != 4:
        raise ImageError(f"{message}, not {images.shape}.")
    size = images.shape[1:3]
    if size.is_fully_defined():
        if not size.num_elements():
            raise ImageError(f"{message}, not {images.shape}.")
        return images
    shape = tf.shape(images)
    text = tf.strings.format(message + ", not {}.", shape)
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(shape[1:3] > 0), [text])]):
        # As one pixel, an empty image passes TensorFlow's inference of shapes, whose own error is
        # about a convolution, and reaches the assertion.
        missing = tf.maximum(1 - shape, 0) * [0, 1, 1, 0]
        padded = tf.pad(images, tf.stack([tf.zeros_like(missing), missing], axis=1))
        return tf.ensure_shape(padded, images.shape)
