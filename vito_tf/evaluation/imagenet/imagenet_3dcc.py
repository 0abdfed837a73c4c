# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet-3DCC: how much accuracy corruptions cost (Kar et al. 2022; A.7, Figure 2)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import gin
import numpy as np

from vito_tf.evaluation import benchmark, data_errors, image_sets, page, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.imagenet import (
    accuracy,
    classification,
    corruption_charts,
    corruption_folders,
    labelled_images,
    tables,
)
from vito_tf.transfer.datasets import imagenet

_PUBLIC_IMAGE_SIZE = 224


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Imagenet3dcc(classification.Classification):
    """Delta-accuracy: clean top-1 less corrupted top-1, by severity, averaged over corruptions.

    Where the paper says nothing, these are our choices. The public images are crops of 224 x 224
    already, made by torchvision's Resize(256) and CenterCrop(224) (the generator's dataset.py), so
    that they are taken whole, and clean images get that very crop. Both accuracies are those of the
    images that both have by class and name; where no name is shared, of all images.

    Attributes:
      corruptions: over which delta is averaged; by default A.7's seven, of which the public set
        lacks view_jitter. The others of the public set are evaluated, but not averaged.
      clean: the clean images, in a layout of `labelled_images.VALIDATION_LAYOUTS`; by default the
        folder `clean` or else `val` of the data.
      crop: of clean images; see `Classification`.
      corrupted_crop: of corrupted images.
    """

    NAME: ClassVar[str] = "imagenet_3dcc"
    TITLE: ClassVar[str] = "ImageNet-3DCC"
    DATA: ClassVar[str] = (
        "Wanted: the files NAME.tar.gz of datasets.epfl.ch/3dcc/imagenet_3dcc, unpacked beside "
        f"each other, where NAME is one of {', '.join(corruption_folders.PUBLIC)}: "
        "<corruption>/<severity 1 to 5>/<wnid>/*.JPEG, 50,000 images each, or any subset of them. "
        "And their originals, ImageNet's validation set, in the folder clean/ or val/ beside them "
        "or where Imagenet3dcc.clean says."
    )

    corruptions: Sequence[str] = corruption_folders.OF_THE_PAPER
    clean: str = ""
    corrupted_crop: str = preprocessing.WHOLE.name

    def __post_init__(self) -> None:
        super().__post_init__()
        self._known_crop("corrupted_crop")
        names = self.corruptions
        if isinstance(names, str) or not names or any(type(one) is not str for one in names):
            raise ValueError(
                "Imagenet3dcc.corruptions must be a list of one or more folders' names, not "
                f"{self.corruptions!r}."
            )

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        found = corruption_folders.find(data, self.corruptions, self.DATA)
        clean_images = labelled_images.validation(self._clean_source(data), self.DATA)
        clean, left_out = self._answers(encoder, clean_images, context, self.crop)
        left_out = [*found.left_out, *left_out]
        rows = []
        for condition in found.conditions:
            images = self._corrupted(condition)
            corrupted, unusable = self._answers(encoder, images, context, self.corrupted_crop)
            left_out += unusable
            row = {
                "corruption": condition.corruption,
                "severity": condition.severity,
                "averaged": condition.corruption in self.corruptions,
            }
            rows.append({**row, **corruption_folders.compare(clean, corrupted)})
        return benchmark.Result(
            figures=_figures(rows),
            items=rows,
            details={"clean_images": len(clean.correct)},
            left_out=left_out,
            partial=self._missing(rows),
            notes=_notes(rows, encoder.image_size),
        )

    def sources(self, data: str) -> Sequence[str]:
        return [data, self.clean]

    def _clean_source(self, data: str) -> str:
        if self.clean:
            return self.clean
        for name in corruption_folders.CLEAN_FOLDERS:
            if os.path.isdir(os.path.join(data, name)):
                return os.path.join(data, name)
        raise data_errors.DataError(f"{data} has no folder of clean images. {self.DATA}")

    def _corrupted(self, condition: corruption_folders.Condition) -> image_sets.ImageSet:
        what = f"ImageNet-3DCC {condition.corruption}/{condition.severity}"
        known = range(encoder_lib.IMAGENET_CLASSES)
        images = labelled_images.of_class_folders(condition.folder, known, what, self.DATA)
        if self.corrupted_crop == preprocessing.WHOLE.name:
            first = next(images.read().as_numpy_iterator())
            path = os.path.join(condition.folder, first["name"].decode())
            corruption_folders.check_square(path, first["image"], "Imagenet3dcc.corrupted_crop")
        return images

    def _answers(
        self,
        encoder: encoder_lib.Encoder,
        images: image_sets.ImageSet,
        context: benchmark.Context,
        crop: str,
    ) -> tuple[corruption_folders.Answers, Sequence[data_errors.LeftOut]]:
        logits = self._logits(encoder, images, context, crop)
        correct = accuracy.in_top(logits.values, logits.labels, 1)
        keys = [
            corruption_folders.key(name, label) for name, label in zip(logits.names, logits.labels)
        ]
        if len(set(keys)) < len(keys):
            raise data_errors.DataError(
                f"{images.name}: two images of a class have one name but for the suffix or folder."
            )
        left_out = [
            data_errors.LeftOut(f"{images.name}: {name}", reason)
            for name, reason in logits.left_out
        ]
        return corruption_folders.Answers(keys, correct), left_out

    def _missing(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """What the figures lack of the paper's corruptions, and of their images."""
        averaged = [row for row in rows if row["averaged"]]
        parts = []
        for corruption in self.corruptions:
            there = [row["severity"] for row in averaged if row["corruption"] == corruption]
            absent = [str(one) for one in corruption_folders.SEVERITIES if one not in there]
            if not there:
                public = corruption in corruption_folders.PUBLIC
                parts.append(f"no {corruption}" + ("" if public else " (not in the public set)"))
            elif absent:
                parts.append(f"no {corruption} of severity {', '.join(absent)}")
        fewest = min(row["images"] for row in averaged or rows)
        images = accuracy.missing(fewest, imagenet.PUBLISHED_VALIDATION)
        if images:
            parts.append(f"{images} in the smallest condition")
        return "; ".join(parts)

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = tables.results_of(finished)
        yield page.Text(
            "The paper shows delta-accuracy in Figure 2 without numbers, so none stand beside "
            "these. It averages over seven corruptions, one of which, view jitter, is not public."
        )
        yield page.Chart(
            corruption_charts.drop_by_severity(results),
            "Clean top-1 less corrupted top-1 (Figure 2), averaged over the corruptions that the "
            "last table marks so",
        )
        yield corruption_charts.summary(results)
        yield corruption_charts.by_corruption(results)


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    averaged = [row for row in rows if row["averaged"]]
    figures = {"clean_top_1": _mean([row["clean_top_1"] for row in averaged or rows])}
    for severity in corruption_folders.SEVERITIES:
        deltas = [row["delta"] for row in averaged if row["severity"] == severity]
        figures[f"delta_severity_{severity}"] = _mean(deltas)
    figures["delta_mean"] = _mean([row["delta"] for row in averaged])
    return figures


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _notes(rows: Sequence[Mapping[str, Any]], image_size: int) -> list[str]:
    notes = []
    unpaired = sorted({row["corruption"] for row in rows if not row["paired"]})
    if unpaired:
        notes.append(
            "No clean image has the name of a corrupted one, so that all clean images are compared "
            f"with all corrupted ones: {', '.join(unpaired)}."
        )
    lone = sum(row["without_original"] for row in rows)
    if lone:
        notes.append(f"{lone} corrupted images have no clean original and are not counted.")
    if image_size != _PUBLIC_IMAGE_SIZE:
        notes.append(
            f"The encoder takes {image_size} x {image_size} pixels: corrupted images, which are "
            f"{_PUBLIC_IMAGE_SIZE} x {_PUBLIC_IMAGE_SIZE}, are resized, and the clean ones have "
            "another resolution. That is part of the drop."
        )
    return notes
