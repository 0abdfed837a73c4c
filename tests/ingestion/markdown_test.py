# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of Markdown from data that are not trusted, by an independent reader of Markdown."""

from __future__ import annotations

import importlib
from html.parser import HTMLParser

import pytest

from vito_tf.ingestion import markdown
from vito_tf.video.video_rows import printable

reader = importlib.import_module("markdown")

HOSTILE = [
    "plain name.mp4",
    "snake_case_name and *stars* and **more**",
    "<script>alert(1)</script>",
    "&lt;b&gt; &amp; <b>",
    "a|b||c",
    "back\\slash \\| and \\",
    "`code` ``and`` ```fence",
    "[link](http://example.org) ![image](x.png)",
    "http://example.org www.example.org me@example.org @someone",
    "# heading",
    "~~gone~~ $x^2$ ==y==",
    "line\nbreak\r\n\n---\ttab\x00\x1b[31m",
    "right-to-left \u202e and undecodable \udcff",
    "日本 é ñ",
]


class _Cells(HTMLParser):
    """Collects the text of table cells and the names of all tags."""

    def __init__(self):
        super().__init__()
        self.cells, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        del attrs
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def _read(source):
    parser = _Cells()
    parser.feed(reader.markdown(source, extensions=["tables", "fenced_code"]))
    return parser


def test_hostile_text_shows_as_it_is():
    rows = [(markdown.text(value), str(index)) for index, value in enumerate(HOSTILE)]
    read = _read(markdown.table(("text", "number"), rows))
    shown = [cell.strip() for cell in read.cells]
    assert shown[0::2] == [" ".join(printable(value).split(" ")) for value in HOSTILE]
    assert shown[1::2] == [str(index) for index in range(len(HOSTILE))]
    assert read.tags == {"table", "thead", "tbody", "tr", "th", "td"}


def test_bare_addresses_are_no_links():
    shown = markdown.text("http://a.b www.a.b me@a.b")
    assert not any(sign in shown for sign in ("://", "www.", "@"))


def test_long_text_is_cut():
    assert markdown.text("x" * 500, max_length=10) == "x" * 9 + "…"
    assert markdown.text("x" * 10, max_length=10) == "x" * 10


def test_columns_are_aligned():
    assert markdown.table(("name", "number", "note "), [("a", "1", "b")]) == (
        "| name | number | note |\n| :-- | --: | :-- |\n| a | 1 | b |\n"
    )


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, ""), (1e-6, "▏"), (0.5, "█" * 12), (0.5 + 1 / 48, "█" * 12 + "▌"), (1.0, "█" * 24)],
)
def test_bars(share, expected):
    assert markdown.bar(share) == expected


def test_code_cannot_end_its_block():
    contents = "a\n```\n# not a heading\n````\nb"
    assert markdown.code(contents, "sh") == f"`````sh\n{contents}\n`````\n"
    assert "h1" not in _read(markdown.code(contents, "sh")).tags
