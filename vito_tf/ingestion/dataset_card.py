# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""`dataset_card.md`: what is in a data set, how it was made, and how to read it, for people."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vito_tf.ingestion import markdown
from vito_tf.ingestion.contact_sheet import SHEET_FILE
from vito_tf.ingestion.reading import reading_section
from vito_tf.ingestion.summary import BINS, CLASS_SIZES, ClassTotals, ReasonTotals, Summary
from vito_tf.video.clip_shards import write_file
from vito_tf.video.video_rows import printable

CARD_FILE = "dataset_card.md"

_PACKAGES = ("vito_tf", "tensorflow", "apache-beam", "av")
_EXTREMES = 10
_MOST_VALUES = 12


def write_dataset_card(
    folder: str, info: Mapping[str, Any], summary: Summary, command: str
) -> None:
    """Writes `dataset_card.md`.

    Args:
        folder: of the data set, local or remote (`tf.io.gfile`).
        info: its `dataset_info.json` (`vito_tf.ingestion.dataset_info.describe`).
        summary: of its videos.
        command: the command line that made it.
    """
    sections = [
        _head(folder, info, summary),
        _splits(info, summary),
        reading_section(folder, info),
        _fates(summary),
        _classes(summary),
        _durations(summary),
        _properties(summary),
        _making(info, command),
        _LICENCE,
    ]
    contents = "\n".join(section for section in sections if section)
    write_file(os.path.join(folder, CARD_FILE), contents.encode())


def _head(folder: str, info: Mapping[str, Any], summary: Summary) -> str:
    total = summary.total
    frames = "JPEG images" if info["encoding"] == "jpeg" else "H.264 video"
    classes = f" of {len(summary.class_names):,} classes" if summary.class_names else ""
    return (
        f"# {markdown.text(os.path.basename(os.path.abspath(folder)))}\n\n"
        f"{total.num_clips:,} clips of at most {info['clip_seconds']:g} s{classes}, "
        f"{_length(total.clip_seconds)} in all, cut from {total.num_videos:,} of "
        f"{summary.num_videos:,} videos. Frames are {frames} at up to "
        f"{info['frame_rate']:g} a second, {info['frames_per_clip']['mean']:.1f} a clip.\n\n"
        f"![Clips of the data set, four frames each]({SHEET_FILE})\n"
    )


def _splits(info: Mapping[str, Any], summary: Summary) -> str:
    rows = []
    for name, split in info["splits"].items():
        num_shards = sum(shard["split"] == name for shard in info["shards"])
        rows.append(
            (
                name,
                *(f"{split[key]:,}" for key in ("num_videos", "num_clips", "num_frames")),
                _length(summary.splits[name].clip_seconds),
                _size(split["num_bytes"]),
                f"{num_shards:,}",
            )
        )
    header = ("split", "videos", "clips", "frames", "length", "size", "shards")
    return (
        f"## Splits\n\n{markdown.table(header, rows)}\n"
        "All clips of a video are in the same split; within a split, clips are in random order.\n"
    )


def _fates(summary: Summary) -> str:
    kept = summary.total.num_videos
    rows = [("**kept**", *_share(kept, summary.num_videos), "")]
    rows += _reasons(summary.dropped, summary.num_videos)
    header = ("", "videos", "share", "for example ")
    fates = f"## What became of the videos\n\n{markdown.table(header, rows)}\n"
    if summary.remarks:
        remarks = list(_reasons(summary.remarks, kept))
        fates += f"Of the kept videos, some were not whole:\n\n{markdown.table(header, remarks)}\n"
    return fates + "`manifest.parquet` has a row for each video.\n"


def _reasons(
    reasons: Mapping[str, ReasonTotals], num_videos: int
) -> Iterator[tuple[str, str, str, str]]:
    for reason, totals in sorted(reasons.items(), key=lambda item: -item[1].num_videos):
        example = f"{markdown.text(totals.example)}: {markdown.text(totals.detail)}"
        yield (f"`{reason}`", *_share(totals.num_videos, num_videos), example)


def _share(part: int, whole: int) -> tuple[str, str]:
    return f"{part:,}", f"{part / max(whole, 1):.1%}"


