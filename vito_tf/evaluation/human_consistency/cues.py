# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Shape against texture: what decisions on cue-conflict images match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vito_tf.evaluation.human_consistency import sixteen_classes

PUBLISHED = 1200
"""Images of the 1280 whose shape and texture are of different categories."""

_NAME = re.compile(r"([a-z]+)\d+-([a-z]+)\d+\.png")


class Cues(NamedTuple):
    """Numbers of the categories of an image's shape and texture."""

    shape: int
    texture: int


class Counts(NamedTuple):
    """Decisions on images whose cues differ.

    Attributes:
      images: how many decisions.
      shape: those for the category of the shape.
      texture: those for the category of the texture.
    """

    images: int
    shape: int
    texture: int

    @property
    def bias(self) -> float | None:
        """Shape bias: the shape's share of the decisions for either cue; None if there are none."""
        either = self.shape + self.texture
        return self.shape / either if either else None


def of_name(image_id: str) -> Cues | None:
    """The cues that a name such as bear1-airplane3.png tells: a bear of airplane texture.

    Returns:
      None for another name.
    """
    match = _NAME.fullmatch(image_id)
    numbers = sixteen_classes.numbers()
    if match is None or not set(match.groups()) <= set(numbers):
        return None
    shape, texture = match.groups()
    return Cues(numbers[shape], numbers[texture])


def count(decisions: np.ndarray, cues: Sequence[Cues]) -> Counts:
    """Counts decisions for either cue; images whose cues agree are passed over.

    Args:
      decisions: int64 [N], or [S, N] of several decision makers, whose decisions are pooled;
        negative numbers are missing responses, which match no cue.
      cues: of the N images.
    """
    pairs = np.array(cues, np.int64).reshape([-1, 2])
    conflict = pairs[:, 0] != pairs[:, 1]
    pooled = decisions.reshape([-1, len(pairs)])[:, conflict]
    shape, texture = pairs[conflict].T
    return Counts(pooled.size, int((pooled == shape).sum()), int((pooled == texture).sum()))


def count_by_shape(decisions: np.ndarray, cues: Sequence[Cues]) -> dict[str, Counts]:
    """`count` for the images of each shape, by its name."""
    shapes = np.array([one.shape for one in cues], np.int64)
    counts = {}
    for number, name in enumerate(sixteen_classes.names()):
        chosen = np.flatnonzero(shapes == number)
        if len(chosen):
            counts[name] = count(decisions[..., chosen], [cues[index] for index in chosen])
    return counts
