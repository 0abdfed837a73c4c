# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Cosine similarity of embeddings, the same to the last bit however the work is divided.

A matrix product in floating point depends in its last bits on the shapes and threads that it is
computed with. Embeddings are therefore scaled to length `SCALE` and rounded to whole numbers. By
the Cauchy-Schwarz inequality every partial sum of a dot product is then at most (SCALE + √D / 2)²,
less than 2²⁴ for D up to 36,000 dimensions, so that float32 holds all of them exactly. The rounding
changes a similarity by about 1e-4.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

SCALE = 4000


@dataclasses.dataclass(frozen=True)
class Embedded:
    """Named embeddings.

    Attributes:
        names: n names, as `vito_tf.curation.name_order.name_key` encodes them.
        vectors: int16 [n, D] of `rounded`.
    """

    names: tuple[bytes, ...]
    vectors: np.ndarray


def rounded(embeddings: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Embeddings of any length but 0, [n, D], as whole numbers: int16 [n, D] of length `SCALE`."""
    vectors = np.asarray(embeddings, np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.rint(SCALE * vectors / np.maximum(lengths, np.finfo(np.float64).tiny)).astype(
        np.int16
    )


def similarities(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosines between `rounded` embeddings, [n, D] and [m, D]: float32 [n, m] in [-1, 1]."""
    products = a.astype(np.float32) @ b.astype(np.float32).T
    return np.clip(products / np.float32(SCALE**2), -1, 1)


def stacked(parts: Iterable[Embedded]) -> Embedded:
    """All embeddings of some parts, sorted by name; of no part, an `Embedded` of shape [0, 0]."""
    parts = list(parts)
    names = [name for part in parts for name in part.names]
    order = sorted(range(len(names)), key=names.__getitem__)
    vectors = np.concatenate([part.vectors for part in parts] or [np.zeros([0, 0], np.int16)])
    return Embedded(tuple(names[index] for index in order), vectors[order])
