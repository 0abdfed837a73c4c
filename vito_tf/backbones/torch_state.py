# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Networks among the tensors of a PyTorch state dict: finding them, and refusing what is not one.

A layout is what a publisher's networks call their tensors. Self-supervised methods publish such
networks with one prefix or another, beside heads, queues and networks of other kinds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

_MAX_NAMED = 5


class StateDictError(ValueError):
    """Tensors that are not those of a network that is known; the message names them."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """Names of tensors.

    Attributes:
      kind: of the networks, such as 'ResNet'.
      source: whose names they are, such as 'torchvision'.
      landmarks: the names of two tensors that all such networks have, and no others.
    """

    kind: str
    source: str
    landmarks: tuple[str, str]


class Converted(NamedTuple):
    """A state dict as a backbone.

    Attributes:
      backbone: of `networks.build`, with the weights.
      architecture: of the backbone.
      prefix: of the names of its tensors.
      ignored: names of tensors that are no part of it: heads, projections, other networks.
      added: names of tensors that the backbone has and the state dict lacks, where the publisher's
        network computes the same without them: they begin as an identity.
    """

    backbone: tf.keras.Model
    architecture: Any
    prefix: str
    ignored: tuple[str, ...]
    added: tuple[str, ...]


def find(
    names: Collection[str], prefix: str | None, layouts: Sequence[Layout]
) -> tuple[Layout, str]:
    """Finds the one network among tensors.

    Args:
      names: of all tensors.
      prefix: of the network's, with or without its last dot; None if there is but one.
      layouts: that it may have.

    Returns:
      Its layout, and its prefix with the last dot, or ''.

    Raises:
      StateDictError: if there is no such network, or more than one.
    """
    found = [(layout, known) for layout in layouts for known in _candidates(names, layout)]
    if prefix is not None:
        return _with_prefix(found, prefix, layouts)
    if len(found) > 1:
        kinds = {layout.kind for layout, _ in found}
        kind = kinds.pop() if len(kinds) == 1 else "network"
        raise StateDictError(f"It holds several {kind}s; choose one: {_prefix_flags(found)}.")
    if not found:
        faults = (
            f"no {layout.kind} of {layout.source}'s layout: no tensors are called "
            f"...{layout.landmarks[0]} and ...{layout.landmarks[1]}"
            for layout in layouts
        )
        raise StateDictError(
            f"It holds {'; it holds '.join(faults)}; those that it holds are "
            f"{listed(names) or 'none'}."
        )
    return found[0]


def check(
    values: Mapping[str, np.ndarray],
    shapes: Mapping[str, tuple[int, ...]],
    trunk: Collection[str],
    layout: Layout,
) -> None:
    """Refuses what would leave a weight of the backbone unset, or a weight of the file unused.

    Args:
      values: tensors by name.
      shapes: of all tensors that the backbone has.
      trunk: names of the tensors that only a backbone has.
      layout: of the names.

    Raises:
      StateDictError: if tensors are missing, beyond the backbone's, of another shape or type, or
        not finite.
    """
    wrong = [
        f"{name} {values[name].dtype}{list(values[name].shape)} instead of float{list(shape)}"
        for name, shape in shapes.items()
        if name in values and (values[name].shape != shape or values[name].dtype.kind != "f")
    ]
    faults = {
        "lacks": [name for name in shapes if name not in values],
        "has besides": sorted(set(trunk) - set(shapes)),
        "has of another shape or type": wrong,
    }
    if not any(faults.values()):
        broken = [name for name in shapes if not np.isfinite(values[name]).all()]
        faults = {"has numbers that are not finite in": broken}
    if any(faults.values()):
        found = (f"{what} {listed(names)}" for what, names in faults.items() if names)
        raise StateDictError(
            f"It is no {layout.kind} of {layout.source}'s: it {'; it '.join(found)}."
        )


def listed(names: Collection[str]) -> str:
    """The first few of names, and how many there are besides."""
    shown = ", ".join(list(names)[:_MAX_NAMED])
    return shown + (f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else "")


def to_keras(value: np.ndarray) -> np.ndarray:
    """A kernel [out, in, height, width] or [out, in], or a vector, as Keras has it."""
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T


def to_torch(value: np.ndarray) -> np.ndarray:
    """A kernel [height, width, in, out] or [in, out], or a vector, as PyTorch has it."""
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T


def torch_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that `to_torch` makes of one."""
    return (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]


def _candidates(names: Collection[str], layout: Layout) -> list[str]:
    """Prefixes of all networks of a layout."""
    first, second = layout.landmarks
    ends = (name[: -len(second)] for name in names if name.endswith(second))
    return [prefix for prefix in ends if prefix + first in names]


def _with_prefix(
    found: Collection[tuple[Layout, str]], prefix: str, layouts: Sequence[Layout]
) -> tuple[Layout, str]:
    prefix = f"{prefix.rstrip('.')}." if prefix else ""
    for layout, known in found:
        if known == prefix:
            return layout, known
    kinds = " or ".join(layout.kind for layout in layouts)
    instead = f"those that it holds: {_prefix_flags(found)}" if found else "it holds none"
    raise StateDictError(f"It holds no {kinds} of --prefix={prefix!r}; {instead}.")


def _prefix_flags(found: Collection[tuple[Layout, str]]) -> str:
    return ", ".join(f"--prefix={prefix or repr('')}" for _, prefix in found)
