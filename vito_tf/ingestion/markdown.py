# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Markdown from data that are not trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vito_tf.video.video_rows import printable

_MEANINGFUL = re.compile(r"[\\`*_\[\]#!<>&|~$@^]|:(?=//)|(?<=www)\.")
_ESCAPABLE = "\\`*_[]#!"  # by a backslash, in every dialect of Markdown
_BAR_CELLS = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def text(value: str, max_length: int = 160) -> str:
    """Text that shows as it is in a line or a cell of a table: no markup, HTML, link or mention.

    Args:
        value: anything.
        max_length: characters beyond it are left out.
    """
    shown = printable(value)
    if len(shown) > max_length:
        shown = shown[: max_length - 1] + "…"
    return _MEANINGFUL.sub(_literal, shown)


def _literal(match: re.Match[str]) -> str:
    character = match[0]
    return "\\" + character if character in _ESCAPABLE else f"&#{ord(character)};"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown, all columns but the first are aligned to the right.

    Args:
        header: titles of the columns; one that ends in a blank is aligned to the left.
        rows: cells, as many as there are columns.
    """
    rule = [":--" if i == 0 or title.endswith(" ") else "--:" for i, title in enumerate(header)]
    lines = [[title.strip() for title in header], rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def bar(share: float) -> str:
    """A horizontal bar.

    Args:
        share: its length, in [0, 1]; above 0 it is never empty.
    """
    eighths = round(share * _BAR_CELLS * 8) or int(share > 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def code(contents: str, language: str) -> str:
    """A block of code, whatever it holds."""
    ticks = max((len(run) for run in re.findall("`+", contents)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{language}\n{contents}\n{fence}\n"


def folded(title: str, contents: str) -> str:
    """Contents that a click unfolds."""
    return f"<details><summary>{title}</summary>\n\n{contents}\n</details>\n"
