# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The task of fine-tuning an encoder with UperNet (A.2)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from official.core import task_factory
from official.vision.modeling import segmentation_model

from vito_tf.transfer import segmentation_config, segmentation_task, upernet_head


class UperNet(segmentation_model.SegmentationModel):
    """A segmentation model with a second head, which works in training alone.

    Args:
      backbone: of feature maps {level: [B, h, w, D]}.
      head: of (feature maps, feature maps).
      auxiliary: likewise; it must have been built.
    """

    def __init__(
        self,
        backbone: tf.keras.Model,
        head: tf.keras.layers.Layer,
        auxiliary: tf.keras.layers.Layer,
        **kwargs: Any,
    ):
        super().__init__(backbone, None, head, **kwargs)
        self.auxiliary = auxiliary

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> dict[str, tf.Tensor]:
        """Returns 'logits' [B, h, w, C], and in training 'auxiliary_logits' of the other head."""
        features = self.backbone(inputs, training=training)
        outputs = {"logits": self.head((features, features), training=training)}
        if training:
            outputs["auxiliary_logits"] = self.auxiliary((features, features), training=training)
        return outputs

    @property
    def checkpoint_items(self) -> dict[str, Any]:
        """The parts, by name."""
        return {**super().checkpoint_items, "auxiliary": self.auxiliary}


@task_factory.register_task_cls(segmentation_config.UperNetTask)
class UperNetTask(segmentation_task.SegmentationTask):
    """Segmentation with UperNet's head, and an auxiliary one whose loss counts in training."""

    def add_heads(self, backbone: tf.keras.Model) -> UperNet:
        """Adds both heads; UperNet's is on all levels."""
        head = upernet_head.UperNetHead(
            levels=sorted(backbone.output_specs),
            **self.head_arguments(self.task_config.model.head),
            name="upernet_head",
        )
        auxiliary = self.fcn_head("auxiliary", backbone)
        auxiliary((backbone.output, backbone.output))
        return UperNet(backbone, head, auxiliary)

    def build_losses(
        self,
        labels: dict[str, tf.Tensor],
        model_outputs: dict[str, tf.Tensor],
        aux_losses: list[tf.Tensor] | None = None,
    ) -> tf.Tensor:
        """The head's loss and the weighted one of the auxiliary head, where it has logits."""
        loss = super().build_losses(labels, model_outputs, aux_losses)
        if "auxiliary_logits" not in model_outputs:
            return loss
        auxiliary = super().build_losses(labels, {"logits": model_outputs["auxiliary_logits"]})
        return loss + self.task_config.losses.auxiliary_weight * auxiliary
