# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The four data sets that take texture away from objects (§4.2, A.9), and where they lie."""

from __future__ import annotations

import os
from typing import NamedTuple

import tensorflow as tf

DATA = (
    "The data are model-vs-human's (github.com/bethgelab/model-vs-human). From its release v0.1 "
    "unpack edge.tar.gz, cue-conflict.tar.gz, low-pass.tar.gz and uniform-noise.tar.gz into "
    "<data> or <data>/datasets: the stimuli are <data set>/<category>/*.png or "
    "<data set>/dnn/session-1/*.png below it. The humans' responses are the repository's folder "
    "raw-data: <data>/raw-data/<data set>/*.csv or <data>/human/<data set>/*.csv. A clone of the "
    "repository with the stimuli in its folder datasets will do as it is."
)


class DataSet(NamedTuple):
    """Stimuli that humans and networks sort into 16 categories.

    Attributes:
      name: as files and folders have it.
      conditions: strengths of a distortion, in order, as `condition` writes them.
      excluded: conditions that no figure counts: those without distortion, and those in which
        humans are right less often than 1 in 5 times (`EXCLUDE_CONDITIONS` of
        `modelvshuman/plotting/plot.py`).
      axis: what the conditions are.
      stimuli: published number of images, of all conditions.
      humans: published number of subjects.
    """

    name: str
    conditions: tuple[str, ...]
    excluded: tuple[str, ...]
    axis: str
    stimuli: int
    humans: int

    def counts(self, condition: str) -> bool:
        """Whether a condition is part of the figures."""
        return condition not in self.excluded

    def stimuli_folder(self, data: str) -> str | None:
        """The first folder there is that may hold its stimuli."""
        return _first_folder(data, ("", "datasets"), self.name)

    def responses_folder(self, data: str) -> str | None:
        """The first folder there is that may hold humans' responses."""
        return _first_folder(data, ("raw-data", "human"), self.name)


EDGE = DataSet("edge", ("0",), (), "edge drawings", 160, 10)
CUE_CONFLICT = DataSet("cue-conflict", ("0",), (), "shape against texture", 1280, 10)
LOW_PASS = DataSet(
    "low-pass",
    ("0", "1", "3", "5", "7", "10", "15", "40"),
    ("0", "15", "40"),
    "standard deviation of the blur",
    1280,
    4,
)
UNIFORM_NOISE = DataSet(
    "uniform-noise",
    ("0", "0.03", "0.05", "0.1", "0.2", "0.35", "0.6", "0.9"),
    ("0", "0.6", "0.9"),
    "width of the noise",
    1280,
    4,
)

ALL = {one.name: one for one in (EDGE, CUE_CONFLICT, LOW_PASS, UNIFORM_NOISE)}


def condition(text: str) -> str:
    """A condition as `DataSet.conditions` writes it: '0.90' as '0.9', words as they are."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def image_id(name: str) -> str:
    """What a stimulus is called whoever it is shown to, in whatever trial.

    Args:
      name: of the file, such as '0001_lp_s01_40_chair_10_n04099969_7577.png'.

    Returns:
      Its last part, such as 'bear1-airplane3.png'; of ImageNet's images the last two, such as
      'n04099969_7577.png' (`modelvshuman/helper/plotting_helper.py`).
    """
    parts = name.split("_")
    return "_".join(parts[-2:]) if parts[-2:][0].startswith("n0") else parts[-1]


def _first_folder(data: str, parents: tuple[str, ...], name: str) -> str | None:
    folders = (os.path.join(data, parent, name) for parent in parents)
    return next((folder for folder in folders if tf.io.gfile.isdir(folder)), None)