def _classes(summary: Summary) -> str:
    if not summary.class_names:
        return ""
    named = list(zip(summary.class_names, summary.classes))
    named.sort(key=lambda item: (-item[1].clips, item[0]))
    columns = [
        [CLASS_SIZES.label(totals.passed_clips) for _, totals in named],
        [CLASS_SIZES.label(totals.clips) for _, totals in named],
    ]
    counts = [[column.count(label) for label in CLASS_SIZES.labels] for column in columns]
    header = ("clips a class", "classes before the balance", " ", "classes after it", " ")
    section = (
        "## Classes\n\n"
        "Candidates are videos that may show the class by their title or label; videos passed when "
        "no choice but the balance dropped them.\n\n"
        f"{_histogram(header, CLASS_SIZES.labels, counts)}\n"
    )
    if len(named) <= 2 * _EXTREMES:
        return section + _class_table(named)
    return (
        f"{section}The {_EXTREMES} largest and the {_EXTREMES} smallest:\n\n"
        f"{_class_table(named[:_EXTREMES])}\n{_class_table(named[-_EXTREMES:])}\n"
        + markdown.folded(f"All {len(named):,} classes", _class_table(named))
    )


def _class_table(named: Sequence[tuple[str, ClassTotals]]) -> str:
    header = ("class", "candidates", "passed videos", "passed clips", "videos", "**clips**")
    rows = (
        (
            markdown.text(name),
            f"{totals.candidates:,}",
            f"{totals.passed_videos:,}",
            f"{totals.passed_clips:,}",
            f"{totals.videos:,}",
            f"{totals.clips:,}",
        )
        for name, totals in named
    )
    return markdown.table(header, rows)


def _histogram(
    header: Sequence[str], labels: Sequence[str], columns: Sequence[Sequence[int]]
) -> str:
    """A table of counts by label, with bars; without empty rows at its beginning and end."""
    used = [row for row in range(len(labels)) if any(column[row] for column in columns)]
    rows = []
    for row in range(min(used, default=0), max(used, default=-1) + 1):
        cells = [markdown.text(labels[row]) or "unknown"]
        for column in columns:
            cells += [f"{column[row]:,}", markdown.bar(column[row] / max(*column, 1))]
        rows.append(cells)
    return markdown.table(header, rows)


def _durations(summary: Summary) -> str:
    totals = (summary.probed, summary.kept)
    rows = [
        ("total", *(_length(sum(videos.seconds)) for videos in totals)),
        ("median", *(_length(videos.median_seconds) for videos in totals)),
    ]
    header = ("", "videos that could be opened", "kept videos")
    return (
        f"## Durations\n\n{markdown.table(header, rows)}\n"
        f"{_distribution(summary, 'duration', BINS['duration'].labels)}"
    )


def _properties(summary: Summary) -> str:
    section = "## Properties of the videos\n"
    for name, counts in summary.probed.counts.items():
        if name == "duration":
            continue
        labels = BINS[name].labels if name in BINS else _most_common(counts)
        section += f"\n{_distribution(summary, name, labels)}"
    return section


def _most_common(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda value: (-counts[value], value))[:_MOST_VALUES]


def _distribution(summary: Summary, name: str, labels: Sequence[str]) -> str:
    columns = [
        [videos.counts[name][label] for label in labels]
        for videos in (summary.probed, summary.kept)
    ]
    return _histogram((name, "opened", " ", "kept", " "), labels, columns)


def _length(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def _size(num_bytes: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= size:
            return f"{num_bytes / size:,.1f} {unit}"
    return f"{num_bytes / 1e3:.1f} kB"


def _making(info: Mapping[str, Any], command: str) -> str:
    versions = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    made_with = ", ".join(f"{name} {version}" for name, version in versions.items())
    settings = json.dumps(info["settings"], indent=1)
    return (
        "## How it was made\n\n"
        "By `vito_tf.ingest`, after section 3.2 (VideoNet) of Parthasarathy et al., "
        "*Self-supervised video pretraining yields robust and more human-aligned visual "
        f"representations* (NeurIPS 2023):\n\n{markdown.code(printable(command), 'sh')}\n"
        f"{markdown.folded('Settings', markdown.code(settings, 'json'))}\n"
        f"Versions: {made_with}.\n"
    )


_LICENCE = """## Licence

The clips are parts of their publishers' videos, under the licences of these; `vito_tf` grants no
right to them. `manifest.parquet` names the source of every clip.
"""
