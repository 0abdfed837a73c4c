# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tables and plots of the geometry of features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import figure as figures

from vito_tf.evaluation import benchmark, page

_DIGITS = 3
_COLUMNS = 4
_LONGEST_TITLE = 24

_OF_IMAGES = {
    "effective_rank": "effective rank ↑",
    "relative_spread": "spread ↑",
    "uniformity": "uniformity ↓",
    "alignment": "alignment ↓",
}
_OF_VIDEOS = {
    "adjacent_cosine": "cosine of adjacent frames",
    "between_cosine": "cosine between videos",
    "temporal_stability": "stability",
    "curvature": "curvature (°)",
    "pixel_curvature": "of pixels (°)",
    "curvature_change": "change (°)",
}


def of_images(results: Mapping[str, benchmark.Result]) -> Iterator[page.Part]:
    """Of the encoders that saw images."""
    chosen = {name: one for name, one in results.items() if "spectrum" in one.details}
    if not chosen:
        return
    yield _table("How features of images spread", chosen, ("images", "dimensions"), _OF_IMAGES)
    yield page.Text(
        "Effective rank: exp of the entropy of the singular values of centred features (Roy and "
        "Vetterli 2007), at most the number of dimensions and of images less one. Spread: mean "
        "standard deviation of features of unit length times the root of their dimensions; 0 if "
        "collapsed, 1 at best. Uniformity and alignment: Wang and Isola 2020 (t = 2, alpha = 2; "
        "pairs of random crops under A1 and A2); alignment alone is best, 0, for a collapsed "
        "encoder."
    )
    if any(one.details["spectrum"] for one in chosen.values()):
        yield page.Chart(_spectrum(chosen), "Share of the variance of each principal component.")


def of_videos(results: Mapping[str, benchmark.Result]) -> Iterator[page.Part]:
    """Of the encoders that saw videos."""
    chosen = {name: one for name, one in results.items() if one.details.get("videos")}
    if not chosen:
        return
    yield _table("How features of videos move", chosen, ("videos", "frames"), _OF_VIDEOS)
    yield page.Text(
        "Stability: (cosine of adjacent frames - cosine between videos) / (1 - cosine between "
        "videos); 1 if features stand still, 0 if adjacent frames are no more alike than any two. "
        "Curvature: mean angle between successive steps, 0 for a straight line (Hénaff et al. "
        "2019); the change is that from pixels to features, below 0 if features move straighter."
    )
    if any(_curvatures(one) for one in chosen.values()):
        caption = "Curvature of each video; below the line, features move straighter than pixels."
        yield page.Chart(_against_pixels(chosen), caption)
    for name, one in chosen.items():
        caption = (
            f"{name}: features of videos in the plane of their two principal components, each "
            "video on its own scale, from its first frame (dark) to its last (bright)"
        )
        yield page.Chart(_trajectories(one.details["trajectories"]), caption)


def _table(
    caption: str,
    results: Mapping[str, benchmark.Result],
    sizes: Sequence[str],
    columns: Mapping[str, str],
) -> page.Table:
    rows = [
        page.Row(
            (name, *(one.details[size] for size in sizes), *(one.figures[key] for key in columns))
        )
        for name, one in results.items()
    ]
    return page.Table(caption, ("", *sizes, *columns.values()), rows, _DIGITS)


def _spectrum(results: Mapping[str, benchmark.Result]) -> figures.Figure:
    figure = figures.Figure(figsize=(5.2, 3.2))
    axis = figure.subplots()
    for name, one in results.items():
        # The last singular values of few images are rounding errors, as features are centred.
        shares = np.array(one.details["spectrum"][: one.details["images"] - 1])
        axis.plot(np.arange(1, len(shares) + 1), shares, label=name, marker=".", markersize=3)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("principal component")
    axis.set_ylabel("share of the variance")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def _curvatures(result: benchmark.Result) -> list[tuple[float, float]]:
    """Of pixels and of features, of each video that has both."""
    pairs = [(row["pixel_curvature"], row["curvature"]) for row in result.items]
    return [pair for pair in pairs if None not in pair]


def _against_pixels(results: Mapping[str, benchmark.Result]) -> figures.Figure:
    figure = figures.Figure(figsize=(4.2, 3.8))
    axis = figure.subplots()
    pairs = {name: np.array(_curvatures(one)) for name, one in results.items()}
    pairs = {name: points for name, points in pairs.items() if len(points)}
    ends = np.concatenate(list(pairs.values()))
    low, high = max(ends.min() - 5, 0), min(ends.max() + 5, 180)
    axis.plot([low, high], [low, high], color="grey", lw=1, ls="--")
    for name, points in pairs.items():
        axis.scatter(points[:, 0], points[:, 1], s=22, alpha=0.8, label=name)
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)
    axis.set_aspect("equal")
    axis.set_xlabel("curvature of pixels (°)")
    axis.set_ylabel("curvature of features (°)")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def _trajectories(trajectories: Sequence[Mapping[str, Any]]) -> figures.Figure:
    columns = min(_COLUMNS, len(trajectories))
    rows = -(-len(trajectories) // columns)
    figure = figures.Figure(figsize=(2.1 * columns, 2.2 * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, trajectory in zip(axes, trajectories):
        points = np.array(trajectory["points"])
        times = np.linspace(0, 1, len(points))
        axis.plot(*points.T, color="grey", lw=0.8, alpha=0.7)
        axis.scatter(points[:, 0], points[:, 1], c=times, cmap="viridis", s=16, zorder=2)
        axis.set_title(_short(trajectory["video"]), fontsize=8)
        axis.set_aspect("equal", adjustable="datalim")
        axis.margins(0.12)
        axis.tick_params(labelbottom=False, labelleft=False, length=0)
        axis.grid(alpha=0.3)
    for axis in axes[len(trajectories) :]:
        axis.set_axis_off()
    figure.tight_layout(pad=0.6)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_TITLE else f"…{name[-_LONGEST_TITLE + 1 :]}"
