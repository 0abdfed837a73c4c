# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tables of accuracies: beside the paper's, and with how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vito_tf.evaluation import benchmark, page, paper_tables


def results_of(finished: Mapping[str, benchmark.Finished]) -> dict[str, benchmark.Result]:
    """Results by encoder's name."""
    return {name: one.result for name, one in finished.items()}


def beside_paper(
    paper: paper_tables.PaperTable,
    results: Mapping[str, benchmark.Result],
    figures: Sequence[str],
) -> page.Table:
    """The paper's table with a line for each encoder.

    Args:
      paper: as many columns as figures, in per cent.
      results: by encoder's name.
      figures: their names, in the order of the columns.
    """
    lines = {
        name: [page.percent(result.figures[figure]) for figure in figures]
        for name, result in results.items()
    }
    return paper.beside(lines, {name for name, result in results.items() if result.partial})


def with_intervals(
    results: Mapping[str, benchmark.Result], counted: str, figures: Mapping[str, str]
) -> page.Table:
    """Figures in per cent with their intervals.

    Args:
      results: by encoder's name; `details` has `counted` and, for each figure, `<figure>_interval`,
        [low, high] in [0, 1].
      counted: what N is the number of, such as 'images'.
      figures: the columns' headings, by figure.
    """
    header = ["", counted]
    for heading in figures.values():
        header += [heading, "95% interval"]
    rows = []
    for name, result in results.items():
        cells: list[page.Cell] = [name, result.details[counted]]
        for figure in figures:
            low, high = result.details[f"{figure}_interval"]
            cells += [page.percent(result.figures[figure]), f"{100 * low:.2f} to {100 * high:.2f}"]
        rows.append(page.Row(cells))
    caption = "Evaluated here, in %, with Wilson's 95% intervals"
    return page.Table(caption, header, rows, digits=2)
