# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls of an export with what they must give, and a file of them.

The process that verifies an export reads them and knows nothing else of how it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_SEPARATOR = "|"


class Case(NamedTuple):
    """A call of an export.

    Attributes:
      call: its name.
      value: float32, or the bytes of a file as uint8.
      expected: float32 outputs by name.
    """

    call: str
    value: np.ndarray
    expected: dict[str, np.ndarray]


def write(path: str, cases: Sequence[Case]) -> None:
    """Writes cases to an .npz file."""
    arrays = {}
    for number, case in enumerate(cases):
        prefix = f"{number}{_SEPARATOR}{case.call}{_SEPARATOR}"
        arrays[prefix] = case.value
        arrays.update({prefix + name: output for name, output in case.expected.items()})
    np.savez(path, **arrays)


def read(path: str) -> list[Case]:
    """Reads what `write` wrote."""
    found: dict[str, Case] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            number, call, name = key.split(_SEPARATOR)
            if name:
                found[number].expected[name] = arrays[key]
            else:
                found[number] = Case(call, arrays[key], {})
    return list(found.values())
