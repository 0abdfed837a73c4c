# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The detector's network: encoder, feature pyramid, head.

How A.3 joins its sources could not be found out. The default here is our choice. TOOD's head and
assignment replace FCOS's and ATSS's, since they were made to improve on these with the other in
their place; ATSS remains TOOD's start. Centre-ness goes, as TOOD has none. Wu et al.'s IoU stays,
as an output of its own: it is learnt for every positive location's box whatever its class, while
TOOD's probability is of one of C classes and is led to the box's IoU only relative to other
locations of the same object. The score that ranks detections is Wu et al.'s product of the two.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from official.vision.modeling.backbones import factory as backbones
from official.vision.modeling.decoders import factory as decoders

from vito_tf.transfer.detection import config, fcos_head, structures, task_aligned_head

HEADS = {"fcos": fcos_head.FcosHead, "task_aligned": task_aligned_head.TaskAlignedHead}


class FcosModel(tf.keras.Model):
    """Predicts boxes at every location.

    Args:
      backbone: from standardised images [B, H, W, 3] to {level: [B, h, w, D]}.
      decoder: from these to the levels of the head.
      head: from these to `structures.Predictions`.
    """

    def __init__(
        self,
        backbone: tf.keras.Model,
        decoder: tf.keras.Model,
        head: tf.keras.layers.Layer,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.backbone = backbone
        self.decoder = decoder
        self.head = head

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> structures.Predictions:
        """Predicts for standardised images [B, H, W, 3] of the size that it was built for."""
        features = self.backbone(inputs, training=training)
        return self.head(self.decoder(features, training=training), training=training)

    @property
    def checkpoint_items(self) -> dict[str, Any]:
        """What checkpoints have by these names, for `init_checkpoint_modules`."""
        return {"backbone": self.backbone, "decoder": self.decoder, "head": self.head}


def build(model_config: config.Model) -> FcosModel:
    """Builds the network with its weights.

    Args:
      model_config: see there. The backbone may end before level 5; the pyramid makes what is left.

    Returns:
      The model.

    Raises:
      ValueError: for a configuration that makes none.
    """
    _check_choices(model_config)
    backbone = backbones.build_backbone(
        tf.keras.layers.InputSpec(shape=[None, *model_config.input_size]),
        model_config.backbone,
        model_config.norm_activation,
    )
    check_levels(model_config, backbone.output_specs)
    decoder = decoders.build_decoder(backbone.output_specs, model_config)
    head_config = model_config.head
    arguments = {"num_convs": head_config.num_convs} if head_config.num_convs else {}
    head = HEADS[head_config.type](
        model_config.num_classes,
        quality=head_config.quality,
        num_filters=head_config.num_filters,
        name="head",
        **arguments,
    )
    model = FcosModel(backbone, decoder, head)
    model(tf.keras.Input(model_config.input_size), training=False)
    return model


def _check_choices(model_config: config.Model) -> None:
    choices = {
        "head.type": (model_config.head.type, config.HEADS),
        "head.quality": (model_config.head.quality, config.QUALITIES),
        "decoder.type": (model_config.decoder.type, ("fpn", "nasfpn")),
    }
    for name, (value, known) in choices.items():
        if value not in known:
            raise ValueError(f"task.model.{name} must be one of {known}, not {value!r}.")
    if model_config.num_classes < 1:
        raise ValueError(
            f"task.model.num_classes is {model_config.num_classes}; it must be the data's number."
        )
    if model_config.head.num_convs < 0:
        raise ValueError("task.model.head.num_convs must not be negative.")
    generator = model_config.detection_generator
    if min(generator.pre_nms_top_k, generator.max_num_detections) < 1:
        raise ValueError(
            "task.model.detection_generator: pre_nms_top_k and max_num_detections must be 1 or "
            "more."
        )


def check_levels(model_config: config.Model, specs: dict[str, tf.TensorShape]) -> None:
    """Refuses what the pyramid cannot add up: it doubles each map's size, and adds the finer one.

    Args:
      model_config: see there.
      specs: the backbone's `output_specs`.

    Raises:
      ValueError: if a level is missing or sizes do not fit.
    """
    first, last = model_config.min_level, min(model_config.max_level, max(map(int, specs)))
    missing = [str(level) for level in range(first, last + 1) if str(level) not in specs]
    if missing or last < first:
        raise ValueError(
            f"task.model.min_level is {first}, but the backbone has the levels "
            f"{', '.join(sorted(specs))} only."
        )
    stride = 2**last
    if any(size % stride for size in model_config.input_size[:2]):
        raise ValueError(
            f"task.model.input_size is {list(model_config.input_size)}; height and width must be "
            f"multiples of {stride}, the stride of the backbone's last level."
        )
    height = specs[str(last)][1]
    if height is not None and height * stride != model_config.input_size[0]:
        raise ValueError(
            f"The backbone's level {last} has stride {model_config.input_size[0] // height}; "
            f"the detector needs {stride} (task.model.backbone.encoder.output_stride=32)."
        )
