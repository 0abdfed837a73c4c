# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's ResNet as VITO's encoder (§3: "We adopt the ResNet-50 architecture")."""

from __future__ import annotations

import dataclasses
from typing import Any

import gin
import tensorflow as tf
from official.vision.modeling.backbones import resnet as model_garden

from vito_tf.backbones import adapted_resnet

PADDINGS = ("same", "symmetric")
OUTPUT_STRIDES = (8, 16, 32)


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What weights of a ResNet were made for, and mean nothing without.

    Attributes:
      model_id: the number of layers: 10, 18, 34, 50, 101, ... (Model Garden's RESNET_SPECS).
      depth_multiplier: multiplies every layer's number of channels.
      scale_stem: whether `depth_multiplier` applies to the stem too.
      padding: of convolutions and pooling with stride 2: 'same' is TensorFlow's, which pads even
        sizes at their end alone; 'symmetric' is PyTorch's, which pads all sides alike.
      norm_epsilon: what batch norm adds to the variance.

    Raises:
      ValueError: for a value that no ResNet has.
    """

    model_id: int = 50
    depth_multiplier: float = 1.0
    scale_stem: bool = True
    padding: str = "same"
    norm_epsilon: float = 1e-5

    def __post_init__(self):
        if self.model_id not in model_garden.RESNET_SPECS:
            known = sorted(model_garden.RESNET_SPECS)
            raise ValueError(f"resnet.model_id must be one of {known}, not {self.model_id!r}.")
        if self.padding not in PADDINGS:
            raise ValueError(f"A ResNet's padding must be one of {PADDINGS}, not {self.padding!r}.")
        for name in ("depth_multiplier", "norm_epsilon"):
            if not getattr(self, name) > 0:
                raise ValueError(f"A ResNet's {name} must be positive, not {getattr(self, name)}.")


@gin.configurable
def resnet(
    sync_batch_norm: bool = False,
    model_id: int = 50,
    depth_multiplier: float = 1.0,
    scale_stem: bool = True,
) -> tf.keras.Model:
    """Builds Model Garden's own ResNet graph, so that its checkpoints fit every stock task.

    Batch norm has BYOL's decay 0.9 and epsilon 1e-5 (byol/configs/byol.py).

    Args:
      sync_batch_norm: whether batch statistics are taken over all replicas.
      model_id: the number of layers: 10, 18, 34, 50, 101, ... (Model Garden's RESNET_SPECS).
      depth_multiplier: multiplies every layer's number of channels.
      scale_stem: whether `depth_multiplier` applies to the stem too.

    Returns:
      A model from images [B, H, W, 3] of any size to {'2', '3', '4', '5'}: feature maps
      [B, H / 2**level, W / 2**level, C]; the paper's block 3 is '4', block 4 is '5'.
    """
    return build(Architecture(model_id, depth_multiplier, scale_stem), sync_batch_norm)


def build(
    architecture: Architecture,
    sync_batch_norm: bool = False,
    norm_momentum: float = 0.9,
    kernel_regularizer: tf.keras.regularizers.Regularizer | None = None,
    output_stride: int = 32,
    input_specs: tf.keras.layers.InputSpec | None = None,
    dilated: bool = True,
) -> tf.keras.Model:
    """Builds a ResNet; the same architecture's checkpoints fit whatever the other arguments are.

    Args:
      architecture: of the weights.
      sync_batch_norm: whether batch statistics are taken over all replicas.
      norm_momentum: decay of batch norm's running statistics.
      kernel_regularizer: of the convolutions' kernels.
      output_stride: 32, or 16 or 8 to replace the last strides by dilation, for segmentation.
      input_specs: [None, H, W, 3]; images of any size by default.
      dilated: False to leave out the last strides without dilation, for propagating labels (VFS,
        `switch_strides`).

    Returns:
      A model with `output_specs`, from standardised images [B, H, W, 3] to feature maps
      {'2', '3', '4', '5'}: [B, h, w, C] of stride 2**level, or `output_stride` where that is less.
      (Model Garden's `dilated_resnet` of stride 16 calls the last one '4' and leaves out ours.)
    """
    if output_stride not in OUTPUT_STRIDES:
        raise ValueError(f"output_stride must be one of {OUTPUT_STRIDES}, not {output_stride!r}.")
    arguments: dict[str, Any] = {
        "model_id": architecture.model_id,
        "input_specs": input_specs or tf.keras.layers.InputSpec(shape=[None, None, None, 3]),
        "depth_multiplier": architecture.depth_multiplier,
        "scale_stem": architecture.scale_stem,
        "activation": "relu",
        "use_sync_bn": sync_batch_norm,
        "norm_momentum": norm_momentum,
        "norm_epsilon": architecture.norm_epsilon,
        "kernel_regularizer": kernel_regularizer,
        "name": "backbone",
    }
    if architecture.padding == "same" and output_stride == 32:
        return model_garden.ResNet(**arguments)
    return adapted_resnet.AdaptedResNet(
        padding=architecture.padding, output_stride=output_stride, dilated=dilated, **arguments
    )
