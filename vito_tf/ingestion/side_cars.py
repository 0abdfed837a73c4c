# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Titles of videos from the JSON files that a downloader leaves beside them (yt-dlp)."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import stat

import tensorflow as tf

MAX_TITLE_CHARACTERS = 1000
_MAX_BYTES = 2**24
_FIRST_BYTES = 2**16  # yt-dlp writes the title first, and some hundred kilobytes behind it.
_SUFFIXES = (".info.json", ".json")
_BLANKS = re.compile(r"[ \t\n\r]*")

# Values before the title are passed over, so that their numbers need not be computed.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class SideCars:
    """Reads titles from `<stem>.info.json` or `<stem>.json` beside a video.

    These files come from the web like the videos: one that is larger than 16 MiB, no regular file
    or no JSON object with a text `title` is passed over with a note. An object is read no further
    than to its title. Each folder is listed once.
    """

    def __init__(self) -> None:
        self._files_in = functools.lru_cache(maxsize=256)(_files_in)

    def title(self, path: str) -> tuple[str, str]:
        """The title of a video, empty if there is none, and a note on files passed over.

        Args:
            path: of the video; local or one of `tf.io.gfile`'s.
        """
        folder, name = os.path.split(path)
        stem = os.path.splitext(name)[0]
        notes = []
        for candidate in (stem + suffix for suffix in _SUFFIXES):
            if candidate not in self._files_in(folder):
                continue
            try:
                return valid_title(_read_title(os.path.join(folder, candidate))), ""
            except (OSError, tf.errors.OpError, RecursionError, ValueError) as error:
                notes.append(f"{candidate} is ignored ({_reason(error)})")
        return "", "; ".join(notes)


def valid_title(title: str) -> str:
    """A title of at most `MAX_TITLE_CHARACTERS` in valid Unicode, as UTF-8 can hold it."""
    units = title[:MAX_TITLE_CHARACTERS].encode("utf-16", "surrogatepass")
    return units.decode("utf-16", "replace")


def _files_in(folder: str) -> frozenset[str]:
    with contextlib.suppress(OSError, tf.errors.OpError, ValueError):
        return frozenset(
            tf.io.gfile.listdir(folder) if "://" in folder else os.listdir(folder or ".")
        )
    return frozenset()


def _read_title(path: str) -> str:
    if "://" in path:
        size, file = tf.io.gfile.stat(path).length, tf.io.gfile.GFile(path, "rb")
    else:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # To open a FIFO would wait for its writer.
            raise ValueError("no regular file")
        size, file = status.st_size, open(path, "rb")  # noqa: SIM115
    with file:
        if size > _MAX_BYTES:
            raise ValueError(f"larger than {_MAX_BYTES // 2**20} MiB")
        data = file.read(_FIRST_BYTES)
        try:
            return _find_title(data)
        except ValueError:
            if size <= _FIRST_BYTES:
                raise
            return _find_title(data + file.read(_MAX_BYTES - _FIRST_BYTES))


def _find_title(data: bytes) -> str:
    """The member `title` of a JSON object, whatever comes after it."""
    text = data.decode("utf-8-sig", "replace")
    end = _after(text, 0, "{")
    while True:
        key, end = _DECODER.raw_decode(text, _skip_blanks(text, end))
        value, end = _DECODER.raw_decode(text, _skip_blanks(text, _after(text, end, ":")))
        if key == "title":
            if not isinstance(value, str):
                raise ValueError("its title is no text")
            return value
        if text[_skip_blanks(text, end) :][:1] == "}":
            raise ValueError("it has no title")
        end = _after(text, end, ",")


def _after(text: str, start: int, mark: str) -> int:
    position = _skip_blanks(text, start)
    if text[position : position + 1] != mark:
        raise ValueError("no valid JSON object")
    return position + 1


def _skip_blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start


def _reason(error: Exception) -> str:
    if isinstance(error, (json.JSONDecodeError, RecursionError)):
        return "no valid JSON object"
    if isinstance(error, OSError):
        return str(error.strerror)
    return error.message if isinstance(error, tf.errors.OpError) else str(error)
