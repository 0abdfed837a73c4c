# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's 3-D backbone type `vito_frames`: an encoder of images under its video models."""

import dataclasses
from typing import Optional, Union

import tensorflow as tf
from official.modeling import hyperparams
from official.vision.configs import backbones_3d
from official.vision.modeling.backbones import factory

from vito_tf.backbones import model_garden


@dataclasses.dataclass
class Backbone3D(backbones_3d.Backbone3D):
    """Model Garden's choice of 3-D backbones, and `vito_frames`."""

    type: Optional[str] = "vito_frames"
    vito_frames: model_garden.Encoder = dataclasses.field(default_factory=model_garden.Encoder)


class FrameBackbone(tf.keras.Model):
    """Applies an encoder of images to each frame of standardised videos.

    (Model Garden's own video input does not standardise; `video_classification_input` does.)

    Its layers are the encoder's own: a checkpoint of one is a checkpoint of the other, so that
    `init_checkpoint_modules=backbone` loads encoders, and what a video task has fine-tuned is an
    encoder of images again. Batch statistics are taken over all frames of the batch.

    Attributes:
      output_specs: by level, the shape of its maps.
    """

    def __init__(self, encoder: tf.keras.Model, num_frames: Optional[int] = None):
        """Wraps an encoder, which shares its layers from then on.

        Args:
          encoder: a functional model from [B, H, W, 3] to maps by level.
          num_frames: T, where it is known.
        """
        super().__init__(inputs=encoder.input, outputs=encoder.output, name="backbone")
        self.input_spec = tf.keras.layers.InputSpec(ndim=5)
        self.output_specs = {
            level: tf.TensorShape([shape[0], num_frames, *shape[1:]])
            for level, shape in encoder.output_shape.items()
        }

    def call(
        self, inputs: tf.Tensor, training: Optional[bool] = None, mask: Optional[tf.Tensor] = None
    ) -> dict[str, tf.Tensor]:
        """Maps standardised videos [B, T, H, W, 3] to {level: [B, T, h, w, C]}."""
        batch, time, *frame = _sizes(inputs)
        maps = super().call(tf.reshape(inputs, [batch * time, *frame]), training, mask)
        return {
            level: tf.reshape(values, [batch, time, *_sizes(values)[1:]])
            for level, values in maps.items()
        }


def _sizes(values: tf.Tensor) -> list[Union[int, tf.Tensor]]:
    """Sizes of all axes, as numbers where they are known."""
    dynamic = tf.shape(values)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(values.shape)]


@factory.register_backbone_builder("vito_frames")
def build_frames(
    input_specs: tf.keras.layers.InputSpec,
    backbone_config: hyperparams.Config,
    norm_activation_config: hyperparams.Config,
    l2_regularizer: Optional[tf.keras.regularizers.Regularizer] = None,
) -> tf.keras.Model:
    """Builds the encoder that a video task's configuration asks for, to be applied to each frame.

    Args:
      input_specs: [None, T, H, W, 3].
      backbone_config: a `Backbone3D` of type 'vito_frames'.
      norm_activation_config: Model Garden's `NormActivation`.
      l2_regularizer: of the convolutions' kernels.

    Returns:
      A `FrameBackbone`.

    Raises:
      ValueError: as `model_garden.build_encoder`.
    """
    _, num_frames, *frame = input_specs.shape
    encoder = model_garden.build_encoder(
        tf.keras.layers.InputSpec(shape=[None, *frame]),
        model_garden.Backbone(encoder=backbone_config.get()),
        norm_activation_config,
        l2_regularizer,
    )
    return FrameBackbone(encoder, num_frames)
