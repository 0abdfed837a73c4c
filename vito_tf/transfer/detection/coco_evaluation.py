# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""COCO's average precision of boxes, by COCO's own code (pycocotools)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import coco, cocoeval

from vito_tf.transfer.detection import precision_recall

FIGURES = (
    *("AP", "AP50", "AP75", "APs", "APm", "APl"),
    *("ARmax1", "ARmax10", "ARmax100", "ARs", "ARm", "ARl"),
)
"""What COCO reports, in its order, under Model Garden's names."""


def evaluate(
    data: dict[str, Any], results: Sequence[dict[str, Any]], image_ids: Sequence[int]
) -> precision_recall.Evaluation:
    """Measures detections.

    Args:
      data: annotations (`annotation_files.read`).
      results: in COCO's format, image_id, category_id, bbox [x, y, width, height] and score each;
        there may be none.
      image_ids: of all images that were looked at; detections and objects of others do not count.

    Returns:
      The figures `FIGURES`; classes in the order of category ids.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        truth = _indexed(data)
        # loadRes takes the format from the first result.
        found = truth.loadRes([dict(one) for one in results]) if results else _without_boxes(data)
        evaluation = cocoeval.COCOeval(truth, found, "bbox")
        evaluation.params.imgIds = sorted(set(image_ids))
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return precision_recall.Evaluation(
        figures={
            name: float(value) for name, value in zip(FIGURES, evaluation.stats) if value > -1
        },
        ious=np.asarray(evaluation.params.iouThrs),
        recalls=np.asarray(evaluation.params.recThrs),
        precisions=np.asarray(evaluation.eval["precision"])[:, :, :, 0, -1],
    )


def _indexed(data: dict[str, Any]) -> coco.COCO:
    result = coco.COCO()
    result.dataset = data
    result.createIndex()
    return result


def _without_boxes(data: dict[str, Any]) -> coco.COCO:
    return _indexed({**data, "annotations": []})
