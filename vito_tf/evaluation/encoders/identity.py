# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A number for everything that an encoder's outputs depend on, for caches and reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_VERSION = "1"  # Of what encoders compute from the same weights.


def digest(
    kind: str, facts: Mapping[str, Any], weights: Iterable[tuple[str, np.ndarray | tf.Variable]]
) -> str:
    """Identifies an encoder by its content, wherever that lies.

    Args:
      kind: which code computes the outputs.
      facts: JSON, all else that the outputs depend on.
      weights: with names, in an order that is always the same.

    Returns:
      SHA-256, in hexadecimal digits.

    Raises:
      ValueError: a weight is not finite.
    """
    found = hashlib.sha256(json.dumps([_VERSION, kind, facts], sort_keys=True).encode())
    for name, weight in weights:
        value = np.asarray(weight)
        check_finite(name, value)
        found.update(json.dumps([name, value.dtype.str, value.shape]).encode())
        found.update(value.tobytes())
    return found.hexdigest()


def numbered(variables: Sequence[tf.Variable]) -> list[tuple[str, tf.Variable]]:
    """Names that do not depend, as Keras' own do, on what else was built before.

    Args:
      variables: in the order of the model's layers.
    """
    return [(f"{k} {v.name.rsplit('/', 1)[-1]}", v) for k, v in enumerate(variables)]


def check_finite(name: str, value: np.ndarray) -> None:
    """Refuses weights that are not finite.

    Raises:
      ValueError: one is not.
    """
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise ValueError(f"its weights are damaged: {name} is not finite")
