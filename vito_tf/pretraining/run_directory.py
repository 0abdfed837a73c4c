# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The model directory: which run it belongs to, and the figures measured in it."""

from __future__ import annotations

import json
import os
import shutil
from typing import Iterator

from vito_tf import configuration

ASKED_CONFIG = "config.gin"
OPERATIVE_CONFIG = "operative_config.gin"
METRICS = "metrics.jsonl"
SUMMARY = "summary.json"
CHECKPOINTS = "checkpoints"
_OWN = (ASKED_CONFIG, OPERATIVE_CONFIG, METRICS, SUMMARY, CHECKPOINTS)
_OWN += ("tensorboard", "report.html", "skipped.tsv", "clips", "procedural", "moclr")


class RunDirectory:
    """A folder that holds one run.

    Every process of a run has one; only the chief's writes.
    """

    def __init__(self, path: str, is_chief: bool = True):
        """Opens or creates the folder.

        Raises:
          ValueError: when it cannot be written to.
        """
        self.path = path
        self.is_chief = is_chief
        try:
            os.makedirs(path, exist_ok=True)
            probe = os.path.join(path, f".writable-{os.getpid()}")
            with open(probe, "w", encoding="utf-8"):
                pass
            os.remove(probe)
        except OSError as error:
            raise ValueError(f"--model_dir={path} cannot be written to: {error}") from error

    def file(self, name: str) -> str:
        """Path of a file of the run."""
        return os.path.join(self.path, name)

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return os.path.exists(self.file(SUMMARY))

    def check_configuration(self, config: str) -> None:
        """Checks that the directory holds no run of another configuration.

        Args:
          config: canonical text of the asked configuration.

        Raises:
          ValueError: when it belongs to another configuration; the message shows the difference.
        """
        if not os.path.exists(self.file(ASKED_CONFIG)):
            return
        with open(self.file(ASKED_CONFIG), encoding="utf-8") as file:
            difference = configuration.difference(file.read(), config)
        if difference:
            raise ValueError(
                f"{self.path} holds a run with another configuration ('-' is the run's, '+' what "
                f"is asked now); choose another --model_dir or the same settings:\n{difference}"
            )

    def clear(self) -> None:
        """Removes what a run has written, and nothing else."""
        if not self.is_chief:
            return
        for name in _OWN:
            path = self.file(name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.remove(path)

    def write(self, name: str, text: str) -> None:
        """Writes a file so that it is never seen half-written."""
        if not self.is_chief:
            return
        temporary = self.file(f".{name}.partial")
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, self.file(name))

    def write_json(self, name: str, values: dict) -> None:
        """Writes a file of JSON."""
        self.write(name, json.dumps(values, indent=2) + "\n")

    def summary(self) -> dict[str, float]:
        """The figures of a finished run."""
        with open(self.file(SUMMARY), encoding="utf-8") as file:
            return json.load(file)

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Appends the figures of a step to the run's log."""
        if self.is_chief:
            with open(self.file(METRICS), "a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, **values}) + "\n")

    def metrics(self) -> list[dict[str, float]]:
        """The logged figures in order of steps; a half-written last line is passed over."""
        return list(self._metrics())

    def _metrics(self) -> Iterator[dict[str, float]]:
        if not os.path.exists(self.file(METRICS)):
            return
        with open(self.file(METRICS), encoding="utf-8") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    return

    def forget_metrics_after(self, step: int) -> None:
        """Drops what was logged after the checkpoint that a run resumes from."""
        kept = [json.dumps(record) for record in self.metrics() if record["step"] <= step]
        self.write(METRICS, "".join(line + "\n" for line in kept))
