# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a report shows of DAVIS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib import figure as figures

from vito_tf.evaluation import benchmark, page, paper_tables
from vito_tf.evaluation.video_segmentation import segmentation

_POINTS = 21  # of the plot over time
_SHOWN_STRIPS = 6
_COLUMNS = {
    "j_and_f": "J&F",
    "j_mean": "J mean",
    "j_recall": "J recall",
    "j_decay": "J decay",
    "f_mean": "F mean",
    "f_recall": "F recall",
    "f_decay": "F decay",
}


def over_time(region: Sequence[Sequence[float]]) -> list[float]:
    """Mean J of all objects at `_POINTS` equally spaced times between first and last frame.

    Args:
      region: of each object, J of each frame.
    """
    if not region:
        return []
    shares = np.linspace(0, 1, _POINTS)
    curves = [np.interp(shares, np.linspace(0, 1, len(row)), row) for row in region]
    return [float(value) for value in np.mean(curves, 0)]


def parts(finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
    """Tables, plot, pictures and links; see `benchmark.Benchmark.show`."""
    yield from _tables(finished)
    if any(one.result.details["over_time"] for one in finished.values()):
        yield page.Chart(
            _plot(finished),
            "Region similarity J while a sequence goes on, mean of all objects of all sequences",
        )
    yield from _pictures(finished)


def _tables(finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
    ours = {name: one.result.figures for name, one in finished.items()}
    partial = {name for name, one in finished.items() if one.result.partial}
    sets = {
        f"{'a part' if name in partial else 'the whole'} of DAVIS "
        f"{one.result.details['year']} {one.result.details['split']}"
        for name, one in finished.items()
    }
    if sets != {"the whole of DAVIS 2017 val"}:
        yield page.Text(
            "The paper's figures are those of the whole of DAVIS 2017 val, ours those of "
            f"{' and '.join(sorted(sets))}: they cannot be compared."
        )
    yield paper_tables.DAVIS_J_AND_F.beside(
        {name: [page.percent(row["j_and_f"])] for name, row in ours.items()}, partial
    )
    yield paper_tables.DAVIS.beside(
        {
            name: [page.percent(row[column]) for column in ("j_mean", "f_mean")]
            for name, row in ours.items()
        },
        partial,
    )
    yield page.Table(
        "All figures, in %",
        ("", *_COLUMNS.values()),
        [
            page.Row((name, *(page.percent(row[column]) for column in _COLUMNS)))
            for name, row in ours.items()
        ],
    )
    rows = [
        page.Row((sequence, *(page.percent(scores.get(sequence)) for scores in _scores(finished))))
        for sequence in _ranked(finished)
    ]
    yield page.Table("J&F of each sequence, in %, best first", ("sequence", *finished), rows)


def _scores(finished: Mapping[str, benchmark.Finished]) -> list[dict[str, float]]:
    """Of each encoder, J&F of each scored sequence, the mean of its objects."""
    scores = []
    for one in finished.values():
        by_sequence: dict[str, list[float]] = {}
        for row in one.result.items:
            value = (row["j_mean"] + row["f_mean"]) / 2
            by_sequence.setdefault(row["sequence"], []).append(value)
        scores.append({name: float(np.mean(values)) for name, values in by_sequence.items()})
    return scores


def _ranked(finished: Mapping[str, benchmark.Finished]) -> list[str]:
    """All sequences that somebody was scored on, best first by the mean of the encoders."""
    scores = _scores(finished)
    names = dict.fromkeys(name for row in scores for name in row)
    return sorted(names, key=lambda name: -np.mean([row[name] for row in scores if name in row]))


def _plot(finished: Mapping[str, benchmark.Finished]) -> figures.Figure:
    figure = figures.Figure(figsize=(5.6, 3.2))
    axis = figure.subplots()
    for name, one in finished.items():
        values = one.result.details["over_time"]
        if values:
            axis.plot(np.linspace(0, 100, _POINTS), 100 * np.array(values), label=name)
    axis.set_xlabel("time, % of the sequence")
    axis.set_ylabel("J, %")
    axis.set_xlim(0, 100)
    axis.set_ylim(0, 100)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def _pictures(finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
    """Strips of a few sequences, from the best to the worst, and links to all videos."""
    ranked = _ranked(finished) or list(next(iter(finished.values())).result.details["sequences"])
    places = np.linspace(0, len(ranked) - 1, min(_SHOWN_STRIPS, len(ranked)))
    for sequence in (ranked[place] for place in np.round(places).astype(int)):
        strips = {
            name: segmentation.strips(one.folder, sequence)
            for name, one in finished.items()
            if sequence in one.result.details["sequences"]
        }
        yield page.Photo(next(iter(strips.values())).true, f"{sequence}, true masks")
        for name, strip in strips.items():
            yield page.Photo(strip.propagated, f"{sequence}, {name}")
    for name, one in finished.items():
        paths = [segmentation.video(one.folder, each) for each in one.result.details["sequences"]]
        yield page.Links(f"Videos, true masks beside those of {name}", paths)
