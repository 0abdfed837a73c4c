# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Opens untrusted videos in a process of their own, which may be killed at any time."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vito_tf.ingestion import messages
from vito_tf.ingestion.decoder_process import DecoderProcess
from vito_tf.ingestion.limits import Limits
from vito_tf.video.cutter import CutSettings, EncodedClip
from vito_tf.video.first_frames import FirstFrames
from vito_tf.video.probing import VideoError, VideoInfo

CODES = (
    "bad_timestamps",
    "clip_too_large",
    "crashed",
    "damaged",
    "empty_file",
    "file_too_large",
    "frame_too_large",
    "missing",
    "no_frames",
    "no_permission",
    "no_video",
    "not_a_file",
    "out_of_memory",
    "out_of_time",
    "too_many_frames",
    "too_short",
    "too_small",
    "unknown_codec",
    "unreadable",
)
_WEARING = ("out_of_memory",)


class Sandbox:
    """One process for many videos, one at a time; replaced when it dies, hangs or grows.

    Nothing of a video is ever handled in this process but what the other one makes of it, whose
    form is checked. The other process ends with this one, however that ends.

    Failures are `VideoError`s with one of `CODES`. Of these `crashed`, `out_of_memory` and
    `out_of_time` may depend on the machine; all others on the file, the settings and the limits
    alone.

    Args:
        limits: for each video.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._process: DecoderProcess | None = None
        self._is_busy = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts the process, which the first video does otherwise."""
        if self._process is None:
            self._process = DecoderProcess(self._limits)

    def close(self) -> None:
        """Ends the process; the next video starts a new one."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def probe(self, path: str) -> VideoInfo:
        """Finds out what a file is.

        Raises:
            VideoError: it cannot be used.
        """
        answers = self._do({"do": "probe", "path": path})
        ((_, header, blobs),) = answers
        return messages.unpack_info(header, blobs)

    def cut(
        self,
        path: str,
        settings: CutSettings,
        first: FirstFrames | None = None,
        accept: Callable[[np.ndarray], None] | None = None,
    ) -> Iterator[EncodedClip]:
        """Cuts a video into clips, by `vito_tf.video.cutter.cut_video`.

        Args:
            path: a local file.
            settings: how to cut.
            first: which frames `accept` is to see; None if it is not to be called.
            accept: is called once with uint8 [n, size, size, 3], the first frames, as soon as
                there are n = `first.count` of them or the video ends, with n >= 1; short clips may
                have been yielded by then. Decoding waits for it. What it raises gives the video up
                and is passed on.

        Yields:
            Clips, in the order of time, each as soon as it is complete.

        Raises:
            VideoError: the video cannot be used, or only the clips so far.
        """
        job = {
            "do": "cut",
            "path": path,
            "settings": dataclasses.asdict(settings),
            "first": None if first is None or accept is None else dataclasses.asdict(first),
        }
        for kind, header, blobs in self._do(job):
            if kind == "clip":
                yield messages.unpack_clip(header, blobs)
            elif first is not None and accept is not None:
                shape = (-1, first.size, first.size, 3)
                accept(np.frombuffer(blobs[0], np.uint8).reshape(shape))

    def _do(self, job: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], list[bytes]]]:
        """Yields the kind, header and blobs of the answers to a job."""
        if self._is_busy:
            raise RuntimeError("A sandbox handles one video at a time.")
        job["path"] = os.path.abspath(job["path"])
        check_file(job["path"], self._limits)
        process = self._send(job)
        self._is_busy, is_over = True, False
        try:
            while True:
                header, blobs = process.receive()
                kind = header.get("kind")
                is_over = kind in ("end", "failed")
                if is_over:
                    break
                yield str(kind), header, blobs
                if kind == "first":
                    process.send({"do": "go"})
        except messages.ProtocolError as error:
            self.close()
            raise VideoError(f"its decoder went astray ({error})", "crashed") from error
        except VideoError:
            self.close()
            raise
        finally:
            self._is_busy = False
            if not is_over and self._process is not None and not process.stop():
                self.close()
        self._finish(header)

    def _send(self, job: dict[str, Any]) -> DecoderProcess:
        """Sends a job to the process, or to a new one if there is none that takes it."""
        if self._process is None or not self._process.send(job):
            self.close()
            self._process = DecoderProcess(self._limits)
            self._process.send(job)
        return self._process

    def _finish(self, header: dict[str, Any]) -> None:
        code = header.get("code")
        if header.get("worn") or code in _WEARING:
            self.close()
        if header["kind"] == "failed":
            code = code if code in CODES else "crashed"
            raise VideoError(str(header.get("message")), code)


def check_file(path: str, limits: Limits) -> None:
    """Looks at a path without opening it: a FIFO would wait for ever.

    Raises:
        VideoError: there is no regular file, or it is empty, too large, or not to be read.
    """
    try:
        status = os.stat(path)
    except PermissionError as error:
        raise VideoError("it may not be read", "no_permission") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise VideoError(f"it cannot be found ({reason})", "missing") from error
    if not stat.S_ISREG(status.st_mode):
        raise VideoError("it is a folder or another thing that is no file", "not_a_file")
    if not os.access(path, os.R_OK):
        raise VideoError("it may not be read", "no_permission")
    if not status.st_size:
        raise VideoError("it is empty", "empty_file")
    if status.st_size > limits.max_file_bytes:
        raise VideoError(
            f"its {status.st_size} bytes exceed Limits.max_file_bytes = {limits.max_file_bytes}",
            "file_too_large",
        )
