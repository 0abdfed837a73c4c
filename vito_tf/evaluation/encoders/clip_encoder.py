# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""CLIP's image tower as an encoder (§4.2: saliency of its attention pooling)."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from vito_tf import torch_checkpoint
from vito_tf.evaluation import attention_maps
from vito_tf.evaluation.encoders import clip_resnet, encoder, folder, identity

MEAN = (0.48145466, 0.4578275, 0.40821073)  # OpenAI's, in openai/CLIP's clip.py.
STD = (0.26862954, 0.26130258, 0.27577711)
_LANDMARK = "attnpool.q_proj.weight"


@dataclasses.dataclass(frozen=True)
class ClipEncoder(encoder.Encoder):
    """Features after the projection of CLIP's attention pooling; the last map is what it pools.

    Attributes:
      network: on images standardised by `MEAN` and `STD`.
    """

    network: clip_resnet.ClipResNet = dataclasses.field(compare=False, repr=False)

    def __call__(self, images: tf.Tensor) -> encoder.Outputs:
        """See `Encoder`; the features are not the last map's average, but pooled by attention."""
        last_map = self._last_map(images)
        return encoder.Outputs(self.network.pool(last_map).features, None, last_map)

    def attention(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Masks 'head_0', 'head_1', ... and their average (§4.2), up-sampled bilinearly."""
        weights = self.network.pool(self._last_map(images)).weights
        masks = attention_maps.upsampled_masks(
            {f"head_{k}": mask for k, mask in enumerate(tf.unstack(weights, axis=1))},
            tf.shape(images)[1:3],
        )
        return {**masks, "mean": tf.add_n(list(masks.values())) / len(masks)}

    def _last_map(self, images: tf.Tensor) -> tf.Tensor:
        return self.network.feature_map((images - tf.constant(MEAN)) / tf.constant(STD))


def load(path: str, image_size: int | None = None) -> ClipEncoder:
    """Reads the image tower of a CLIP whose images go through a modified ResNet.

    Args:
      path: a state dict that PyTorch or safetensors wrote, OpenCLIP's for example: of the whole
        CLIP (`visual.*`) or of the tower alone. OpenAI's own files are TorchScript archives, which
        are programs, and are not read.
      image_size: at least 32; what the network was trained with by default.

    Raises:
      ValueError: the file holds no such network, or is damaged.
    """
    try:
        state = torch_checkpoint.read_state_dict(path)
    except torch_checkpoint.CheckpointError as error:
        if _is_torchscript(path):
            raise ValueError(
                f"{path} is a TorchScript archive, as OpenAI's own files are: in PyTorch, write "
                "torch.save(torch.jit.load(FILE).state_dict(), OTHER) and give that file"
            ) from error
        raise
    try:
        tower = _tower(state)
        network = clip_resnet.ClipResNet(tower)
    except ValueError as error:
        raise ValueError(f"{path} holds no modified ResNet of CLIP's: {error}") from error
    image_size = image_size or network.image_size
    if image_size < clip_resnet.STRIDE:
        raise ValueError(f"image_size={image_size} must be at least {clip_resnet.STRIDE}")
    return ClipEncoder(
        folder.name_of(path),
        identity.digest("clip resnet", {}, [(name, tower[name]) for name in sorted(network.names)]),
        f"image tower of the CLIP in {path}",
        image_size,
        frozenset({encoder.LAST_MAP, encoder.ATTENTION}),
        network,
    )


def _tower(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors of the image tower, without the prefix of their names."""
    prefixes = [name[: -len(_LANDMARK)] for name in state if name.endswith(_LANDMARK)]
    if len(prefixes) != 1:
        count = len(prefixes)
        raise ValueError(f"it has {count} tensors called ...{_LANDMARK} rather than one")
    (prefix,) = prefixes
    return {name[len(prefix) :]: t for name, t in state.items() if name.startswith(prefix)}


def _is_torchscript(path: str) -> bool:
    try:
        with tf.io.gfile.GFile(path, "rb") as file, zipfile.ZipFile(file) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, ValueError, tf.errors.OpError, zipfile.BadZipFile):
        return False
