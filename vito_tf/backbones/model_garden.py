# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's backbone types `encoder`, of encoders on disk, and `swin`, of random weights."""

import dataclasses
from typing import Any, Optional, Union

import tensorflow as tf
from official.modeling import hyperparams
from official.vision.configs import backbones, common
from official.vision.modeling.backbones import factory

from vito_tf.backbones import encoder_files, networks, resnet, swin

_RESNET_FIELDS = ("model_id", "depth_multiplier", "scale_stem", "padding")
_SWIN_STRIDE = 32


@dataclasses.dataclass
class Encoder(hyperparams.Config):
    """An encoder to start from, a ResNet or a Swin transformer, or a ResNet of random weights.

    Attributes:
      path: an encoder's folder, written by export_tfhub, export_backbone or convert_torch; '' for
        random weights, or for weights that the task's `init_checkpoint` brings.
      model_id: of `resnet.Architecture`, as are the next three. An encoder on disk knows its own;
        with `path`, these may stay at their defaults or say the same.
      depth_multiplier: see `resnet.Architecture`.
      scale_stem: see `resnet.Architecture`.
      padding: see `resnet.Architecture`.
      output_stride: 32, or 16 or 8 to replace the last strides by dilation, for segmentation. Level
        '5' has this stride then. A Swin transformer has only 32.
      drop_path: Swin transformers only: of `swin.build`, in [0, 1).
    """

    path: str = ""
    model_id: int = 50
    depth_multiplier: float = 1.0
    scale_stem: bool = True
    padding: str = "same"
    output_stride: int = 32
    drop_path: float = 0.0


@dataclasses.dataclass
class Swin(hyperparams.Config):
    """A Swin transformer of random weights, or for those that `init_checkpoint` brings.

    Attributes:
      embed_dim: of `swin.Architecture`, as are the next three; Swin-S by default.
      depths: see `swin.Architecture`.
      num_heads: see `swin.Architecture`.
      window_size: see `swin.Architecture`.
      drop_path: of `swin.build`, in [0, 1).
    """

    embed_dim: int = 96
    depths: list[int] = dataclasses.field(default_factory=lambda: [2, 2, 18, 2])
    num_heads: list[int] = dataclasses.field(default_factory=lambda: [3, 6, 12, 24])
    window_size: int = 7
    drop_path: float = 0.0


