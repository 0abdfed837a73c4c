# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Lists the videos to ingest, what they are called, and what they may show."""

from __future__ import annotations

import dataclasses
import os

import tensorflow as tf

from vito_tf.curation.query import TitleQuery
from vito_tf.ingestion.side_cars import SideCars, valid_title
from vito_tf.video.listings import Listing, is_remote, list_csv, list_files
from vito_tf.video.video_rows import Source


@dataclasses.dataclass(frozen=True)
class SourceList:
    """What is to be ingested.

    Attributes:
        sources: sorted by name; those with a reason to be left out have it in `dropped`.
        class_names: names of the classes by label; empty if there are none.
    """

    sources: tuple[Source, ...]
    class_names: tuple[str, ...]


def list_sources(
    videos: str, labels: str | None = None, query: TitleQuery | None = None
) -> SourceList:
    """Lists the videos of a folder, a glob or a CSV file with their titles and possible classes.

    Titles come from the CSV file's column `title`, else from a side-car JSON
    (`vito_tf.ingestion.side_cars`), else, but for a CSV file, from the name of the file. Reading a
    side-car takes about 0.1 ms on a local disk, but a round trip elsewhere: for many remote videos,
    give titles in a CSV file.

    Args:
        videos: see `vito_tf.video.listings`.
        labels: `folder` makes the name of a video's folder its label, `csv` the CSV file's column
            `label`; None leaves videos unlabelled.
        query: makes its categories the classes. A video may be in each that its label names, by
            identifier or lemma, or else (without `labels`) its title. Videos that name none are
            dropped (`no_category`). Without a query the classes are the labels themselves, sorted.

    Returns:
        The sources. A file listed twice is dropped the second time (`listed_before`); with a query
        it may be in the categories of either listing. A line of a CSV file without a video is
        dropped (`no_path`).

    Raises:
        ValueError: nothing is found, no video names a category, or the CSV file cannot be used.
    """
    if labels not in (None, "folder", "csv"):
        raise ValueError(f"Ingestion.labels must be None, 'folder' or 'csv', got {labels!r}.")
    is_csv = videos.lower().endswith(".csv") and not _is_folder(videos)
    if labels == "csv" and not is_csv:
        raise ValueError(
            f"Ingestion.labels = 'csv' needs --videos to be a CSV file, not {videos!r}."
        )
    listings = list_csv(videos, labels == "csv") if is_csv else list_files(videos)
    sources = _Sources(labels, query, stem_is_title=not is_csv)
    for listing in listings:
        sources.add(listing)
    return sources.finish(videos)


def _is_folder(path: str) -> bool:
    return tf.io.gfile.isdir(path) if is_remote(path) else os.path.isdir(path)


def _identity(path: str) -> str:
    """What two paths have in common that lead to the same file."""
    try:
        return path if is_remote(path) else os.path.realpath(path)
    except (OSError, ValueError):
        return path


@dataclasses.dataclass
class _Entry:
    """A video while the sources are listed; `labels` are of the query's categories."""

    path: str
    name: str
    title: str
    label: str
    labels: tuple[int, ...] = ()
    dropped: str = ""
    detail: str = ""

    def drop(self, code: str, detail: str) -> None:
        self.dropped, self.detail = code, "; ".join(filter(None, (detail, self.detail)))


class _Sources:
    """Collects sources; knows which files and names it has seen."""

    def __init__(self, labels: str | None, query: TitleQuery | None, stem_is_title: bool):
        self._is_labelled = labels is not None
        self._query = query
        self._stem_is_title = stem_is_title
        self._side_cars = SideCars()
        self._entries: list[_Entry] = []
        self._first: dict[str, _Entry] = {}
        self._names: set[str] = set()

    def add(self, listing: Listing) -> None:
        label = listing.label if self._is_labelled else ""
        entry = _Entry(listing.path, self._unique_name(listing), valid_title(listing.title), label)
        self._entries.append(entry)
        if not entry.path:
            entry.drop("no_path", f"line {listing.line} names no video")
            return
        self._find_title(entry)
        if self._query is not None:
            self._ask(entry, self._query)
        first = self._first.setdefault(_identity(entry.path), entry)
        if first is not entry:
            self._unite(first, entry)

    def finish(self, videos: str) -> SourceList:
        if not self._entries:
            raise ValueError(f"--videos={videos} lists no video.")
        if self._query is None:
            names = self._label_all()
        else:
            names = tuple(category.name for category in self._query.categories)
            if all(entry.dropped for entry in self._entries):
                raise ValueError(
                    f"--videos={videos}: none of {len(self._entries)} videos names a category."
                )
        self._entries.sort(key=lambda entry: entry.name)
        return SourceList(tuple(_source(entry) for entry in self._entries), names)

    def _unique_name(self, listing: Listing) -> str:
        name = listing.name
        while not name or name in self._names:
            name = f"{name} (line {listing.line})".lstrip()
        self._names.add(name)
        return name

    def _find_title(self, entry: _Entry) -> None:
        if not entry.title:
            entry.title, entry.detail = self._side_cars.title(entry.path)
        if not entry.title and self._stem_is_title:
            entry.title = valid_title(os.path.splitext(os.path.basename(entry.path))[0])

    @staticmethod
    def _ask(entry: _Entry, query: TitleQuery) -> None:
        if entry.label:
            entry.labels = query.named(entry.label)
        else:
            entry.labels = query.match(entry.title)
        if not entry.labels:
            text = f"label {entry.label!r}" if entry.label else f"title {entry.title!r}"
            entry.drop("no_category", f"its {text} names no category")

    @staticmethod
    def _unite(first: _Entry, again: _Entry) -> None:
        """Drops a second listing of a file; what it may show is added to the first."""
        if again.labels:
            first.labels = tuple(sorted({*first.labels, *again.labels}))
            first.dropped = first.detail = ""
        again.drop("listed_before", f"the same file as {first.name!r}")

    def _label_all(self) -> tuple[str, ...]:
        """Makes the labels of all entries the classes."""
        used = [entry for entry in self._entries if entry.label and not entry.dropped]
        names = tuple(sorted({entry.label for entry in used}))
        labels = {name: (index,) for index, name in enumerate(names)}
        for entry in used:
            entry.labels = labels[entry.label]
        return names


def _source(entry: _Entry) -> Source:
    return Source(entry.path, entry.name, entry.title, entry.labels, entry.dropped, entry.detail)
