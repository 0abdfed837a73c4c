# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The parts that the report is made of, as HTML."""

from __future__ import annotations

import abc
import base64
import html
import mimetypes
import os
from collections.abc import Sequence
from typing import NamedTuple, Union

from matplotlib import figure as figures

from vito_tf.evaluation import pictures

Cell = Union[str, int, float, None]


def percent(share: float | None) -> float | None:
    """A share in [0, 1] in per cent; None stays None."""
    return None if share is None else 100 * share


class Part(abc.ABC):
    """A piece of a page."""

    @abc.abstractmethod
    def html(self, root: str) -> str:
        """The piece as HTML.

        Args:
          root: folder that the page lies in, to which links are relative.
        """


class Text(Part):
    """A paragraph."""

    def __init__(self, text: str):
        """Args:
        text: plain, not HTML.
        """
        self._text = text

    def html(self, root: str) -> str:
        return f"<p>{html.escape(self._text)}</p>"


class Row(NamedTuple):
    """A line of a table.

    Attributes:
      cells: text as it is; numbers with `Table`'s digits; None is a dash.
      quoted: whether the numbers are somebody else's: shown in grey.
    """

    cells: Sequence[Cell]
    quoted: bool = False


class Table(Part):
    """A table with a caption."""

    def __init__(self, caption: str, header: Sequence[str], rows: Sequence[Row], digits: int = 1):
        """Args:
        caption: plain text.
        header: of the columns.
        rows: as many cells as columns each.
        digits: of numbers that are no integers, behind the point.
        """
        self._caption = caption
        self._header = header
        self._rows = rows
        self._digits = digits

    def html(self, root: str) -> str:
        header = "".join(f"<th>{html.escape(name)}</th>" for name in self._header)
        rows = "".join(
            f"<tr{' class=quoted' if row.quoted else ''}>"
            + "".join(self._cell(cell) for cell in row.cells)
            + "</tr>"
            for row in self._rows
        )
        caption = html.escape(self._caption)
        return f"<table><caption>{caption}</caption><tr>{header}</tr>{rows}</table>"

    def _cell(self, value: Cell) -> str:
        if isinstance(value, str):
            return f"<td>{html.escape(value)}</td>"
        text = "–" if value is None else str(value)
        if isinstance(value, float):
            text = f"{value:.{self._digits}f}"
        return f"<td class=number>{text}</td>"


class Chart(Part):
    """A matplotlib figure."""

    def __init__(self, figure: figures.Figure, caption: str):
        """Args:
        figure: drawn.
        caption: plain text.
        """
        self._figure = figure
        self._caption = caption

    def html(self, root: str) -> str:
        caption = html.escape(self._caption)
        image = pictures.html_image(self._figure, html.escape(self._caption, quote=True))
        return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


class Photo(Part):
    """A picture file, which becomes part of the page."""

    def __init__(self, path: str, caption: str):
        """Args:
        path: of a PNG, JPEG or GIF file.
        caption: plain text.
        """
        self._path = path
        self._caption = caption

    def html(self, root: str) -> str:
        with open(self._path, "rb") as file:
            data = base64.b64encode(file.read()).decode("ascii")
        kind = mimetypes.guess_type(self._path)[0]
        caption = html.escape(self._caption)
        return (
            f'<figure><img alt="{html.escape(self._caption, quote=True)}" '
            f'src="data:{kind};base64,{data}"><figcaption>{caption}</figcaption></figure>'
        )


class Links(Part):
    """Files beside the page, such as videos and tables, that a reader may open."""

    def __init__(self, caption: str, paths: Sequence[str]):
        """Args:
        caption: plain text.
        paths: of the files, below the page's folder.
        """
        self._caption = caption
        self._paths = paths

    def html(self, root: str) -> str:
        links = " · ".join(
            f'<a href="{html.escape(os.path.relpath(path, root), quote=True)}">'
            f"{html.escape(os.path.basename(path))}</a>"
            for path in self._paths
        )
        return f"<p>{html.escape(self._caption)}: {links}</p>"
