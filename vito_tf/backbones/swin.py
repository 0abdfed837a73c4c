# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Swin transformers as VITO's encoder (§B.4: "more powerful Swin transformer architectures")."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import gin
import numpy as np
import tensorflow as tf

from vito_tf.backbones import swin_layers

LEVELS = ("2", "3", "4", "5")


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What weights of a Swin transformer were made for, and mean nothing without.

    Patches have 4x4 pixels, perceptrons four times a map's channels, and queries, keys and values
    biases, as in all that are published.

    Attributes:
      embed_dim: channels of level 2; every next level has twice as many.
      depths: blocks of levels 2 to 5.
      num_heads: attention heads of levels 2 to 5; each divides its level's channels.
      window_size: of attention, in positions of a map.

    Raises:
      ValueError: for a value that no Swin transformer has.
    """

    embed_dim: int = 96
    depths: tuple[int, ...] = (2, 2, 18, 2)
    num_heads: tuple[int, ...] = (3, 6, 12, 24)
    window_size: int = 7

    def __post_init__(self):
        for name, smallest in (("embed_dim", 1), ("window_size", 2)):
            value = getattr(self, name)
            if not _is_whole(value, smallest):
                raise ValueError(
                    f"swin.{name} must be a whole number >= {smallest}, not {value!r}."
                )
        for name in ("depths", "num_heads"):
            object.__setattr__(self, name, _four(name, getattr(self, name)))
        for channels, heads in zip(self.channels, self.num_heads):
            if channels % heads:
                raise ValueError(
                    f"swin.num_heads={self.num_heads} must divide the stages' channels "
                    f"{self.channels}, which swin.embed_dim={self.embed_dim} makes."
                )

    @property
    def channels(self) -> tuple[int, ...]:
        """Of levels 2 to 5."""
        return tuple(self.embed_dim * 2**stage for stage in range(len(LEVELS)))


def _is_whole(value: Any, smallest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= smallest


def _four(name: str, values: Any) -> tuple[int, ...]:
    """A list, as JSON has it, as a tuple."""
    is_sequence = isinstance(values, Sequence) and len(values) == len(LEVELS)
    if not is_sequence or not all(_is_whole(value, 1) for value in values):
        raise ValueError(
            f"swin.{name} must be four whole numbers >= 1, one a stage, not {values!r}."
        )
    return tuple(values)


SIZES = {
    "tiny": Architecture(depths=(2, 2, 6, 2)),
    "small": Architecture(),
    "base": Architecture(embed_dim=128, num_heads=(4, 8, 16, 32)),
}


@gin.configurable
def swin(
    sync_batch_norm: bool = False,
    embed_dim: int = 96,
    depths: Sequence[int] = (2, 2, 18, 2),
    num_heads: Sequence[int] = (3, 6, 12, 24),
    window_size: int = 7,
    drop_path: float = 0.2,
) -> tf.keras.Model:
    """Builds a Swin transformer for pretraining; Swin-S by default, as in Table B.2.

    Args:
      sync_batch_norm: has no effect: there is no batch norm. Every encoder is given it.
      embed_dim: channels of level 2; every next level has twice as many.
      depths: blocks of levels 2 to 5.
      num_heads: attention heads of levels 2 to 5.
      window_size: of attention, in positions of a map.
      drop_path: of `build`. The paper gives none; 0.2 is our choice, after the online encoder of
        MoBY, which trains Swin transformers by self-supervision (Xie et al. 2021).

    Returns:
      A model as `build` makes it; the paper's block 3 is '4', block 4 is '5'.
    """
    del sync_batch_norm
    architecture = Architecture(embed_dim, tuple(depths), tuple(num_heads), window_size)
    return build(architecture, drop_path)


def build(
    architecture: Architecture,
    drop_path: float = 0.0,
    kernel_regularizer: tf.keras.regularizers.Regularizer | None = None,
    input_specs: tf.keras.layers.InputSpec | None = None,
) -> tf.keras.Model:
    """Builds a Swin transformer; its checkpoints fit whatever the other arguments are.

    Args:
      architecture: of the weights.
      drop_path: probability of leaving out the last block's branches when training, in [0, 1); it
        grows linearly from 0 at the first block.
      kernel_regularizer: of the kernels of linear layers and the convolution; not of norms, nor of
        the biases of relative positions, which the reference does not let decay either.
      input_specs: [None, H, W, 3]; images of any size by default.

    Returns:
      A model with `output_specs` and `architecture`, from standardised images [B, H, W, 3] to
      feature maps {'2', '3', '4', '5'}: [B, h, w, C] of stride 2**level, sizes rounded up, each
      through a LayerNorm of its own.

    Raises:
      ValueError: if `drop_path` is no such probability.
    """
    if not 0 <= drop_path < 1:
        raise ValueError(f"swin.drop_path must be in [0, 1), not {drop_path}.")
    shape = input_specs.shape[1:] if input_specs else [None, None, 3]
    images = tf.keras.Input(shape)
    maps = swin_layers.PatchEmbedding(architecture.embed_dim, kernel_regularizer, "patches")(images)
    rates = np.linspace(0, drop_path, sum(architecture.depths)).tolist()
    features = {}
    for stage, level in enumerate(LEVELS):
        depth = architecture.depths[stage]
        layer = swin_layers.Stage(
            architecture.channels[stage],
            architecture.num_heads[stage],
            architecture.window_size,
            drop_paths=rates[:depth],
            merges=stage > 0,
            kernel_regularizer=kernel_regularizer,
            name=f"stage_{level}",
        )
        maps, features[level] = layer(maps)
        rates = rates[depth:]
    model = tf.keras.Model(images, features, name="backbone")
    model.output_specs = {level: value.shape for level, value in features.items()}
    model.architecture = architecture
    return model
