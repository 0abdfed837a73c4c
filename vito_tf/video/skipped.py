# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A list of the videos and clips that could not be used, and a limit to their share."""

from __future__ import annotations

import os
import threading

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

    @property
    def reasons(self) -> dict[str, str]:
        """Reason by name of what was skipped in this run, in order of appearance (a copy)."""
        with self._lock:
            return dict(self._reasons)

    def use(self, count: int = 1) -> None:
        """Notes that `count` attempts succeeded."""
        with self._lock:
            self._num_used += count

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
        for ever: call it after each `skip`.

        Args:
          final: True when each clip has been tried once; the limit then holds for few clips, too,
            and a set of which nothing is left is an error whatever the limit.

        Raises:
          TooManySkippedError: if more than `max_share` of at least `min_attempts` attempts failed.
        """
        with self._lock:
            failed, attempts = self._num_failed, self._num_failed + self._num_used
            enough = final or attempts >= self._min_attempts
            nothing_left = final and failed > 0 and failed == attempts
            if not nothing_left and not (enough and failed > self._max_share * attempts):
                return
            name, reason = next(reversed(self._reasons.items()))
        raise TooManySkippedError(
            f"{failed} of {attempts} clips could not be used ({self._binding} = "
            f"{self._max_share:g}). All names and reasons are listed in {self.path}; "
            f"the last is {name}: {reason}"
        )


def _listed_names(path: str) -> set[str]:
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8", errors="surrogateescape") as listing:
        return {line.rstrip("\n").split("\t", 1)[0] for line in listing}


def _one_line(text: str) -> str:
    return " ".join(text.split())
