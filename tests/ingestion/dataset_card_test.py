# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the card of a data set."""

from __future__ import annotations

import dataclasses
import importlib
import re

import pytest

from tests.ingestion.data_sets import write_data_set
from vito_tf.ingestion.dataset_card import write_dataset_card
from vito_tf.ingestion.dataset_info import describe
from vito_tf.ingestion.summary import Summary
from vito_tf.video.video_rows import ClipFigures, VideoRow

COMMAND = "python -m vito_tf.ingest --videos='a\nb'"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data_set(str(tmp_path_factory.mktemp("my_clips")))


def _card(data, summary=None):
    info = describe(data.shards, summary or data.summary, data.cut, {"recipe": {"seed": 7}})
    write_dataset_card(data.folder, info, summary or data.summary, COMMAND)
    with open(f"{data.folder}/dataset_card.md", encoding="utf-8") as file:
        return file.read()


def _rows(card, heading):
    """Cells of the tables below a heading."""
    section = card.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_head_says_what_it_is(data):
    card = _card(data)
    assert re.match(r"# my\\_clips\d+\n", card)
    assert "4 clips of at most 0.8 s of 2 classes, 3.2 s in all, cut from 3 of 4 videos" in card
    assert "](contact_sheet.jpg)" in card


def test_counts_of_the_splits(data):
    rows = _rows(_card(data), "Splits")
    assert [row[:5] for row in rows[2:]] == [
        ["train", "2", "3", "60", "2.4 s"],
        ["held_out", "1", "1", "20", "0.8 s"],
    ]
    assert [row[6] for row in rows[2:]] == ["2", "1"]


def test_what_became_of_the_videos(data):
    rows = _rows(_card(data), "What became of the videos")
    assert rows[2:] == [
        ["**kept**", "3", "75.0%", ""],
        ["`unreadable`", "1", "25.0%", "bad.mp4: FFmpeg cannot read it"],
    ]


def test_kept_videos_that_were_not_whole(data):
    summary = Summary(data.summary.class_names)
    for row in data.rows[:3]:
        summary.add(dataclasses.replace(row, reason="damaged", detail="after 1 clip"))
    rows = _rows(_card(data, summary), "What became of the videos")
    assert ["`damaged`", "3", "100.0%", "wide.mp4: after 1 clip"] in rows


def test_few_classes_are_listed(data):
    rows = _rows(_card(data), "Classes")
    assert ["cat", "1", "1", "2", "1", "2"] in rows
    assert ["dog", "3", "2", "2", "2", "2"] in rows
    assert ["1–9", "2", "█" * 24, "2", "█" * 24] in rows


def test_of_many_classes_the_extremes_show(data):
    summary = Summary([f"class {label:03d}" for label in range(100)])
    for row in data.rows[:3]:
        summary.add(row)
    for label in range(100):
        row = VideoRow(
            f"{label}",
            "",
            label=label,
            clips=(ClipFigures(1, 1, 1.0),) * (label + 3),
            split="train",
        )
        summary.add(row)
        summary.add(row.drop("class_is_full", ""))
    shown, folded = _card(data, summary).split("<details><summary>All 100 classes</summary>")
    assert ["class 099", "0", "2", "204", "1", "102"] in _rows(shown, "Classes")
    assert "| class 050 |" not in shown
    assert len(re.findall(r"\| class \d+ \|", shown)) == 20
    assert len(re.findall(r"\| class \d+ \|", folded)) == 100
    before, after = (
        [int(row[column]) for row in _rows(shown, "Classes") if re.fullmatch(r"[\d–]+", row[0])]
        for column in (1, 3)
    )
    assert sum(before) == sum(after) == 100
    assert before != after


def test_durations_and_properties(data):
    card = _card(data)
    durations = _rows(card, "Durations")
    assert ["total", "3.2 s", "3.2 s"] in durations
    assert ["median", "0.8 s", "0.8 s"] in durations
    assert ["below 2 s", "3", "█" * 24, "3", "█" * 24] in durations
    assert not [row for row in durations if row[0].startswith("2–5")]
    properties = _rows(card, "Properties of the videos")
    assert ["portrait", "1", "█" * 12, "1", "█" * 12] in properties
    for value in ("landscape", "below 144", "25", "h264", "mov,mp4", "yuv420p"):
        assert value in [row[0] for row in properties]


def test_how_it_was_made(data):
    card = _card(data)
    assert r"python -m vito_tf.ingest --videos='a\nb'" in card
    assert '"seed": 7' in card
    assert re.search(r"Versions: Python 3\.\d+\.\d+, .*tensorflow 2\.15\.1, .*av \d", card)
    assert "under the licences of these" in card


def test_names_from_the_web_are_no_markup(data):
    evil = "<img src=x onerror=alert(1)>|[x](javascript:y)`\n# h"
    summary = Summary([evil, "dog"])
    for row in data.rows:
        summary.add(row)
    summary.add(VideoRow(evil, evil, evil).drop("no_video", evil))
    card = _card(data, summary)
    html = importlib.import_module("markdown").markdown(card, extensions=["tables", "fenced_code"])
    assert re.findall(r"<(?:img|a|h1)\b[^>]*", html) == [
        "<h1",
        '<img alt="Clips of the data set, four frames each" src="contact_sheet.jpg" /',
    ]
    assert len(_rows(card, "What became of the videos")[-1]) == 4


def test_unlabelled_videos_have_no_classes(tmp_path):
    card = _card(write_data_set(str(tmp_path), labelled=False))
    assert "## Classes" not in card
    assert " of 0 classes" not in card
