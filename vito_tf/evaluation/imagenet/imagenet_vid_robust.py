# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet-Vid-Robust: accuracy on single frames and through time (Shankar et al. 2021; A.7)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import gin
import numpy as np
from matplotlib import figure as figures

from vito_tf.evaluation import benchmark, data_errors, image_sets, page, paper_tables
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.imagenet import accuracy, classes, classification, tables, video_frames


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ImagenetVidRobust(classification.Classification):
    """pm0 and pm10: anchors that are correct, and those whose whole pm-set is correct as well.

    A frame's answer is the best of 30 classes, each standing with the largest logit among its kinds
    (imagenet-testbed, src/eval_settings/imagenet_vid_robust.py). An anchor of whose set a frame is
    missing or cannot be decoded is left out of all figures.
    """

    NAME: ClassVar[str] = "imagenet_vid_robust"
    TITLE: ClassVar[str] = "ImageNet-Vid-Robust"
    DATA: ClassVar[str] = (
        "Wanted: imagenet_vid_ytbb_robust.tar.gz of the Amazon S3 bucket "
        "do-imagenet-classifiers-generalize-across-time (us-west-2), unpacked: its folder "
        f"imagenet-vid-robust with {video_frames.PM_SETS}, {video_frames.LABELS} and the frames "
        "val/ILSVRC2015_val_*/*.JPEG, 22,179 of 1109 anchors, or any subset of them."
    )

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        frames = video_frames.read(data, self.DATA)
        needed = frames.needed()
        present = [name for name in needed if os.path.isfile(os.path.join(data, name))]
        if not present:
            raise data_errors.DataError(
                f"{data} holds none of the frames that it names, such as {needed[0]}. {self.DATA}"
            )
        paths = [os.path.join(data, name) for name in present]
        images = image_sets.of_files("ImageNet-Vid-Robust", paths, names=present)
        logits = self._logits(encoder, images, context, self.crop)
        answers = np.argmax(video_frames.video_logits(logits.values), axis=1)
        answer_of = {name: int(answer) for name, answer in zip(logits.names, answers)}
        unusable = {name: f"{name} is missing" for name in set(needed) - set(present)}
        unusable.update({name: f"{name}: {reason}" for name, reason in logits.left_out})
        rows, left_out = _rows(frames, answer_of, unusable)
        if not rows:
            raise data_errors.DataError(
                f"{data} has no anchor with all frames of its set ({left_out[0].reason}). "
                f"{self.DATA}"
            )
        curve = [
            accuracy.share(np.array([row[f"pm{k}"] for row in rows]))
            for k in range(video_frames.MAX_DISTANCE + 1)
        ]
        return benchmark.Result(
            figures={"pm0": curve[0], "pm10": curve[-1]},
            items=rows,
            details={
                "anchors": len(rows),
                "accuracy_within": curve,
                **{f"{name}_interval": _interval(rows, name) for name in ("pm0", "pm10")},
            },
            left_out=left_out,
            partial=accuracy.missing(len(rows), video_frames.PUBLISHED_ANCHORS, "anchors"),
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = tables.results_of(finished)
        yield tables.beside_paper(paper_tables.IMAGENET_VID_ROBUST, results, ["pm0", "pm10"])
        yield tables.with_intervals(results, "anchors", {"pm0": "pm0", "pm10": "pm10"})
        yield page.Chart(
            accuracy_within(
                {name: result.details["accuracy_within"] for name, result in results.items()}
            ),
            "pm-k: anchors that are correct together with every similar frame up to k frames away",
        )


def accuracy_within(curves: Mapping[str, list[float]]) -> figures.Figure:
    """Draws pm-k, in [0, 1] for k from 0, of each encoder."""
    figure = figures.Figure(figsize=(5.6, 3.4))
    axis = figure.subplots()
    for name, curve in curves.items():
        axis.plot(range(len(curve)), [100 * value for value in curve], marker="o", label=name)
    axis.set_xlabel("k, in frames")
    axis.set_ylabel("pm-k accuracy in %")
    axis.set_xticks(range(video_frames.MAX_DISTANCE + 1))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure


def _rows(
    frames: video_frames.Frames, answer_of: Mapping[str, int], unusable: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[data_errors.LeftOut]]:
    """A row for each anchor whose frames all have an answer; the others with the reason."""
    names = [one.name for one in classes.video_classes()]
    correct = {frame: answer in frames.labels[frame] for frame, answer in answer_of.items()}
    rows, left_out = [], []
    for anchor, neighbours in frames.neighbours.items():
        gaps = [unusable[frame] for frame in (anchor, *neighbours) if frame in unusable]
        if gaps:
            more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
            left_out.append(data_errors.LeftOut(anchor, gaps[0] + more))
            continue
        within = {
            f"pm{k}": int(video_frames.robust_within(anchor, neighbours, correct, k))
            for k in range(video_frames.MAX_DISTANCE + 1)
        }
        rows.append(
            {
                "anchor": anchor,
                "classes": ", ".join(names[label] for label in frames.labels[anchor]),
                "answer": names[answer_of[anchor]],
                "neighbours": len(neighbours),
                "wrong_neighbours": sum(not correct[frame] for frame in neighbours),
                **within,
            }
        )
    return rows, left_out


def _interval(rows: list[dict[str, Any]], column: str) -> list[float]:
    return accuracy.interval(np.array([row[column] for row in rows]))
