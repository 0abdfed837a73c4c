# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""One line where TensorFlow has a page to say about a checkpoint that does not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def named(source: str) -> Iterator[None]:
    """Turns what reading a checkpoint raises into a ValueError of one line.

    Args:
      source: what the user named, such as `task.init_checkpoint=/encoders/vito`.

    Raises:
      ValueError: whenever the checkpoint is missing, damaged, or for another network.
    """
    try:
        yield
    except (AssertionError, ValueError, LookupError, tf.errors.OpError) as error:
        reason = (str(error) or "there is no checkpoint").splitlines()[0]
        raise ValueError(f"{source} does not fit the model: {reason}") from error
