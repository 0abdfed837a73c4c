# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""One process at a time in an output folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from absl import logging


@contextlib.contextmanager
def locked(folder: str, named_by: str) -> Iterator[None]:
    """Makes a folder and keeps other processes out of it; they wait, then find the work done.

    Args:
        folder: on a local disk.
        named_by: the binding or flag that names the folder, for messages.

    Raises:
        ValueError: the folder is not local, or cannot be written.
    """
    if "://" in folder:
        raise ValueError(f"{named_by} must be a local folder, got {folder!r}.")
    try:
        os.makedirs(folder, exist_ok=True)
        lock = open(os.path.join(folder, ".lock"), "w")  # noqa: SIM115
    except OSError as error:
        raise ValueError(
            f"{named_by} = {folder!r} cannot be written ({error.strerror})."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logging.warning("Waiting for another process that works in %s.", folder)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
