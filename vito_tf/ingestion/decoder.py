# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The process in which hostile files are opened: `python -m vito_tf.ingestion.decoder LIMITS_JSON`.

Started by `vito_tf.ingestion.sandbox`. Takes jobs as messages on standard input and answers on
standard output, one job at a time, until its input ends; then it exits, whatever it is doing. It
imports neither TensorFlow nor Apache Beam.

    job                                  answers
    {do: probe, path}                    {kind: info}
    {do: cut, path, settings, first}     {kind: first}, then it waits for {do: go};
                                         {kind: clip} for each clip
    {do: stop}                           ends a cut under way

Every job ends with {kind: end} or {kind: failed, code, message}; `worn` in it tells that the
process has grown and had better be replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import av

from vito_tf.ingestion import messages
from vito_tf.ingestion.limits import Limits
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.first_frames import FirstFrames, FirstFramesCollector
from vito_tf.video.probing import VideoError, check_frame_count, check_frame_size, probe_video

_LARGEST_JOB = 0  # Jobs carry no blobs.
_MOST_OPEN_FILES = 64
_LONGEST_TIMER = 1e8


class _StoppedError(Exception):
    """The other side has had enough of this video."""


class _Decoder:
    """Does one job after the other."""

    def __init__(self, jobs: int, answers: int, limits: Limits):
        self._answers = answers
        self._limits = limits
        self._jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._input = jobs
        self._stopped = threading.Event()
        self._fresh_bytes = _address_space()

    def run(self) -> None:
        """Never returns."""
        threading.Thread(target=self._listen, daemon=True).start()
        messages.send(self._answers, {"kind": "ready"})
        kinds: dict[str, Callable[..., None]] = {"probe": self._probe, "cut": self._cut}
        while True:
            job = self._jobs.get()
            if job["do"] not in kinds:
                continue  # `stop` or `go` that crossed with the end of the job.
            # The kernel's own guard, should this process no longer heed anything.
            signal.setitimer(signal.ITIMER_PROF, min(self._limits.max_seconds, _LONGEST_TIMER))
            ending = self._do(kinds[job.pop("do")], job)
            signal.setitimer(signal.ITIMER_PROF, 0)
            messages.send(self._answers, {**ending, "worn": self._is_worn()})

    def _listen(self) -> None:
        """Receives jobs; when the other side is gone, so is this process."""
        try:
            while True:
                job, _ = messages.receive(self._read, _LARGEST_JOB)
                if job["do"] == "stop":
                    self._stopped.set()
                self._jobs.put(job)
        except BaseException:
            os._exit(0)

    def _read(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            part = os.read(self._input, size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _do(self, work: Callable[..., None], job: dict[str, Any]) -> dict[str, Any]:
        self._stopped.clear()
        try:
            work(**job)
        except _StoppedError:
            return {"kind": "end"}
        except VideoError as error:
            return {"kind": "failed", "code": error.code, "message": str(error)}
        except MemoryError:
            return _failure("out_of_memory", "it takes too much memory")
        except OSError:
            raise  # The other side is gone.
        except Exception as error:
            return _failure("damaged", f"it cannot be decoded ({type(error).__name__}: {error})")
        return {"kind": "end"}

    def _is_worn(self) -> bool:
        room = self._limits.max_memory_bytes - self._fresh_bytes
        return _address_space() - self._fresh_bytes > room / 4

    def _probe(self, path: str) -> None:
        info = probe_video(path, self._limits.max_frame_pixels, self._limits.max_frames)
        header, blobs = messages.pack_info(info)
        messages.send(self._answers, {"kind": "info", **header}, blobs)

    def _cut(self, path: str, settings: dict[str, Any], first: dict[str, Any] | None) -> None:
        watch = _Watch(self._limits, FirstFrames(**first) if first else None, self)
        clips = cut_video(
            path,
            CutSettings(**settings),
            watch=watch,
            num_watched=first["count"] if first else 0,
            max_frame_pixels=self._limits.max_frame_pixels,
        )
        try:
            for clip in clips:
                self._send_clip(clip)
        except VideoError:
            watch.show()
            raise
        watch.show()

    def _send_clip(self, clip: Any) -> None:
        header, blobs = messages.pack_clip(clip)
        size = sum(map(len, blobs))
        if size > self._limits.max_clip_bytes:
            raise VideoError(
                f"a clip takes {size} bytes, more than Limits.max_clip_bytes = "
                f"{self._limits.max_clip_bytes}",
                "clip_too_large",
            )
        messages.send(self._answers, {"kind": "clip", **header}, blobs)

    def check_stopped(self) -> None:
        """Raises an exception if the other side has had enough."""
        if self._stopped.is_set():
            raise _StoppedError

    def show(self, squares: Any) -> None:
        """Sends the first frames and waits for the verdict."""
        messages.send(self._answers, {"kind": "first", "count": len(squares)}, [squares.tobytes()])
        self._jobs.get()
        self.check_stopped()


class _Watch:
    """Looks at every decoded frame: limits, the first frames, and whether to go on."""

    def __init__(self, limits: Limits, first: FirstFrames | None, decoder: _Decoder):
        self._limits = limits
        self._decoder = decoder
        self._collector = FirstFramesCollector(first) if first else None
        self._num_frames = 0

    def __call__(self, frame: av.VideoFrame, stream: av.VideoStream) -> None:
        """Looks at the next frame."""
        self._decoder.check_stopped()
        self._num_frames += 1
        check_frame_count(self._num_frames, self._limits.max_frames)
        check_frame_size(frame.width, frame.height, self._limits.max_frame_pixels)
        if self._collector is not None:
            self._collector.add(frame, stream.sample_aspect_ratio)
            if self._collector.is_full:
                self.show()

    def show(self) -> None:
        """Hands over the first frames, if there are any and it has not been done."""
        collector, self._collector = self._collector, None
        if collector is not None and len(collector):
            self._decoder.show(collector.take())


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"kind": "failed", "code": code, "message": message}


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _confine(limits: Limits) -> None:
    """No core dumps, no writing of files, few open ones, bounded memory."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MOST_OPEN_FILES),
        (resource.RLIMIT_AS, limits.max_memory_bytes),
    ):
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def main() -> None:
    """Keeps the two ends for messages to itself, then serves until the other side is gone."""
    limits = Limits(**json.loads(sys.argv[1]))
    jobs, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # Whatever libraries print must not get among the messages.
        os.dup2(nothing, descriptor)
    av.logging.set_level(av.logging.PANIC)
    _confine(limits)
    with contextlib.suppress(BrokenPipeError):
        _Decoder(jobs, answers, limits).run()


if __name__ == "__main__":
    main()
