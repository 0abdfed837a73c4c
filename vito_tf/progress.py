# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The progress bar of every long step: what is done, rate and ETA in one line."""

from __future__ import annotations

import sys
from typing import Any

import tqdm

TERMINAL_SECONDS = 0.1
FILE_SECONDS = 10.0


def bar(*args: Any, **kwargs: Any) -> tqdm.tqdm:
    """A bar on stderr, redrawn ten times a second; where stderr is no terminal, every 10 s.

    Args:
      *args: of `tqdm.tqdm`.
      **kwargs: of `tqdm.tqdm`.
    """
    seconds = TERMINAL_SECONDS if sys.stderr.isatty() else FILE_SECONDS
    return tqdm.tqdm(*args, mininterval=seconds, maxinterval=seconds, **kwargs)
