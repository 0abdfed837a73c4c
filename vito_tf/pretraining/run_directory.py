# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The model directory: which run it belongs to, and the figures measured in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import tensorflow as tf

from vito_tf import configuration

ASKED_CONFIG = "config.gin"
OPERATIVE_CONFIG = "operative_config.gin"
METRICS = "metrics.jsonl"
SUMMARY = "summary.json"
REPORT = "report.html"
SKIPPED = "skipped.tsv"
CHECKPOINTS = "checkpoints"
TENSORBOARD = "tensorboard"
_FILES = (
    *(ASKED_CONFIG, OPERATIVE_CONFIG, METRICS, SUMMARY, REPORT, SKIPPED),
    *(f"{CHECKPOINTS}/checkpoint", f"{CHECKPOINTS}/step-*", f"{TENSORBOARD}/events.out.*"),
)
_MADE_DATA = (
    "procedural/videos",
    "procedural/clips",
    "procedural/held_out_masks.npz",
    "procedural/.lock",
)
_FOLDERS = (CHECKPOINTS, TENSORBOARD, "procedural")


class RunDirectory:
    """A folder that holds one run, on any file system that TensorFlow knows (`gs://`, ...).

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
            tf.io.gfile.makedirs(path)
            probe = self.file(f".writable-{os.getpid()}")
            with tf.io.gfile.GFile(probe, "w") as file:
                file.write("")
            tf.io.gfile.remove(probe)
        except tf.errors.OpError as error:
            raise ValueError(f"--model_dir={path} cannot be written to: {error.message}") from error

    def file(self, name: str) -> str:
        """Path of a file of the run."""
        return os.path.join(self.path, name)

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return tf.io.gfile.exists(self.file(SUMMARY))

    def differences(self, config: str) -> str:
        """How an asked configuration differs from that of the run in the directory.

        Args:
          config: canonical text of the asked configuration.

        Returns:
          Lines, '-' of the run and '+' asked; empty when they agree, or where no run has begun.
        """
        if not tf.io.gfile.exists(self.file(ASKED_CONFIG)):
            return ""
        return configuration.difference(self.read(ASKED_CONFIG), config)

    def check_configuration(self, config: str) -> None:
        """Checks that the directory holds no run of another configuration.

        Args:
          config: canonical text of the asked configuration.

        Raises:
          ValueError: when it belongs to another configuration; the message shows the difference.
        """
        differences = self.differences(config)
        if differences:
            raise ValueError(
                f"{self.path} holds a run with another configuration ('-' is the run's, '+' what "
                f"is asked now); choose another --model_dir or the same settings:\n{differences}"
            )

    def clear(self, keep_data: bool = True) -> None:
        """Removes what a run has written, and nothing else.

        Args:
          keep_data: whether procedural videos stay, for a next run of the same settings. Clips cut
            from the user's videos always do.
        """
        if not self.is_chief:
            return
        for pattern in _FILES:
            for path in tf.io.gfile.glob(self.file(pattern)):
                tf.io.gfile.remove(path)
        for name in () if keep_data else _MADE_DATA:
            path = self.file(name)
            if tf.io.gfile.isdir(path):
                tf.io.gfile.rmtree(path)
            elif tf.io.gfile.exists(path):
                tf.io.gfile.remove(path)
        for folder in _FOLDERS:
            self._remove_if_empty(self.file(folder))

    @staticmethod
    def _remove_if_empty(path: str) -> None:
        if tf.io.gfile.isdir(path) and not tf.io.gfile.listdir(path):
            tf.io.gfile.rmtree(path)

    def write(self, name: str, text: str) -> None:
        """Writes a file so that it is never seen half-written."""
        if not self.is_chief:
            return
        temporary = self.file(f".{name}.partial")
        with tf.io.gfile.GFile(temporary, "w") as file:
            file.write(text)
        tf.io.gfile.rename(temporary, self.file(name), overwrite=True)

    def read(self, name: str) -> str:
        """Text of a file of the run."""
        with tf.io.gfile.GFile(self.file(name)) as file:
            return file.read()

    def write_json(self, name: str, values: dict) -> None:
        """Writes a file of JSON."""
        self.write(name, json.dumps(values, indent=2) + "\n")

    def summary(self) -> dict[str, float]:
        """The figures of a finished run."""
        return json.loads(self.read(SUMMARY))

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Appends the figures of a step to the run's log."""
        if self.is_chief:
            with tf.io.gfile.GFile(self.file(METRICS), "a") as file:
                file.write(json.dumps({"step": step, **values}) + "\n")

    def metrics(self) -> list[dict[str, float]]:
        """The logged figures in order of steps; a half-written last line is passed over."""
        return list(self._metrics())

    def _metrics(self) -> Iterator[dict[str, float]]:
        if not tf.io.gfile.exists(self.file(METRICS)):
            return
        for line in self.read(METRICS).splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def forget_metrics_after(self, step: int) -> None:
        """Drops what was logged after the checkpoint that a run resumes from."""
        kept = [json.dumps(record) for record in self.metrics() if record["step"] <= step]
        self.write(METRICS, "".join(line + "\n" for line in kept))
