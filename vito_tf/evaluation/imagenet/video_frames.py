# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The frames that ImageNet-Vid-Robust consists of, and what counts as robust (pm-k).

Shankar et al. (2021, "Do image classifiers generalize across time?"): an anchor frame has a set of
up to 20 neighbours at most 10 frames away that people found similar to it, its pm-set. Two files of
the data set name them, by paths relative to its folder:

    metadata/pmsets.json  {anchor: [neighbour, ...]}, 1109 anchors
    metadata/labels.json  {frame: [class, ...]}, 22,179 frames; classes 0 to 29, several if a frame
                          shows several things, of which any is a right answer
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import classes

PUBLISHED_ANCHORS = 1109
PM_SETS = "metadata/pmsets.json"
LABELS = "metadata/labels.json"
MAX_DISTANCE = 10


class Frames(NamedTuple):
    """What the two files say.

    Attributes:
      neighbours: of each anchor.
      labels: right answers of each frame, in the order of `classes.video_classes`.
    """

    neighbours: Mapping[str, Sequence[str]]
    labels: Mapping[str, Sequence[int]]

    def needed(self) -> list[str]:
        """All frames of all pm-sets, each once, sorted."""
        others = (frame for frames in self.neighbours.values() for frame in frames)
        return sorted({*self.neighbours, *others})


def read(folder: str, advice: str) -> Frames:
    """Reads the two files.

    Args:
      folder: that `metadata` lies in.
      advice: for messages, how the data must look.

    Raises:
      DataError: a file is missing or is not as above: paths that lead out of the folder or are no
        `<video>/<number>.JPEG`, frames without a class, unknown classes, repeated anchors.
    """
    neighbours = _lists(os.path.join(folder, PM_SETS), str, advice)
    labels = _lists(os.path.join(folder, LABELS), int, advice)
    frames = Frames(neighbours, labels)
    if not neighbours:
        raise data_errors.DataError(f"{os.path.join(folder, PM_SETS)} names no anchor. {advice}")
    for frame in frames.needed():
        if not _is_frame(frame):
            raise data_errors.DataError(
                f"{os.path.join(folder, PM_SETS)}: {frame!r} is no path val/<video>/<number>.JPEG."
            )
        known = labels.get(frame)
        if not known or not all(0 <= label < len(classes.video_classes()) for label in known):
            raise data_errors.DataError(
                f"{os.path.join(folder, LABELS)}: {frame} has the classes {known}; wanted are one "
                f"or more of 0 to {len(classes.video_classes()) - 1}."
            )
    return frames


def distance(anchor: str, frame: str) -> int:
    """How many frames two frames of a video are apart, by their numbers."""
    return abs(_number(anchor) - _number(frame))


def video_logits(logits: np.ndarray) -> np.ndarray:
    """The largest logit among each video class's kinds (imagenet-testbed): [N, 1000] to [N, 30]."""
    columns = [logits[:, one.labels].max(axis=1) for one in classes.video_classes()]
    return np.stack(columns, axis=1)


def robust_within(
    anchor: str, neighbours: Sequence[str], correct: Mapping[str, bool], k: int
) -> bool:
    """Whether an anchor and all of its neighbours up to k frames away are classified correctly.

    Neighbours that are farther than `MAX_DISTANCE`, if there are any, count at that distance.
    """
    inside = (frame for frame in neighbours if min(distance(anchor, frame), MAX_DISTANCE) <= k)
    return correct[anchor] and all(correct[frame] for frame in inside)


def _number(frame: str) -> int:
    return int(os.path.splitext(os.path.basename(frame))[0])


def _is_frame(path: str) -> bool:
    parts = path.split("/")
    inside = len(parts) > 1 and not {"", ".", ".."} & set(parts)
    return inside and os.path.splitext(parts[-1])[0].isdecimal()


def _lists(path: str, kind: type, advice: str) -> dict[str, Any]:
    """Reads a JSON object of lists of strings or of whole numbers."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file, object_pairs_hook=_unrepeated)
    except OSError as error:
        raise data_errors.DataError(f"{path} cannot be read. {advice}") from error
    except (ValueError, RecursionError) as error:
        raise data_errors.DataError(f"{path} is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise data_errors.DataError(f"{path} holds no JSON object.")
    for key, value in content.items():
        if not isinstance(value, list) or any(type(one) is not kind for one in value):
            raise data_errors.DataError(f"{path}: {key!r} has no list of {kind.__name__}.")
    return content


def _unrepeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name occurs twice")
    return content
