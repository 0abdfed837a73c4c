# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Paper §3.2: does a video show the category that its title promised?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import gin
import numpy as np


class Verdict(NamedTuple):
    """What was decided of a video.

    Attributes:
        label: the category that it shows; -1 if it shows none of those that it might.
        score: in [0, 1]: the share of frames that show this category or, where none was verified,
            the best of the others; with `Verification.average` its mean probability instead.
    """

    label: int
    score: float


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Verification:
    """When the predictions for the first frames of a video confirm a category.

    The defaults are the paper's: "We classified the first 100 frames of each video and discarded
    videos for which the query category was not equal to the ResNet's top-1 prediction for any of
    the frames" (§3.2).

    Attributes:
        num_frames: how many frames are classified, from the first one on, at the source's rate.
        min_frames: how many of them must show the category.
        top_k: a frame shows a category that is among its k most probable ones (of equally probable
            ones, that with the lower index comes first),
        min_probability: and at least this probable.
        average: whether the mean of the probabilities over all frames is judged, as one frame.

    Raises:
        ValueError: an argument is outside its range.
    """

    num_frames: int = 100
    min_frames: int = 1
    top_k: int = 1
    min_probability: float = 0.0
    average: bool = False

    def __post_init__(self) -> None:
        _require("num_frames", self.num_frames, 1 <= self.num_frames <= 10_000, "in [1, 10000]")
        most = 1 if self.average else self.num_frames
        _require("min_frames", self.min_frames, 1 <= self.min_frames <= most, f"in [1, {most}]")
        _require("top_k", self.top_k, self.top_k >= 1, "at least 1")
        _require(
            "min_probability", self.min_probability, 0 <= self.min_probability <= 1, "in [0, 1]"
        )

    def decide(self, probabilities: np.ndarray, labels: Sequence[int]) -> Verdict:
        """Decides which of the categories that a video may belong to it shows, if any.

        Among several, that with the most frames wins, then that with the larger mean probability
        (with `average`: that alone), then the one named first.

        Args:
            probabilities: [n, C] of the frames in their order; those after the first `num_frames`
                are not looked at. A video may have fewer.
            labels: indices of the categories in question, in [0, C).

        Returns:
            The verdict; label -1 and score 0 where there is no frame or no category.

        Raises:
            ValueError: a label is outside [0, C).
        """
        if any(not 0 <= label < probabilities.shape[1] for label in labels):
            raise ValueError(f"Labels must be in [0, {probabilities.shape[1]}), got {labels}.")
        frames = probabilities[: self.num_frames].astype(np.float64)
        if not len(frames) or not len(labels):
            return Verdict(-1, 0.0)
        means = frames.mean(axis=0)
        judged = means[None] if self.average else frames
        counts = {label: int(self._shown(judged, label).sum()) for label in labels}
        verified = [label for label in labels if counts[label] >= self.min_frames]
        best = max(verified or labels, key=lambda label: (counts[label], means[label]))
        score = means[best] if self.average else counts[best] / len(frames)
        return Verdict(best if verified else -1, float(score))

    def _shown(self, frames: np.ndarray, label: int) -> np.ndarray:
        """Which of the frames [n, C] show a category."""
        own = frames[:, label, None]
        num_before = (frames > own).sum(axis=1) + (frames[:, :label] == own).sum(axis=1)
        return (num_before < self.top_k) & (own[:, 0] >= self.min_probability)


def _require(name: str, value: object, holds: bool, meaning: str) -> None:
    if not holds:
        raise ValueError(f"Verification.{name} must be {meaning}, got {value!r}.")
