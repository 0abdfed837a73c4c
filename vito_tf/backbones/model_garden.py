# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's backbone type `encoder`: encoders on disk under any of its 2-D models."""

import dataclasses
from typing import Optional

import tensorflow as tf
from official.modeling import hyperparams
from official.vision.configs import backbones
from official.vision.modeling.backbones import factory

from vito_tf.backbones import encoder_files, resnet


@dataclasses.dataclass
class Encoder(hyperparams.Config):
    """An encoder to start from, or a ResNet of random weights.

    Attributes:
      path: an encoder's folder, written by export_tfhub, export_backbone or convert_torch; '' for
        random weights, or for weights that the task's `init_checkpoint` brings.
      model_id: of `resnet.Architecture`, as are the next three. An encoder on disk knows its own;
        with `path`, these may stay at their defaults or say the same.
      depth_multiplier: see `resnet.Architecture`.
      scale_stem: see `resnet.Architecture`.
      padding: see `resnet.Architecture`.
      output_stride: 32, or 16 or 8 to replace the last strides by dilation, for segmentation. Level
        '5' has this stride then.
    """

    path: str = ""
    model_id: int = 50
    depth_multiplier: float = 1.0
    scale_stem: bool = True
    padding: str = "same"
    output_stride: int = 32


@dataclasses.dataclass
class Backbone(backbones.Backbone):
    """Model Garden's choice of backbones, and `encoder`."""

    type: Optional[str] = "encoder"
    encoder: Encoder = dataclasses.field(default_factory=Encoder)


@factory.register_backbone_builder("encoder")
def build_encoder(
    input_specs: tf.keras.layers.InputSpec,
    backbone_config: hyperparams.Config,
    norm_activation_config: hyperparams.Config,
    l2_regularizer: Optional[tf.keras.regularizers.Regularizer] = None,
) -> tf.keras.Model:
    """Builds the backbone that a task's configuration asks for, with the encoder's weights in it.

    Batch norm's momentum and synchronisation are the task's. Its epsilon and the activation are the
    encoder's, since weights mean nothing with others: 1e-5 and ReLU for random weights as well,
    which `init_checkpoint` may replace by an encoder's. The task's own serve its head and decoder.

    Args:
      input_specs: [None, H, W, 3] of images standardised as Model Garden's parsers do.
      backbone_config: a `Backbone` of type 'encoder'.
      norm_activation_config: Model Garden's `NormActivation`.
      l2_regularizer: of the convolutions' kernels.

    Returns:
      `resnet.build`'s model, without levels that the encoder's training did not reach.

    Raises:
      EncoderError: if `path` holds no usable encoder.
      ValueError: if it is one of another architecture than the other fields ask for.
    """
    config = backbone_config.get()
    encoder = encoder_files.read(config.path) if config.path else None
    backbone = resnet.build(
        _architecture(config, encoder),
        sync_batch_norm=norm_activation_config.use_sync_bn,
        norm_momentum=norm_activation_config.norm_momentum,
        kernel_regularizer=l2_regularizer,
        output_stride=config.output_stride,
        input_specs=input_specs,
    )
    if encoder is None:
        return backbone
    encoder_files.restore(backbone, encoder)
    return resnet.up_to(backbone, encoder.last_level)


def _architecture(
    config: Encoder, encoder: Optional[encoder_files.EncoderFiles]
) -> resnet.Architecture:
    fields = ("model_id", "depth_multiplier", "scale_stem", "padding")
    asked = {name: getattr(config, name) for name in fields}
    if encoder is None:
        return resnet.Architecture(**asked)
    for name, value in asked.items():
        own = getattr(encoder.architecture, name)
        if value not in (own, getattr(Encoder, name)):
            raise ValueError(
                f"backbone.encoder.{name} is {value!r}, but the encoder of "
                f"backbone.encoder.path={config.path} has {own!r}; leave it out."
            )
    return encoder.architecture
