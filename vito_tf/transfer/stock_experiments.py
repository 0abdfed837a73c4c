# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's own experiments with the backbone type `encoder`.

An override of a stock experiment cannot name a type that its configuration does not know, so that
these are registered beside it. `task.model.backbone.encoder.path` chooses the encoder.
"""

from __future__ import annotations

from official.core import config_definitions, exp_factory
from official.vision import registry_imports  # noqa: F401
from official.vision.configs import backbones

from vito_tf.backbones import model_garden


def with_encoder(
    stock_experiment: str, output_stride: int = 32
) -> config_definitions.ExperimentConfig:
    """A stock experiment whose 2-D backbone is an encoder of ours, and all else as it was.

    Args:
      stock_experiment: a name that Model Garden registers, e.g. 'resnet_imagenet'.
      output_stride: of the encoder.

    Returns:
      The configuration. It starts from none of Model Garden's checkpoints any more; an
      `init_checkpoint` is for the backbone.

    Raises:
      ValueError: if the experiment's model has no 2-D backbone.
    """
    config = exp_factory.get_exp_config(stock_experiment)
    model = getattr(config.task, "model", None)
    if model is None or not isinstance(getattr(model, "backbone", None), backbones.Backbone):
        raise ValueError(f"The model of the experiment {stock_experiment} has no 2-D backbone.")
    encoder = model_garden.Encoder(output_stride=output_stride)
    model.backbone = model_garden.Backbone(encoder=encoder)
    config.task.init_checkpoint = None
    config.task.init_checkpoint_modules = "backbone"
    return config


@exp_factory.register_config_factory("vito_seg_deeplabv3_pascal")
def vito_seg_deeplabv3_pascal() -> config_definitions.ExperimentConfig:
    """DeepLabv3 on PASCAL VOC: `seg_deeplabv3_pascal` on level '5' of an encoder of stride 16.

    Stock has a ResNet-101 with a deep stem and multigrid dilation there, which no VITO encoder is.
    """
    config = with_encoder("seg_deeplabv3_pascal", output_stride=16)
    config.task.model.decoder.aspp.level = 5
    config.task.model.head.level = 5
    return config


@exp_factory.register_config_factory("vito_retinanet_resnetfpn_coco")
def vito_retinanet_resnetfpn_coco() -> config_definitions.ExperimentConfig:
    """RetinaNet with a feature pyramid on COCO: `retinanet_resnetfpn_coco` on an encoder."""
    return with_encoder("retinanet_resnetfpn_coco")
