# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The state dicts of torchvision's ResNets, and our backbones.

torchvision's layout (conv1, bn1, layer1.0.conv1, ..., layer4.2.bn3, layer1.0.downsample.0, fc; the
bottleneck's stride is that of its 3x3 convolution) is what self-supervised methods publish, with
one prefix or another. Kernels are [out, in, height, width] there, [height, width, in, out] here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf
from official.vision.modeling.backbones import resnet as model_garden

from vito_tf.backbones import resnet, torch_state

LAYOUT = torch_state.Layout("ResNet", "torchvision", ("conv1.weight", "layer1.0.conv1.weight"))
NORM_EPSILON = 1e-5  # torch.nn.BatchNorm2d's.
FIRST_SHORTCUT = "layer1.0.downsample."  # Only bottlenecks have it in torchvision.
_CONV = {"weight": "kernel"}
_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
_TRUNK = re.compile(r"(conv1|bn1|layer\d+)\.")
_BLOCK = re.compile(r"layer(\d+)\.(\d+)\.")
_COUNTER = "num_batches_tracked"


def variables(backbone: tf.keras.Model) -> dict[str, tf.Variable]:
    """The variables of a backbone that `resnet.build` made, by torchvision's names.

    In ResNet-18 and 34 the first block has a shortcut of its own here, which torchvision's has not:
    layer1.0.downsample.
    """
    found = {}
    for name, layer in _layers(backbone):
        names = _CONV if isinstance(layer, tf.keras.layers.Conv2D) else _NORM
        found.update({f"{name}.{torch}": getattr(layer, keras) for torch, keras in names.items()})
    return found


def _layers(backbone: tf.keras.Model) -> Iterator[tuple[str, tf.keras.layers.Layer]]:
    """Convolutions and batch norms by torchvision's names, in torchvision's order."""
    stem, norm, *blocks = (layer for layer in backbone.layers if layer.weights)
    yield "conv1", stem
    yield "bn1", norm
    level = index = 0
    for block in blocks:
        first = hasattr(block, "_shortcut")  # Of each group, and of no other block.
        level, index = (level + 1, 0) if first else (level, index + 1)
        name = f"layer{level}.{index}"
        for number in (1, 2, 3):
            if hasattr(block, f"_conv{number}"):
                yield f"{name}.conv{number}", getattr(block, f"_conv{number}")
                yield f"{name}.bn{number}", getattr(block, f"_norm{number}")
        if first:
            yield f"{name}.downsample.0", block._shortcut
            yield f"{name}.downsample.1", block._norm0


def from_state_dict(
    state: Mapping[str, np.ndarray], prefix: str | None = None
) -> torch_state.Converted:
    """Makes a backbone of a state dict; its architecture shows in names and shapes.

    Args:
      state: tensors by name, floating point of any width, as `read_state_dict` returns them.
      prefix: of the network among them, e.g. 'module.encoder_q'; None if there is but one.

    Raises:
      StateDictError: if there is no such network, more than one, or one that is not torchvision's
        ResNet: with tensors missing, beyond it, or of other shapes.
    """
    _, prefix = torch_state.find(state, prefix, [LAYOUT])
    network = {name[len(prefix) :]: t for name, t in state.items() if name.startswith(prefix)}
    architecture = architecture_of(network)
    backbone = resnet.build(architecture)
    targets = variables(backbone)
    added = _identity_shortcut(network, targets)
    values = {**added, **network}
    trunk = [name for name in values if _TRUNK.match(name) and not name.endswith(_COUNTER)]
    shapes = {
        name: torch_state.torch_shape(tuple(target.shape)) for name, target in targets.items()
    }
    torch_state.check(values, shapes, trunk, LAYOUT)
    for name, target in targets.items():
        target.assign(torch_state.to_keras(values[name].astype(np.float32)))
    used = {prefix + name for name in targets}
    ignored = (name for name in state if name not in used and not name.endswith(_COUNTER))
    return torch_state.Converted(backbone, architecture, prefix, tuple(ignored), tuple(added))


def to_state_dict(backbone: tf.keras.Model) -> dict[str, np.ndarray]:
    """The weights of a backbone under torchvision's names, float32, with batch norms' counters (0).

    `layer1.0.downsample`, which torchvision's ResNet-18 and 34 lack, is left out where it does
    nothing, as in an encoder that `from_state_dict` made.
    """
    targets = variables(backbone)
    state = {}
    for name, target in targets.items():
        state[name] = torch_state.to_torch(target.numpy())
        if name.endswith("running_var"):
            state[name.replace("running_var", _COUNTER)] = np.array(0, np.int64)
    identity = _identity_shortcut({}, targets)
    if identity and all(np.array_equal(value, state[name]) for name, value in identity.items()):
        state = {name: t for name, t in state.items() if not name.startswith(FIRST_SHORTCUT)}
    return state


def beyond(state: Mapping[str, np.ndarray]) -> str:
    """What torchvision's network has no place for, until one is added to it; '' for nothing."""
    extra = f"{FIRST_SHORTCUT}0.weight" in state and "layer1.0.conv3.weight" not in state
    return f"{FIRST_SHORTCUT}*" if extra else ""


def _identity_shortcut(
    network: Mapping[str, np.ndarray], targets: Mapping[str, tf.Variable]
) -> dict[str, np.ndarray]:
    """Tensors that make the first block's shortcut do nothing; none where the network has its own.

    Bottlenecks, and blocks whose width changes, have one in torchvision too.
    """
    shape = torch_state.torch_shape(tuple(targets[f"{FIRST_SHORTCUT}0.weight"].shape))
    bottleneck = "layer1.0.conv3.weight" in targets
    if bottleneck or shape[0] != shape[1] or f"{FIRST_SHORTCUT}0.weight" in network:
        return {}
    ones = np.ones(shape[0], np.float32)
    return {
        f"{FIRST_SHORTCUT}0.weight": np.diag(ones)[:, :, None, None],
        f"{FIRST_SHORTCUT}1.weight": ones,
        f"{FIRST_SHORTCUT}1.bias": 0 * ones,
        f"{FIRST_SHORTCUT}1.running_mean": 0 * ones,
        f"{FIRST_SHORTCUT}1.running_var": ones - np.float32(NORM_EPSILON),
    }


def architecture_of(network: Mapping[str, np.ndarray]) -> resnet.Architecture:
    """The architecture that has a network's blocks and widths, by the names of its tensors.

    Raises:
      StateDictError: if none has.
    """
    blocks = {tuple(map(int, match.groups())) for match in map(_BLOCK.match, network) if match}
    repeats = tuple(sum(block[0] == level for block in blocks) for level in (1, 2, 3, 4))
    kind = "bottleneck" if "layer1.0.conv3.weight" in network else "residual"
    known = {
        (spec[0][0], tuple(group[2] for group in spec)): model_id
        for model_id, spec in model_garden.RESNET_SPECS.items()
    }
    if (kind, repeats) not in known:
        raise torch_state.StateDictError(
            f"Its groups have {repeats} {kind} blocks, as no known ResNet has; those known are "
            f"{sorted(model_garden.RESNET_SPECS)}."
        )
    stem, width = (network[name].shape[:1] for name in LAYOUT.landmarks)
    if not width or not width[0] or stem not in (width, (64,)):
        raise torch_state.StateDictError(
            f"The widths of {' and '.join(LAYOUT.landmarks)} fit no ResNet."
        )
    return resnet.Architecture(
        model_id=known[kind, repeats],
        depth_multiplier=width[0] / 64,
        scale_stem=stem == width,
        padding="symmetric",
        norm_epsilon=NORM_EPSILON,
    )
