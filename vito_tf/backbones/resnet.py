# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's ResNet as VITO's encoder (§3: "We adopt the ResNet-50 architecture")."""

from __future__ import annotations

import gin
import tensorflow as tf
from official.vision.modeling.backbones import resnet as model_garden


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
    if model_id not in model_garden.RESNET_SPECS:
        known = sorted(model_garden.RESNET_SPECS)
        raise ValueError(f"resnet.model_id must be one of {known}, not {model_id!r}.")
    return model_garden.ResNet(
        model_id=model_id,
        input_specs=tf.keras.layers.InputSpec(shape=[None, None, None, 3]),
        depth_multiplier=depth_multiplier,
        scale_stem=scale_stem,
        use_sync_bn=sync_batch_norm,
        norm_momentum=0.9,
        norm_epsilon=1e-5,
        name="backbone",
    )
