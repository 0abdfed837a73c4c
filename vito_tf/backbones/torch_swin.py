# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The state dicts of Microsoft's Swin transformers, and our backbones.

Layout: patch_embed.{proj,norm}, layers.0.blocks.0.{norm1,attn.{qkv,proj},norm2,mlp.{fc1,fc2}},
layers.0.downsample.{reduction,norm}, ... The classifier has a LayerNorm `norm` after the last stage
alone, the backbones for segmentation and detection `norm0` to `norm3`, one after each. Kernels of
linear layers are [out, in] there, [in, out] here; tables of biases are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from vito_tf.backbones import swin, swin_windows, torch_state

LAYOUT = torch_state.Layout(
    "Swin transformer",
    "Microsoft",
    ("patch_embed.proj.weight", "layers.0.blocks.0.attn.qkv.weight"),
)
_TABLE = "attn.relative_position_bias_table"
_POSITIONS = "attn.relative_position_index"
_BUFFERS = (_POSITIONS, "attn_mask")  # Made from the sizes of windows and images.
_TRUNK = re.compile(r"(patch_embed|layers|norm\d*|absolute_pos_embed)(\.|$)")
_BLOCK = re.compile(r"layers\.(\d+)\.blocks\.(\d+)\.")
_STAGES = range(len(swin.LEVELS))


def variables(backbone: tf.keras.Model) -> dict[str, tf.Variable]:
    """The variables of a backbone that `swin.build` made, by Microsoft's names, in their order."""
    found = {}
    for name, owner in _owners(backbone):
        if isinstance(owner, tf.Variable):
            found[name] = owner
        elif isinstance(owner, tf.keras.layers.LayerNormalization):
            found.update({f"{name}.weight": owner.gamma, f"{name}.bias": owner.beta})
        else:
            found[f"{name}.weight"] = owner.kernel
            if owner.use_bias:
                found[f"{name}.bias"] = owner.bias
    return found


def _owners(
    backbone: tf.keras.Model,
) -> Iterator[tuple[str, tf.keras.layers.Layer | tf.Variable]]:
    """Layers, and tables of biases."""
    patches = backbone.get_layer("patches")
    yield "patch_embed.proj", patches.projection
    yield "patch_embed.norm", patches.norm
    stages = [backbone.get_layer(f"stage_{level}") for level in swin.LEVELS]
    for index, stage in enumerate(stages):
        if index:
            yield f"layers.{index - 1}.downsample.reduction", stage.merging.reduction
            yield f"layers.{index - 1}.downsample.norm", stage.merging.norm
        for number, block in enumerate(stage.blocks):
            name = f"layers.{index}.blocks.{number}"
            yield f"{name}.norm1", block.norm1
            yield f"{name}.{_TABLE}", block.attention.relative_position_bias_table
            yield f"{name}.attn.qkv", block.attention.qkv
            yield f"{name}.attn.proj", block.attention.projection
            yield f"{name}.norm2", block.norm2
            yield f"{name}.mlp.fc1", block.fc1
            yield f"{name}.mlp.fc2", block.fc2
    for index, stage in enumerate(stages):
        yield f"norm{index}", stage.norm


def from_state_dict(
    state: Mapping[str, np.ndarray], prefix: str | None = None
) -> torch_state.Converted:
    """Makes a backbone of a state dict; its architecture shows in names and shapes.

    The classifier's `norm` becomes level 5's LayerNorm, if there is no `norm3`. LayerNorms of
    levels 2 to 4 that are not there begin with scales of 1 and offsets of 0, as `added` tells.

    Args:
      state: tensors by name, floating point of any width, as `read_state_dict` returns them.
      prefix: of the network among them, e.g. 'model.encoder'; None if there is but one.

    Raises:
      StateDictError: if there is no such network, more than one, or one that is not Microsoft's
        first Swin transformer: with tensors missing, beyond it (such as embeddings of absolute
        positions), or of other shapes.
    """
    _, prefix = torch_state.find(state, prefix, [LAYOUT])
    network = {name[len(prefix) :]: t for name, t in state.items() if name.startswith(prefix)}
    architecture = architecture_of(network)
    backbone = swin.build(architecture)
    targets = variables(backbone)
    added = _identity_norms(network, architecture)
    last_norm = _last_norm(network)
    values = {**added, **last_norm, **network}
    trunk = [name for name in network if _TRUNK.match(name) and not name.endswith(_BUFFERS)]
    shapes = {name: _torch_shape(name, target) for name, target in targets.items()}
    torch_state.check(values, shapes, set(trunk) - {"norm.weight", "norm.bias"}, LAYOUT)
    for name, target in targets.items():
        target.assign(_to_keras(name, values[name].astype(np.float32)))
    used = {prefix + name for name in targets}
    used |= {prefix + name.replace("norm3", "norm") for name in last_norm}
    ignored = (name for name in state if name not in used and not name.endswith(_BUFFERS))
    return torch_state.Converted(backbone, architecture, prefix, tuple(ignored), tuple(added))


