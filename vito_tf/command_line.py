# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common: what the user can mend is said in one line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence

import tensorflow as tf
from absl import app, flags, logging

from vito_tf import configuration


def define_flags() -> None:
    """Defines `--traceback`."""
    flags.DEFINE_bool("traceback", False, "Show where in the program an error arose.")


def begin(argv: Sequence[str]) -> None:
    """Refuses words that are no flags, and quietens libraries."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown argument: {argv[1]}")
    tf.get_logger().setLevel("ERROR")
    logging.set_verbosity(logging.WARNING)


@contextlib.contextmanager
def one_line_errors(*more: type[Exception], interrupted: str = "Interrupted.") -> Iterator[None]:
    """Ends the program with one line for errors of input, files and devices.

    Args:
      *more: other exceptions that are the user's to mend.
      interrupted: what to say after Ctrl-C.
    """
    try:
        yield
    except (ValueError, OSError, tf.errors.OpError, *more) as error:
        if flags.FLAGS.traceback:
            raise
        sys.exit(f"error: {configuration.message(error)}")
    except KeyboardInterrupt:
        sys.exit(interrupted)
