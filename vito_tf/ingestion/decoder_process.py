# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""This side of the process that decodes: starting it, talking to it within limits, its end."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
from typing import Any

from vito_tf.ingestion import messages
from vito_tf.ingestion.limits import Limits
from vito_tf.video.probing import VideoError

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SECONDS_TO_START = 300.0
_SECONDS_TO_STOP = 20.0
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031  # fcntl.F_SETPIPE_SZ, from Python 3.10 on.
_BYTES_OF_FIRST_FRAMES = 1 << 30


class DecoderProcess:
    """A running `vito_tf.ingestion.decoder`.

    Args:
        limits: for each video.

    Raises:
        RuntimeError: it does not start.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._max_message = limits.max_clip_bytes + _BYTES_OF_FIRST_FRAMES
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "vito_tf.ingestion.decoder",
                json.dumps(dataclasses.asdict(limits)),
            ],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,  # where -m finds the package
            env={**os.environ, **threads},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._output, _F_SETPIPE_SZ, _PIPE_BYTES)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN | select.POLLHUP)
        self._seconds_left = _SECONDS_TO_START
        self._await_start()

    def _await_start(self) -> None:
        try:
            header, _ = self.receive()
        except (VideoError, messages.ProtocolError) as error:
            self.kill()
            raise RuntimeError(
                f"The process that decodes videos does not start: {error}."
            ) from error
        if header.get("kind") != "ready":
            self.kill()
            raise RuntimeError("The process that decodes videos does not start.")

    def send(self, message: dict[str, Any]) -> bool:
        """Sends a job or a verdict, and returns whether the process is there to take it.

        A job starts the clock.
        """
        if message["do"] in ("probe", "cut"):
            self._seconds_left = self._limits.max_seconds
        try:
            messages.send(self._input, message)
        except OSError:
            return False
        return True

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Waits for a message.

        Raises:
            VideoError: the process has died, or takes too long.
            messages.ProtocolError: it sends nonsense.
        """
        return messages.receive(self._read, self._max_message)

    def stop(self) -> bool:
        """Gives up the job under way; returns whether the process is ready for another one."""
        self._seconds_left = min(self._seconds_left, _SECONDS_TO_STOP)
        if not self.send({"do": "stop"}):
            return False
        try:
            while True:
                header, _ = self.receive()
                if header.get("kind") in ("end", "failed"):
                    return not header.get("worn")
        except (VideoError, messages.ProtocolError):
            return False

    def kill(self) -> None:
        """Ends the process and all that it may have started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:  # closes the pipes and waits
            pass

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view, filled = memoryview(data), 0
        while filled < size:
            started = time.monotonic()
            ready = self._poll.poll(max(self._seconds_left, 0) * 1000)
            self._seconds_left -= time.monotonic() - started
            if not ready:
                raise VideoError(
                    f"it takes longer than Limits.max_seconds = {self._limits.max_seconds:g}",
                    "out_of_time",
                )
            count = os.readv(self._output, [view[filled:]])
            if not count:
                raise self._death()
            filled += count
        return data

    def _death(self) -> VideoError:
        """What the process died of."""
        try:
            status = self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            return VideoError("its decoder fell silent", "crashed")
        if status == -signal.SIGPROF:
            return VideoError(
                f"it takes longer than Limits.max_seconds = {self._limits.max_seconds:g}",
                "out_of_time",
            )
        if status < 0:
            cause = f"by signal {signal.Signals(-status).name}"
        else:
            cause = f"with status {status}"
        return VideoError(f"its decoder died {cause}", "crashed")