def to_state_dict(backbone: tf.keras.Model) -> dict[str, np.ndarray]:
    """The weights of a backbone under Microsoft's names, float32, with windows' indices (int64).

    Our choice is to write `norm0` to `norm3`, which the backbones for segmentation and detection
    read, and `norm3` as `norm` too, which the classifier reads: each ignores what it has no place
    for, as the reference loads all published weights (`strict=False`, and without the masks, which
    are for one size of images).
    """
    state = {}
    for name, target in variables(backbone).items():
        state[name] = _to_torch(name, target.numpy())
        if name.endswith(_TABLE):
            window = (round(target.shape[0] ** 0.5) + 1) // 2
            positions = swin_windows.relative_positions(window)
            state[name.replace(_TABLE, _POSITIONS)] = positions.astype(np.int64)
    for tensor in ("weight", "bias"):
        state[f"norm.{tensor}"] = state[f"norm3.{tensor}"]
    return state


def beyond(state: Mapping[str, np.ndarray]) -> str:
    """What Microsoft's classifier has no place for."""
    return ", ".join(f"norm{stage}.*" for stage in _STAGES if f"norm{stage}.weight" in state)


def architecture_of(network: Mapping[str, np.ndarray]) -> swin.Architecture:
    """The architecture that has a network's blocks, widths and windows.

    Raises:
      StateDictError: if none has.
    """
    blocks = {tuple(map(int, match.groups())) for match in map(_BLOCK.match, network) if match}
    tables = [network.get(f"layers.{stage}.blocks.0.{_TABLE}") for stage in _STAGES]
    shapes = [table.shape if table is not None and table.ndim == 2 else (0, 0) for table in tables]
    side = round(shapes[0][0] ** 0.5)
    if side**2 != shapes[0][0] or side % 2 == 0:
        raise torch_state.StateDictError(
            f"It is no Swin transformer of Microsoft's first version: layers.0.blocks.0.{_TABLE}, "
            "which has a row for each of (2 * window - 1)**2 relative positions, is "
            f"{'missing' if tables[0] is None else list(tables[0].shape)}."
        )
    width = network[LAYOUT.landmarks[0]].shape[:1]
    try:
        return swin.Architecture(
            embed_dim=width[0] if width else 0,
            depths=tuple(sum(block[0] == stage for block in blocks) for stage in _STAGES),
            num_heads=tuple(shape[1] for shape in shapes),
            window_size=(side + 1) // 2,
        )
    except ValueError as error:
        raise torch_state.StateDictError(f"It is no Swin transformer: {error}") from error


def _to_keras(name: str, value: np.ndarray) -> np.ndarray:
    return value if name.endswith(_TABLE) else torch_state.to_keras(value)


def _to_torch(name: str, value: np.ndarray) -> np.ndarray:
    return value if name.endswith(_TABLE) else torch_state.to_torch(value)


def _torch_shape(name: str, target: tf.Variable) -> tuple[int, ...]:
    shape = tuple(target.shape)
    return shape if name.endswith(_TABLE) else torch_state.torch_shape(shape)


def _last_norm(network: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The classifier's LayerNorm as level 5's; none where the network has that."""
    if "norm3.weight" in network:
        return {}
    names = [f"norm.{tensor}" for tensor in ("weight", "bias")]
    return {name.replace("norm", "norm3"): network[name] for name in names if name in network}


def _identity_norms(
    network: Mapping[str, np.ndarray], architecture: swin.Architecture
) -> dict[str, np.ndarray]:
    """LayerNorms of levels 2 to 4 that the network has not."""
    added = {}
    for stage, channels in zip((0, 1, 2), architecture.channels):
        if f"norm{stage}.weight" not in network:
            added[f"norm{stage}.weight"] = np.ones(channels, np.float32)
            added[f"norm{stage}.bias"] = np.zeros(channels, np.float32)
    return added
