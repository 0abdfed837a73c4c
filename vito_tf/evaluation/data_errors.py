# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a benchmark's data: all of them, or single items."""

from __future__ import annotations

from typing import NamedTuple


class DataError(ValueError):
    """Data that a benchmark cannot use; the message names folder or file and says what to do."""


class LeftOut(NamedTuple):
    """An item that a result does not count, or a part of a benchmark that was not run.

    Attributes:
      name: of the image, sequence, condition, ...
      reason: in words.
    """

    name: str
    reason: str