@dataclasses.dataclass
class Backbone(backbones.Backbone):
    """Model Garden's choice of backbones, `encoder` and `swin`."""

    type: Optional[str] = "encoder"
    encoder: Encoder = dataclasses.field(default_factory=Encoder)
    swin: Swin = dataclasses.field(default_factory=Swin)


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
    which `init_checkpoint` may replace by an encoder's. The task's own serve its head and decoder,
    and nothing in a Swin transformer, which has LayerNorm and GELU.

    Args:
      input_specs: [None, H, W, 3] of images standardised as Model Garden's parsers do.
      backbone_config: a `Backbone` of type 'encoder'.
      norm_activation_config: Model Garden's `NormActivation`.
      l2_regularizer: of the kernels of convolutions and linear layers.

    Returns:
      `networks.build`'s model, without levels that the encoder's training did not reach.

    Raises:
      EncoderError: if `path` holds no usable encoder.
      ValueError: if it is one of another architecture than the other fields ask for.
    """
    config = backbone_config.get()
    encoder = encoder_files.read(config.path) if config.path else None
    architecture = _of_encoder(config, encoder)
    backbone = networks.build(
        architecture,
        kernel_regularizer=l2_regularizer,
        input_specs=input_specs,
        **_options(architecture, config, norm_activation_config),
    )
    if encoder is None:
        return backbone
    encoder_files.restore(backbone, encoder)
    return networks.up_to(backbone, encoder.last_level)


@factory.register_backbone_builder("swin")
def build_swin(
    input_specs: tf.keras.layers.InputSpec,
    backbone_config: hyperparams.Config,
    norm_activation_config: hyperparams.Config,
    l2_regularizer: Optional[tf.keras.regularizers.Regularizer] = None,
) -> tf.keras.Model:
    """Builds a Swin transformer of random weights.

    Args:
      input_specs: [None, H, W, 3] of images standardised as Model Garden's parsers do.
      backbone_config: a `Backbone` of type 'swin'.
      norm_activation_config: without effect: LayerNorm and GELU are the network's own.
      l2_regularizer: of the kernels of convolutions and linear layers.

    Returns:
      `swin.build`'s model.

    Raises:
      ValueError: if no Swin transformer has such values.
    """
    del norm_activation_config
    config = backbone_config.get()
    return networks.build(
        architecture_of(config),
        drop_path=config.drop_path,
        kernel_regularizer=l2_regularizer,
        input_specs=input_specs,
    )


def architecture_of(config: Union[Encoder, Swin]) -> networks.Architecture:
    """What network a configuration of one of our types stands for.

    Raises:
      EncoderError: if `path` holds no usable encoder.
      ValueError: as `build_encoder`.
    """
    if isinstance(config, Swin):
        return swin.Architecture(
            config.embed_dim, tuple(config.depths), tuple(config.num_heads), config.window_size
        )
    return _of_encoder(config, encoder_files.read(config.path) if config.path else None)


def taking(
    architecture: networks.Architecture,
) -> tuple[backbones.Backbone, common.NormActivation]:
    """Which configuration of a task's model takes an encoder's weights as `init_checkpoint`.

    Args:
      architecture: of the encoder.

    Returns:
      Of the backbone, Model Garden's own where it has one (its ResNets, whose padding is 'same'),
      and what the norms in it must be like.
    """
    if isinstance(architecture, swin.Architecture):
        own = Swin(
            embed_dim=architecture.embed_dim,
            depths=list(architecture.depths),
            num_heads=list(architecture.num_heads),
            window_size=architecture.window_size,
        )
        return Backbone(type="swin", swin=own), common.NormActivation()
    fields = {name: getattr(architecture, name) for name in _RESNET_FIELDS}
    norm = common.NormActivation(norm_epsilon=architecture.norm_epsilon, activation="relu")
    if fields["padding"] != "same":
        return Backbone(encoder=Encoder(**fields)), norm
    del fields["padding"]
    return backbones.Backbone(type="resnet", resnet=backbones.ResNet(**fields)), norm


def _of_encoder(
    config: Encoder, encoder: Optional[encoder_files.EncoderFiles]
) -> networks.Architecture:
    asked = {name: getattr(config, name) for name in _RESNET_FIELDS}
    if encoder is None:
        return resnet.Architecture(**asked)
    for name, value in asked.items():
        own = getattr(encoder.architecture, name, "none")
        if value not in (own, getattr(Encoder, name)):
            raise ValueError(
                f"backbone.encoder.{name} is {value!r}, but the encoder of "
                f"backbone.encoder.path={config.path} has {own!r}; leave it out."
            )
    return encoder.architecture


def _options(
    architecture: networks.Architecture, config: Encoder, norm: hyperparams.Config
) -> dict[str, Any]:
    """What a network of this kind is built with beside what all are, as far as it has it."""
    if isinstance(architecture, swin.Architecture):
        if config.output_stride != _SWIN_STRIDE:
            raise ValueError(
                f"backbone.encoder.output_stride is {config.output_stride}, but the encoder of "
                f"backbone.encoder.path={config.path} is a Swin transformer, which has only "
                f"{_SWIN_STRIDE}."
            )
        return {"drop_path": config.drop_path}
    if config.drop_path:
        raise ValueError(
            f"backbone.encoder.drop_path is {config.drop_path}, but only Swin transformers have "
            "paths to drop, and this is a ResNet; leave it out."
        )
    return {
        "sync_batch_norm": norm.use_sync_bn,
        "norm_momentum": norm.norm_momentum,
        "output_stride": config.output_stride,
    }
