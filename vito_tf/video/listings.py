# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What `--videos` names: a folder, a glob, or a CSV file.

* A folder is searched with all its sub-folders, also those that links lead to.
* A glob has the wildcards of Python's `glob`; `**` spans folders, not for remote paths.
* A CSV file (`.csv`, UTF-8) has a header line with a column `video` and, if there are any, `title`
  and `label`; their order and other columns do not matter. Relative paths start at its folder.

Paths are local or of `tf.io.gfile`. Hidden files are left out, and so is in folders and globs what
has no suffix of a video. Nothing is opened: what is named like a video but is a folder, a dangling
link or a pipe is listed, for the worker to say so.
"""

from __future__ import annotations

import contextlib
import csv
import glob
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

import tensorflow as tf
from absl import logging

from vito_tf.video.video_files import VIDEO_SUFFIXES

_COLUMNS = ("video", "title", "label")


class Listing(NamedTuple):
    """A video as it is listed.

    Attributes:
        path: absolute; empty where a line of a CSV file names no video.
        name: path below the folder, or below the part of the glob without wildcards; the text of
            the CSV file.
        title: of the CSV file, else empty.
        label: of the CSV file, else the name of the video's folder.
        line: number of the line in the CSV file, from 1; of its last line, where a text has
            several. 0 elsewhere.
    """

    path: str
    name: str
    title: str
    label: str
    line: int


def is_remote(path: str) -> bool:
    """Whether a path is for `tf.io.gfile` to open."""
    return "://" in path


def list_files(videos: str) -> Iterator[Listing]:
    """Lists the videos in a folder or of a glob, in any order, each once.

    Raises:
        ValueError: nothing matches, or nothing with the suffix of a video.
    """
    root, paths = _remote_files(videos) if is_remote(videos) else _local_files(videos)
    seen = set()
    for path in paths:
        if path.lower().endswith(VIDEO_SUFFIXES) and path not in seen:
            seen.add(path)
            folder = os.path.basename(os.path.dirname(path))
            yield Listing(path, path[len(root) :].lstrip("/"), "", folder, 0)
    if not seen:
        raise ValueError(
            f"--videos={videos} matches no video; known suffixes are {', '.join(VIDEO_SUFFIXES)}."
        )


def list_csv(videos: str, needs_label: bool) -> Iterator[Listing]:
    """Lists the lines of a CSV file, in their order.

    Args:
        videos: the file.
        needs_label: whether it must have a column `label`.

    Raises:
        ValueError: the file cannot be read, or lacks a column; the message names the line.
    """
    with _opened(videos) as file:
        folder = os.path.dirname(videos if is_remote(videos) else absolute(videos))
        rows = csv.reader(line.replace("\0", "\N{REPLACEMENT CHARACTER}") for line in file)
        try:
            header = [text.strip().lower() for text in next(rows, ())]
            for column in ("video", "label")[: 1 + needs_label]:
                if column not in header:
                    raise ValueError(f"--videos={videos} has no column '{column}' in its header.")
            places = [header.index(name) if name in header else len(header) for name in _COLUMNS]
            for row in filter(None, rows):
                row += [""] * (len(header) + 1 - len(row))
                name, title, label = (row[place].strip() for place in places)
                yield Listing(_csv_path(folder, name), name, title, label, rows.line_num)
        except csv.Error as error:
            raise ValueError(
                f"--videos={videos}, line {rows.line_num}, cannot be read: {error}."
            ) from error


def files_below(folder: str) -> Iterator[str]:
    """Paths of everything in a folder and its sub-folders but what is hidden, in any order."""
    return _remote_walk(folder) if is_remote(folder) else _walk(folder)


def absolute(path: str) -> str:
    """A local path by which a file can be recognised; `..` is followed as the system does."""
    if ".." in path.split("/"):
        folder, name = os.path.split(path)
        path = os.path.join(os.path.realpath(folder), name)
    return os.path.abspath(path)


def _csv_path(folder: str, name: str) -> str:
    if not name or is_remote(name):
        return name
    path = os.path.join(folder, name)
    return path if is_remote(path) else absolute(path)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    """A CSV file as text. Bytes that are not UTF-8 become surrogate escapes, as in file names."""
    try:
        with contextlib.ExitStack() as stack:
            local = os.path.expanduser(path)
            if is_remote(path):
                local = os.path.join(stack.enter_context(tempfile.TemporaryDirectory()), "csv")
                tf.io.gfile.copy(path, local)
            file = open(local, encoding="utf-8-sig", errors="surrogateescape", newline="")  # noqa: SIM115
            yield stack.enter_context(file)
    except (OSError, tf.errors.OpError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.message
        raise ValueError(f"--videos={path} cannot be read ({reason}).") from error


def _local_files(videos: str) -> tuple[str, Iterable[str]]:
    """The folder below which names start, and paths below it."""
    expanded = absolute(os.path.expanduser(videos))
    if os.path.isdir(expanded):
        return expanded, files_below(expanded)
    if os.path.lexists(expanded):
        return os.path.dirname(expanded), [expanded]
    matches = glob.glob(expanded, recursive=True)
    if not matches:
        raise ValueError(f"--videos={videos} matches no file or folder.")
    fixed = re.split(r"[*?[]", expanded, maxsplit=1)[0]
    return os.path.dirname(fixed), _with_contents(sorted(matches))


def _with_contents(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield path
        if os.path.isdir(path):
            yield from files_below(path)


def _walk(root: str) -> Iterator[str]:
    """Everything below a folder; a folder to which several links lead is entered once."""
    entered = set()
    for folder, folders, files in os.walk(root, followlinks=True, onerror=_note):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(_not_hidden(folders))
        yield from (os.path.join(folder, name) for name in (*folders, *_not_hidden(files)))


def _not_hidden(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))


def _note(error: OSError) -> None:
    logging.warning("The folder %s cannot be searched (%s).", error.filename, error.strerror)


def _remote_files(videos: str) -> tuple[str, Iterable[str]]:
    try:
        if tf.io.gfile.isdir(videos):
            return videos, files_below(videos)
        if "**" in videos:
            raise ValueError(f"--videos={videos}: ** is not for remote paths. Name the folder.")
        matches = tf.io.gfile.glob(videos)
    except tf.errors.OpError as error:
        raise ValueError(f"--videos={videos} cannot be searched: {error.message}") from error
    return os.path.dirname(re.split(r"[*?[]", videos, maxsplit=1)[0]), matches


def _remote_walk(root: str) -> Iterator[str]:
    for folder, _, files in tf.io.gfile.walk(root):
        yield from (os.path.join(folder, name) for name in _not_hidden(files))
