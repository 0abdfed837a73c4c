# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A frozen network as the benchmarks see it."""

from __future__ import annotations

import abc
import dataclasses
from typing import NamedTuple

import tensorflow as tf

IMAGENET_CLASSES = 1000

LOGITS = "logits"
LAST_MAP = "last_map"
DENSE_FEATURES = "dense_features"
ATTENTION = "attention"

_WITHOUT = {
    LOGITS: "it has no ImageNet classifier; train a head with the experiment vito_imagenet_linear "
    "and give the folder of that run",
    LAST_MAP: "its last feature map is not accessible",
    DENSE_FEATURES: "no feature map of stride 8 can be had from it",
    ATTENTION: "it does not pool by attention",
}


class UnsupportedError(ValueError):
    """An encoder lacks what a benchmark asks for; the message names both."""


class Outputs(NamedTuple):
    """What one pass through a network gives of B images.

    Attributes:
      features: [B, C] float32, what a linear classifier is put on.
      logits: [B, 1000] float32 in the order of ILSVRC-2012, before the softmax; None without
        `LOGITS`.
      last_map: [B, h, w, D] float32, the map whose average the features are; logits can be
        differentiated by it. None without `LAST_MAP`.
    """

    features: tf.Tensor
    logits: tf.Tensor | None
    last_map: tf.Tensor | None


@dataclasses.dataclass(frozen=True)
class Encoder(abc.ABC):
    """A frozen network in memory; its weights and batch statistics never change.

    Images are [B, H, W, 3] float32 RGB in [0, 1]; standardisation is the encoder's own business.
    All methods are TensorFlow operations, for callers to put into a `tf.function`.

    Attributes:
      name: what reports call it.
      identity: SHA-256, in hexadecimal digits, of the weights and of all else that outputs depend
        on.
      description: where it comes from, in words.
      image_size: S of the square images that classification protocols give it.
      capabilities: which of `LOGITS`, `LAST_MAP`, `DENSE_FEATURES` and `ATTENTION` it has.
    """

    name: str
    identity: str
    description: str
    image_size: int
    capabilities: frozenset[str]

    @abc.abstractmethod
    def __call__(self, images: tf.Tensor) -> Outputs:
        """One pass, in inference mode; differentiable with respect to the images."""

    def dense_features(self, images: tf.Tensor) -> tf.Tensor:
        """The map that VFS propagates labels with: res4, whose own stride is 1, not dilated.

        Returns:
          [B, ceil(H / 8), ceil(W / 8), D] float32 (vito.md, A.4; VFS, `switch_strides`).

        Raises:
          UnsupportedError: without `DENSE_FEATURES`.
        """
        raise self.lacks(DENSE_FEATURES)

    def attention(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Where it pools: masks [B, H, W] float32, each summing to 1.

        Returns:
          A mask for each scale or head by its name, and 'mean', their average.

        Raises:
          UnsupportedError: without `ATTENTION`.
        """
        raise self.lacks(ATTENTION)

    def require(self, *capabilities: str) -> None:
        """Raises UnsupportedError, with what to do, at the first capability that it lacks."""
        for capability in capabilities:
            if capability not in self.capabilities:
                raise self.lacks(capability)

    def lacks(self, capability: str) -> UnsupportedError:
        """The error for a capability that it does not have."""
        return UnsupportedError(f"{self.name} cannot be used: {_WITHOUT[capability]}.")
