# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From an encoder of images to the weights of Model Garden's `resnet_3d`, which sees time.

Stock video experiments can then start from an encoder by `init_checkpoint` alone. The idea is that
of I3D (Carreira and Zisserman 2017): on a video that stands still the inflated network gives what
the encoder gives on its frame.

Model Garden's video input does not standardise pixels as its image input does. The standardisation
goes into the first kernel and the running mean after it.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from official.core import exp_factory
from official.vision import registry_imports  # noqa: F401
from official.vision.configs import backbones_3d, common
from official.vision.modeling.backbones import factory

from vito_tf.backbones import encoder_files, networks, normalisation, resnet

_BLOCK_LAYERS = {
    "_conv1": "_temporal_conv",
    "_norm1": "_norm1",
    "_conv2": "_spatial_conv",
    "_norm2": "_norm2",
    "_conv3": "_expand_conv",
    "_norm3": "_norm3",
    "_shortcut": "_shortcut_conv",
    "_norm0": "_norm0",
}


def write(
    encoder_folder: str, output: str, backbone_config: backbones_3d.Backbone3D | None = None
) -> str:
    """Writes an encoder's weights as a checkpoint of a stock 3-D backbone.

    Args:
      encoder_folder: of an encoder (`encoder_files`): a ResNet-50 or deeper, of full width and with
        TensorFlow's padding, since `resnet_3d` knows no other.
      output: folder for the checkpoint. `init_checkpoint` takes it, with
        `init_checkpoint_modules=backbone`.
      backbone_config: of type 'resnet_3d' and of the encoder's depth; None for that of the stock
        experiment `video_classification_ucf101`.

    Returns:
      The path of the checkpoint.

    Raises:
      ValueError: the encoder is of another architecture, or none.
    """
    if backbone_config is None:
        stock = exp_factory.get_exp_config("video_classification_ucf101")
        backbone_config = stock.task.model.backbone
    files = encoder_files.read(encoder_folder)
    plain = resnet.Architecture(model_id=backbone_config.get().model_id)
    if files.architecture != plain:
        raise ValueError(
            f"{encoder_folder} holds a {networks.kind(files.architecture)}: {files.architecture}; "
            f"resnet_3d takes only a resnet: {plain}."
        )
    encoder = resnet.build(plain)
    encoder_files.restore(encoder, files)
    video_backbone = factory.build_backbone(
        tf.keras.layers.InputSpec(shape=[None, None, None, None, 3]),
        backbone_config,
        common.NormActivation(norm_epsilon=plain.norm_epsilon, use_sync_bn=False),
    )
    inflate(encoder, video_backbone)
    checkpoint = tf.train.Checkpoint(backbone=video_backbone)
    return tf.train.CheckpointManager(checkpoint, output, 1, checkpoint_name="backbone").save()


def inflate(encoder: tf.keras.Model, video_backbone: tf.keras.Model) -> None:
    """Gives a stock `ResNet3D`, for pixels in [0, 1], the weights of a stock `ResNet`.

    Kernels become the frame in the middle of kernels that are zero elsewhere. A gate, which no
    encoder has, starts at sigmoid(0) = 1/2, and the batch norm before it is doubled to make up.

    Args:
      encoder: of standardised images and bottleneck blocks, with the first stem ('v0').
      video_backbone: of the same depth and stem, without squeeze and excitation.
    """
    for flat, deep in zip(_with_weights(encoder), _with_weights(video_backbone)):
        if not hasattr(flat, "_conv1"):
            _copy(flat, deep)
            continue
        for flat_name, deep_name in _BLOCK_LAYERS.items():
            if hasattr(flat, flat_name):
                _copy(getattr(flat, flat_name), getattr(deep, deep_name))
        if deep._self_gating:
            _open_gate(deep)
    _standardise(*_with_weights(video_backbone)[:2])


def _with_weights(model: tf.keras.Model) -> list[tf.keras.layers.Layer]:
    return [layer for layer in model.layers if layer.weights]


def _copy(flat: tf.keras.layers.Layer, deep: tf.keras.layers.Layer) -> None:
    """Copies a convolution or a batch norm."""
    values = flat.get_weights()
    if isinstance(deep, tf.keras.layers.Conv3D):
        kernel = np.zeros(deep.kernel.shape, np.float32)
        kernel[len(kernel) // 2] = values[0]
        values = [kernel]
    deep.set_weights(values)


def _open_gate(block: tf.keras.layers.Layer) -> None:
    gate, norm = block._self_gating._transformer_w, block._norm3
    gate.set_weights([np.zeros_like(weight) for weight in gate.get_weights()])
    norm.gamma.assign(2 * norm.gamma)
    norm.beta.assign(2 * norm.beta)


def _standardise(convolution: tf.keras.layers.Layer, norm: tf.keras.layers.Layer) -> None:
    """Makes a network's first two layers take pixels in [0, 1] (at the borders, black ones)."""
    stddev = np.array(normalisation.IMAGENET_STDDEV, np.float32)[:, np.newaxis]
    mean = np.array(normalisation.IMAGENET_MEAN, np.float32)[:, np.newaxis]
    kernel = convolution.kernel.numpy() / stddev
    convolution.kernel.assign(kernel)
    norm.moving_mean.assign_add((kernel * mean).sum((0, 1, 2, 3)))
