# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's own experiments with the backbone type `encoder`.

An override of a stock experiment cannot name a type that its configuration does not know, so that
these are registered beside it. `task.model.backbone.encoder.path` chooses the encoder.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf
from official.core import config_definitions, exp_factory, task_factory
from official.vision import registry_imports  # noqa: F401
from official.vision.configs import backbones, semantic_segmentation
from official.vision.tasks import semantic_segmentation as segmentation_task

from vito_tf.backbones import encoder_files, model_garden


@dataclasses.dataclass
class DeepLab(semantic_segmentation.SemanticSegmentationTask):
    """Model Garden's task on an encoder, whose levels may be fewer than a ResNet's."""


@task_factory.register_task_cls(DeepLab)
class DeepLabTask(segmentation_task.SemanticSegmentationTask):
    """Model Garden's task, which says what is wrong where an encoder lacks a level."""

    def build_model(self) -> tf.keras.Model:
        """Builds Model Garden's model.

        Raises:
          ValueError: decoder or head are for a level that the encoder's training did not reach.
        """
        config = self.task_config.model
        encoder = config.backbone.get()
        last = encoder_files.read(encoder.path).last_level if encoder.path else "5"
        levels = {"decoder.aspp": config.decoder.aspp.level, "head": config.head.level}
        for name, level in levels.items():
            if level > int(last):
                raise ValueError(
                    f"task.model.{name}.level is {level}, but the encoder of "
                    f"backbone.encoder.path={encoder.path} was trained up to level {last} only."
                )
        return super().build_model()


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
    fields = [field.name for field in dataclasses.fields(config.task)]
    config.task = DeepLab(**{name: getattr(config.task, name) for name in fields})
    config.task.model.decoder.aspp.level = 5
    config.task.model.head.level = 5
    return config


@exp_factory.register_config_factory("vito_retinanet_resnetfpn_coco")
def vito_retinanet_resnetfpn_coco() -> config_definitions.ExperimentConfig:
    """RetinaNet with a feature pyramid on COCO: `retinanet_resnetfpn_coco` on an encoder."""
    return with_encoder("retinanet_resnetfpn_coco")
