# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""An evaluation from batches of detections to figures, files and pictures."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib import figure as figures
from PIL import Image

from vito_tf.transfer.detection import (
    annotation_files,
    coco_evaluation,
    lvis_evaluation,
    pictures,
    precision_recall,
)

METRICS = {"coco": coco_evaluation.evaluate, "lvis": lvis_evaluation.evaluate}
DETECTIONS = "detections.json"
CLASSES = "class_ap.tsv"
SHEET = "detections.png"
CURVES = "precision_recall.png"
_SHOWN_SCORE = 0.3  # our choice: what is drawn of detections


class Evaluator:
    """Measures detections of the images of one annotation file, evaluation after evaluation."""

    def __init__(self, annotation_file: str, metric: str, num_classes: int, num_pictures: int):
        """Reads the annotations.

        Args:
          annotation_file: in COCO's or LVIS's format.
          metric: one of `METRICS`.
          num_classes: that the detector knows.
          num_pictures: images to draw.

        Raises:
          ValueError: if the file cannot be used or has another number of categories, the metric is
            unknown, or its package is missing.
        """
        if metric not in METRICS:
            raise ValueError(f"task.metric must be one of {', '.join(METRICS)}, not {metric!r}.")
        if metric == "lvis":
            lvis_evaluation.package()
        self._metric = metric
        self._file = annotation_file
        self._data = annotation_files.read(annotation_file)
        self._categories = annotation_files.categories(self._data)
        if len(self._categories) != num_classes:
            raise ValueError(
                f"task.model.num_classes is {num_classes}, but {annotation_file} has "
                f"{len(self._categories)} categories."
            )
        self._known = {image["id"] for image in self._data["images"]}
        self._num_pictures = num_pictures
        self.reset()

    def reset(self) -> None:
        """Forgets what has been seen."""
        self._seen: set[int] = set()
        self._results: list[dict[str, Any]] = []
        self._shown: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def update(self, batch: Mapping[str, np.ndarray]) -> None:
        """Takes a batch of detections; an image that comes twice counts once.

        Args:
          batch: `image_id` [B], -1 where there is no image; and `detections.detect`'s `boxes`, in
            pixels of the images as they were, `classes`, `scores` and `num_detections`.

        Raises:
          ValueError: if an image is not in the annotation file; or boxes are no numbers, which
            COCO's and LVIS's codes take for a match of whatever is there.
        """
        ids = list(self._categories)
        for number, image_id in enumerate(int(one) for one in batch["image_id"]):
            if image_id < 0 or image_id in self._seen:
                continue
            if image_id not in self._known:
                raise ValueError(
                    f"Image {image_id} of the validation data is not in {self._file}; choose "
                    "task.annotation_file as the one that these records were made of."
                )
            self._seen.add(image_id)
            count = int(batch["num_detections"][number])
            found = [batch[name][number][:count] for name in ("boxes", "classes", "scores")]
            if not (np.isfinite(found[0]).all() and np.isfinite(found[2]).all()):
                raise ValueError(
                    f"The boxes or scores found in image {image_id} are no numbers: the training "
                    "has diverged."
                )
            for box, category, score in zip(*found):
                y_min, x_min, y_max, x_max = (float(value) for value in box)
                rounded = [round(v, 2) for v in (x_min, y_min, x_max - x_min, y_max - y_min)]
                self._results.append(
                    {
                        "image_id": image_id,
                        "category_id": ids[int(category)],
                        "bbox": rounded,
                        "score": float(score),
                    }
                )

    def keep_pictures(self, batch: Mapping[str, np.ndarray]) -> None:
        """Keeps the first images to be drawn.

        Args:
          batch: `image_id` [B]; `image_info` [B, 4, 2], Model Garden's; `images`, uint8
            [B, H, W, 3], as the network sees them.
        """
        for image_id, info, image in zip(batch["image_id"], batch["image_info"], batch["images"]):
            if image_id >= 0 and len(self._shown) < self._num_pictures:
                self._shown.setdefault(int(image_id), (np.asarray(image), np.asarray(info)))

    def finish(self, folder: str | None) -> dict[str, Any]:
        """Measures, draws, writes, and forgets what has been seen.

        Args:
          folder: receives `detections.json` (COCO's format of results), `class_ap.tsv`,
            `precision_recall.png` and, of pictures that were kept, `detections.png`; each replaces
            that of an earlier evaluation. None to draw and write nothing.

        Returns:
          The metric's figures, `num_images`, and of COCO `ap/<class>`, all as float;
          uint8 [1, h, w, 3] under `image/precision_recall` and `image/validation_<i>`.

        Raises:
          ValueError: if there is no object in the images that were seen, so that nothing can be
            measured.
        """
        measured = METRICS[self._metric](self._data, self._results, list(self._seen))
        if "AP" not in measured.figures:
            raise ValueError(f"{self._file} has no object in the {len(self._seen)} images seen.")
        logs: dict[str, Any] = {**measured.figures, "num_images": float(len(self._seen))}
        if self._metric == "coco":
            for name, value in zip(self._names, measured.class_ap()):
                if np.isfinite(value):
                    logs[f"ap/{name}"] = float(value)
        if folder is not None:
            drawn = [self._drawn(image_id) for image_id in self._shown]
            curves = _pixels(precision_recall.plot(measured, self._names))
            self._write(folder, measured, drawn, curves)
            logs["image/precision_recall"] = curves[np.newaxis]
            for number, picture in enumerate(drawn):
                logs[f"image/validation_{number}"] = picture[np.newaxis]
        self.reset()
        return logs

    @property
    def _names(self) -> list[str]:
        return list(self._categories.values())

    def _drawn(self, image_id: int) -> np.ndarray:
        image, info = self._shown[image_id]
        height, width = (int(side) for side in np.minimum(np.rint(info[0] * info[2]), info[1]))
        found = [
            one
            for one in self._results
            if one["image_id"] == image_id and one["score"] >= _SHOWN_SCORE
        ]
        true = [one for one in self._data["annotations"] if one["image_id"] == image_id]
        labels = [f"{self._categories[one['category_id']]} {one['score']:.2f}" for one in found]
        names = [self._categories.get(one["category_id"], "?") for one in true]
        return pictures.draw(
            np.ascontiguousarray(image[:height, :width]),
            self._boxes(found, labels, info[2]),
            self._boxes(true, names, info[2]),
        )

    def _boxes(
        self, objects: list[dict[str, Any]], labels: list[str], scale: np.ndarray
    ) -> pictures.Boxes:
        corners = np.array([one["bbox"] for one in objects], np.float64).reshape(-1, 2, 2)
        corners[:, 1] += corners[:, 0]
        numbers = {category: number for number, category in enumerate(self._categories)}
        return pictures.Boxes(
            boxes=(corners[..., ::-1] * scale).reshape(-1, 4),
            classes=np.array([numbers.get(one["category_id"], 0) for one in objects], np.int64),
            labels=labels,
        )

    def _write(
        self,
        folder: str,
        measured: precision_recall.Evaluation,
        drawn: list[np.ndarray],
        curves: np.ndarray,
    ) -> None:
        tf.io.gfile.makedirs(folder)
        rows = zip(self._names, *(measured.class_ap(iou) for iou in (None, 0.5, 0.75)))
        table = ["class\tAP\tAP50\tAP75"]
        table += ["\t".join([name, *(_cell(value) for value in values)]) for name, *values in rows]
        with tf.io.gfile.GFile(os.path.join(folder, CLASSES), "w") as file:
            file.write("\n".join(table) + "\n")
        with tf.io.gfile.GFile(os.path.join(folder, DETECTIONS), "w") as file:
            file.write(json.dumps(self._results))
        sheets = {CURVES: curves, **({SHEET: pictures.sheet(drawn)} if drawn else {})}
        for name, pixels in sheets.items():
            with tf.io.gfile.GFile(os.path.join(folder, name), "wb") as file:
                file.write(tf.io.encode_png(pixels).numpy())


def _cell(value: float) -> str:
    return f"{value:.6f}" if np.isfinite(value) else ""


def _pixels(figure: figures.Figure) -> np.ndarray:
    """uint8 [h, w, 3] of a figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return np.asarray(Image.open(buffer).convert("RGB"))
