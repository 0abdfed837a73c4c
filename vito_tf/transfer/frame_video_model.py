# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A classifier of clips on an encoder of frames (A.5), as a Model Garden video model."""

import dataclasses
from typing import Optional

import tensorflow as tf
from official.modeling import hyperparams
from official.vision.configs import common
from official.vision.modeling import factory_3d
from official.vision.modeling.backbones import factory

from vito_tf.backbones import model_garden_3d
from vito_tf.transfer import temporal_pooling


@dataclasses.dataclass
class FrameVideoModelConfig(hyperparams.Config):
    """A frame encoder, temporal pooling and one fully connected layer.

    Attributes:
      model_type: how Model Garden's `factory_3d` knows it.
      backbone: of frames.
      norm_activation: of the backbone. PyTorch's momentum 0.1 is 0.9 here.
      pooling: one of `temporal_pooling.POOLINGS`.
      dropout_rate: between pooling and classifier. The paper does not mention dropout; 0.9 is that
        of the released CycleContrast script, whose procedure it follows (AVID-CMA's is 0.5).
    """

    model_type: str = "vito_frames"
    backbone: model_garden_3d.Backbone3D = dataclasses.field(
        default_factory=model_garden_3d.Backbone3D
    )
    norm_activation: common.NormActivation = dataclasses.field(
        default_factory=lambda: common.NormActivation(
            norm_momentum=0.9, norm_epsilon=1e-5, use_sync_bn=True
        )
    )
    pooling: str = temporal_pooling.AVERAGE
    dropout_rate: float = 0.9


class FrameVideoModel(tf.keras.Model):
    """Maps {'image': [B, T, H, W, 3]}, standardised clips, to logits [B, num_classes].

    Attributes:
      backbone: of frames; its checkpoints are those of encoders of images.
    """

    def __init__(
        self,
        backbone: tf.keras.Model,
        num_classes: int,
        input_specs: tf.keras.layers.InputSpec,
        pooling: str = temporal_pooling.AVERAGE,
        dropout_rate: float = 0.0,
        kernel_regularizer: Optional[tf.keras.regularizers.Regularizer] = None,
    ):
        """Builds the model.

        Args:
          backbone: from [B, T, H, W, 3] to {level: [B, T, h, w, C]}.
          num_classes: number of logits.
          input_specs: [None, T, H, W, 3].
          pooling: one of `temporal_pooling.POOLINGS`.
          dropout_rate: before the classifier.
          kernel_regularizer: of the classifier's kernel.

        Raises:
          ValueError: there is no such pooling, or too few levels for it.
        """
        inputs = {"image": tf.keras.Input(input_specs.shape[1:], name="image")}
        maps = backbone(inputs["image"])
        if pooling != temporal_pooling.AVERAGE and len(maps) < 2:
            raise ValueError(f"model.pooling={pooling} needs two levels; the backbone has one.")
        pooled = temporal_pooling.TemporalPooling(pooling)(maps)
        dropped = tf.keras.layers.Dropout(dropout_rate)(pooled)
        # U(-1 / sqrt(C), 1 / sqrt(C)), as PyTorch's linear layers, which the reference has.
        initializer = tf.keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
        logits = tf.keras.layers.Dense(
            num_classes, kernel_initializer=initializer, kernel_regularizer=kernel_regularizer
        )(dropped)
        super().__init__(inputs=inputs, outputs=logits)
        self.backbone = backbone

    @property
    def checkpoint_items(self) -> dict[str, tf.keras.Model]:
        """What Model Garden's trainer stores by name, beside the whole model."""
        return {"backbone": self.backbone}


@factory_3d.register_model_builder("vito_frames")
def build_frame_video_model(
    input_specs: tf.keras.layers.InputSpec,
    model_config: hyperparams.Config,
    num_classes: int,
    l2_regularizer: Optional[tf.keras.regularizers.Regularizer] = None,
) -> tf.keras.Model:
    """Builds what a `FrameVideoModelConfig` describes.

    Args:
      input_specs: [None, T, H, W, 3].
      model_config: a `FrameVideoModelConfig`.
      num_classes: number of logits.
      l2_regularizer: of all kernels.

    Returns:
      A `FrameVideoModel`.

    Raises:
      ValueError: no such backbone, encoder or pooling.
    """
    backbone = factory.build_backbone(
        input_specs=input_specs,
        backbone_config=model_config.backbone,
        norm_activation_config=model_config.norm_activation,
        l2_regularizer=l2_regularizer,
    )
    return FrameVideoModel(
        backbone,
        num_classes,
        input_specs,
        model_config.pooling,
        model_config.dropout_rate,
        l2_regularizer,
    )
