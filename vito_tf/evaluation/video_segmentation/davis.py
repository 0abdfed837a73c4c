# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark DAVIS: semi-supervised video object segmentation (vito.md, A.4, Table B.4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import gin
import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.evaluation import benchmark, data_errors, page
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.video_segmentation import (
    davis_report,
    propagation,
    region_and_boundary,
    segmentation,
)
from vito_tf.evaluation.video_segmentation import sequences as sequences_lib

_VERSION = 1  # of how masks come about; to be raised when the same input would give other masks
_FIGURES = ("j_mean", "j_recall", "j_decay", "f_mean", "f_recall", "f_decay")
_RULE = (
    "J and F as davis2017-evaluation computes them: frames 1 to T-2 of each sequence, means over "
    "the frames of an object, then over all objects"
)
_RULE_2016 = (
    "DAVIS 2016: everything that is not background is one object. Frames, J and F are those of "
    "davis2017-evaluation, whose quarters for the decay differ by a frame from those of 2016's code"
)


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Davis(benchmark.Benchmark):
    """Propagates the first mask of each sequence as VFS does and compares with the true masks.

    Writes `masks/SEQUENCE/00000.png`, ... in the form that davis2017-evaluation reads, a video and
    two strips of pictures a sequence. Sequences that are done are not done again.

    Attributes:
      top_k: positions that a label is taken from.
      temperature: of the softmax over their cosines.
      radius: of the neighbourhood, in cells of the feature map.
      context: preceding frames that are searched, besides the first.
      short_side: pixels, of the frames that are encoded.
      split: 'val', 'train', or any other that ImageSets lists; without true masks, as in
        'test-dev', masks are propagated but not scored.
      sequences: names, to take these alone; the result is partial.
      max_frames: of each sequence, for a quick look; the result is partial. None for all.
    """

    top_k: int = 10
    temperature: float = 0.07
    radius: float = 18.0
    context: int = 20
    short_side: int = 480
    split: str = "val"
    sequences: Sequence[str] = ()
    max_frames: int | None = None

    NAME: ClassVar[str] = "davis"
    TITLE: ClassVar[str] = "Video segmentation on DAVIS"
    DATA: ClassVar[str] = sequences_lib.DATA
    REQUIRES: ClassVar[tuple[str, ...]] = (encoder_lib.DENSE_FEATURES,)

    def __post_init__(self):
        for name in ("top_k", "temperature", "radius", "context", "short_side"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"Davis.{name} must be positive: {getattr(self, name)}.")
        if isinstance(self.sequences, str):
            raise ValueError(f"Davis.sequences must be a tuple of names: {self.sequences!r}.")
        if self.max_frames is not None and self.max_frames < 3:
            raise ValueError(f"Davis.max_frames must be 3 or more: {self.max_frames}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        found = sequences_lib.find(data, self.split, self.sequences)
        left_out, remarks = list(found.left_out), [found.partial] if found.partial else []
        chosen = [self._shortened(sequence) for sequence in found.sequences]
        if self.max_frames is not None:
            remarks.append(f"at most {self.max_frames} frames of each sequence")
        how = segmentation.Segmentation(
            encode=tf.function(encoder.dense_features),
            identity=f"{encoder.identity} {_VERSION}",
            settings=propagation.Settings(self.top_k, self.temperature, self.radius, self.context),
            short_side=self.short_side,
        )
        done: dict[str, segmentation.Segmented] = {}
        total = sum(len(sequence.frames) for sequence in chosen)
        with progress.bar(total=total, desc="DAVIS", unit="frame") as bar:
            for sequence in chosen:
                try:
                    done[sequence.name] = segmentation.segment(
                        how, sequence, found.year, context.folder, bar.update
                    )
                except data_errors.DataError as error:
                    left_out.append(data_errors.LeftOut(sequence.name, str(error).rstrip(".")))
        if not done:
            reasons = "; ".join(f"{row.name}: {row.reason}" for row in left_out[:3])
            raise data_errors.DataError(f"No sequence of {data} can be used. {reasons}.")
        left_out += [
            _unscored(sequence)
            for sequence in chosen
            if sequence.name in done and None in sequence.masks
        ]
        if left_out:
            remarks.append(f"sequences without a score: {len(left_out)}")
        return self._result(found.year, done, left_out, "; ".join(remarks))

    def _shortened(self, sequence: sequences_lib.Sequence) -> sequences_lib.Sequence:
        return sequence._replace(
            frames=sequence.frames[: self.max_frames], masks=sequence.masks[: self.max_frames]
        )

    def _result(
        self,
        year: int,
        done: Mapping[str, segmentation.Segmented],
        left_out: Sequence[data_errors.LeftOut],
        partial: str,
    ) -> benchmark.Result:
        items = [row for name, segmented in done.items() for row in _items(name, segmented)]
        scored = {name: one.region for name, one in done.items() if one.region is not None}
        figures: dict[str, float | None] = dict.fromkeys(("j_and_f", *_FIGURES))
        if items:
            means = {name: float(np.mean([row[name] for row in items])) for name in _FIGURES}
            figures = {"j_and_f": (means["j_mean"] + means["f_mean"]) / 2, **means}
        details = {
            "year": year,
            "split": self.split,
            "sequences": list(done),
            "region": {name: np.mean(region, 0).tolist() for name, region in scored.items()},
            "over_time": davis_report.over_time([row for rows in scored.values() for row in rows]),
        }
        return benchmark.Result(
            figures=figures,
            items=items,
            details=details,
            left_out=left_out,
            partial=partial,
            notes=[_RULE, *([_RULE_2016] if year == 2016 else [])],
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        return davis_report.parts(finished)


def _unscored(sequence: sequences_lib.Sequence) -> data_errors.LeftOut:
    missing = sum(mask is None for mask in sequence.masks)
    reason = f"{missing} of {len(sequence.masks)} true masks are missing: propagated, not scored"
    return data_errors.LeftOut(sequence.name, reason)


def _items(name: str, segmented: segmentation.Segmented) -> list[dict[str, Any]]:
    """A row for each object of a sequence; none if it is not scored."""
    rows = []
    for index, (region, boundary) in enumerate(
        zip(segmented.region or (), segmented.boundary or ())
    ):
        j, f = region_and_boundary.statistics(region), region_and_boundary.statistics(boundary)
        figures = dict(zip(_FIGURES, (*j, *f)))
        rows.append({"sequence": name, "object": index + 1, "frames": len(region), **figures})
    return rows
