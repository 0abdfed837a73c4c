# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the workers on this machine have done so far: they note it in files, the driver shows it."""

from __future__ import annotations

import collections
import contextlib
import glob
import os
import threading
from collections.abc import Iterator

import tqdm

from vito_tf import progress

_SECONDS = 0.5
_FOLDER = os.path.join("work", "progress")
_SHARD = "shard"


class ProgressLog:
    """Notes of one worker process, a line each; does nothing where the output is not local.

    Args:
        output: folder of the data set.
    """

    def __init__(self, output: str):
        self._folder = None if "://" in output else os.path.join(output, _FOLDER)

    def note_video(self, outcome: str) -> None:
        """Notes that a video is done: `kept`, or why it was dropped."""
        self._append(f"video {outcome}")

    def note_shard(self, split: str, count: int) -> None:
        """Notes that one of a split's `count` shards is written."""
        self._append(f"{_SHARD} {split} {count}")

    def _append(self, line: str) -> None:
        if self._folder is not None and os.path.isdir(self._folder):
            with open(os.path.join(self._folder, f"{os.getpid()}.log"), "a") as file:
                file.write(line + "\n")


@contextlib.contextmanager
def shown(output: str, num_videos: int) -> Iterator[None]:
    """Shows a bar of the videos, with what became of them, and then one of the shards."""
    if "://" in output:
        yield
        return
    folder = os.path.join(output, _FOLDER)
    os.makedirs(folder, exist_ok=True)
    for path in glob.glob(os.path.join(glob.escape(folder), "*.log")):
        os.remove(path)
    done = threading.Event()
    with _Bars(folder, num_videos) as bars:
        thread = threading.Thread(target=bars.follow, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class _Bars(contextlib.ExitStack):
    def __init__(self, folder: str, num_videos: int):
        super().__init__()
        self._folder = folder
        self._offsets: dict[str, int] = collections.defaultdict(int)
        self._outcomes: collections.Counter[str] = collections.Counter()
        self._videos = self.enter_context(
            progress.bar(total=num_videos, desc="Ingesting", unit="video")
        )
        self._shards: tqdm.tqdm | None = None
        self._counts: dict[str, int] = {}

    def follow(self, done: threading.Event) -> None:
        """Reads the notes until `done`, and then once more."""
        while not done.wait(_SECONDS):
            self._read()
        self._read()

    def _read(self) -> None:
        for path in glob.glob(os.path.join(glob.escape(self._folder), "*.log")):
            with open(path) as file:
                file.seek(self._offsets[path])
                text = file.read()
            complete = text[: text.rfind("\n") + 1]
            self._offsets[path] += len(complete)
            for line in complete.splitlines():
                self._note(*line.split(" ", 1))

    def _note(self, kind: str, what: str) -> None:
        if kind == _SHARD:
            split, count = what.split(" ")
            self._counts[split] = int(count)
            self._shard_bar(sum(self._counts.values())).update()
            return
        self._outcomes[what] += 1
        self._videos.update()
        self._videos.set_postfix_str(
            ", ".join(f"{name} {count}" for name, count in self._outcomes.most_common()),
            refresh=False,
        )

    def _shard_bar(self, count: int) -> tqdm.tqdm:
        if self._shards is None:
            self._shards = self.enter_context(progress.bar(desc="Writing shards", unit="shard"))
        self._shards.total = count
        return self._shards
