# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A list of the videos and clips that could not be used, and a limit to their share."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import tensorflow as tf
from absl import logging


class TooManySkippedError(ValueError):
    """More than the allowed share of the clips could not be used."""


class SkipLog:
    """Counts, logs and lists what was skipped; safe to use from several threads.

    The list is a UTF-8 text file of one `name<TAB>reason` line each. It outlives the process: a
    name that an earlier run listed is neither listed nor logged again.

    The share is that of failures among all attempts of this run. Over several epochs it is the
    share of clips that fail, and a file that was repaired since an earlier run does no harm.
    """

    def __init__(
        self,
        path: str,
        max_share: float = 0.5,
        min_attempts: int = 20,
        binding: str = "SkipLog.max_share",
    ):
        """Reads the list at `path` if there is one; the first skipped name creates it.

        Args:
          path: the list file; its folder is created when needed.
          max_share: largest share of attempts that may fail, in [0, 1]. Damaged files are a few
            percent of a collection; a failing majority has a common cause (a codec that is not
            supported, a disk that went away) that is better repaired than trained around.
          min_attempts: the limit is not applied earlier, so that some damaged files among the first
            do not stop a run.
          binding: gin binding that sets `max_share`, for the message.

        Raises:
          ValueError: if `max_share` is outside [0, 1].
        """
        if not 0 <= max_share <= 1:
            raise ValueError(f"{binding} must be in [0, 1], got {max_share}.")
        self.path = path
        self._max_share = max_share
        self._min_attempts = min_attempts
        self._binding = binding
        self._lock = threading.Lock()
        self._listed = _listed_names(path)
        self._reasons: dict[str, str] = {}
        self._num_used = 0
        self._num_failed = 0
        self._is_over = False
        with tf.device("/CPU:0"):
            self._num_used_in_graph = tf.Variable(0, trainable=False, dtype=tf.int64)

    @property
    def reasons(self) -> dict[str, str]:
        """Reason by name of what was skipped in this run, in order of appearance (a copy)."""
        with self._lock:
            return dict(self._reasons)

    def use(self, count: int = 1) -> None:
        """Notes that `count` attempts succeeded."""
        with self._lock:
            self._num_used += count

    def use_in_graph(self) -> None:
        """Notes that an attempt succeeded, from within a `tf.data` graph and without Python."""
        self._num_used_in_graph.assign_add(1)

    def skip(self, name: str, reason: str) -> None:
        """Notes a failed attempt; a name that is new is counted, logged and listed.

        Args:
          name: file path or record id.
          reason: one sentence for the user; line breaks and tabs become spaces.
        """
        name, reason = _one_line(name), _one_line(reason)
        with self._lock:
            self._num_failed += 1
            if name in self._reasons:
                return
            self._reasons[name] = reason
            if name in self._listed:
                return
            self._listed.add(name)
            logging.warning("Skipped %s: %s", name.encode(errors="replace").decode(), reason)
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            with open(self.path, "a", encoding="utf-8", errors="surrogateescape") as listing:
                listing.write(f"{name}\t{reason}\n")

    def check(self, final: bool = False) -> None:
        """Stops the run when too large a share of the attempts failed.

        Where a data set waits for the next clip that works, nothing but this stops it from waiting
        for ever: call it after each `skip`. Once it has raised, it raises at every call.

        Args:
          final: True when each clip has been tried once; the limit then holds for few clips, too,
            and a set of which nothing is left is an error whatever the limit.

        Raises:
          TooManySkippedError: if more than `max_share` of at least `min_attempts` attempts failed.
        """
        with self._lock:
            failed = self._num_failed
            attempts = failed + self._num_used + int(self._num_used_in_graph)
            enough = final or attempts >= self._min_attempts
            nothing_left = final and failed > 0 and failed == attempts
            self._is_over |= nothing_left or (enough and failed > self._max_share * attempts)
            if not self._is_over:
                return
            name, reason = next(reversed(self._reasons.items()))
        raise TooManySkippedError(
            f"{failed} of {attempts} clips could not be used ({self._binding} = "
            f"{self._max_share:g}). All names and reasons are listed in {self.path}; "
            f"the last is {name}: {reason}"
        )


@contextlib.contextmanager
def plain_errors(skip_log: SkipLog) -> Iterator[None]:
    """Turns what stops the input pipeline inside the block into an error for the user.

    Errors that arise elsewhere, in the model for instance, pass as they are.

    Args:
      skip_log: the log that the pipeline writes.

    Raises:
      TooManySkippedError: if the limit of the log was passed.
      ValueError: if the data are damaged in a way that the pipeline does not pass over.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if "IteratorGetNext" not in error.message:
            raise
        skip_log.check()
        if not isinstance(error, (tf.errors.InvalidArgumentError, tf.errors.DataLossError)):
            raise
        raise ValueError(f"Reading the data failed: {_first_cause(error.message)}") from error


def _first_cause(message: str) -> str:
    """What an op says of its failure, without what TensorFlow says around it."""
    text = message.split("\n\t [[")[0].rstrip().splitlines()[-1]
    return text.split("}} ")[-1].split("assertion failed: ")[-1].strip("[] ")


def _listed_names(path: str) -> set[str]:
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8", errors="surrogateescape") as listing:
        return {line.rstrip("\n").split("\t", 1)[0] for line in listing}


def _one_line(text: str) -> str:
    return " ".join(text.split())
