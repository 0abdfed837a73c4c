# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""LVIS's average precision of boxes, by LVIS's own code (lvis-api, the package `lvis`).

It asks for opencv-python, which cannot live beside the opencv-python-headless of Model Garden, so
that it is no requirement of this package and is installed by itself. It keeps an entry for every
pair of an image and a class: on all of v1_val it takes many gigabytes and many minutes.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vito_tf.transfer.detection import precision_recall

MAX_DETECTIONS = 300
"""An image, of the highest scores."""


def evaluate(
    data: dict[str, Any], results: Sequence[dict[str, Any]], image_ids: Sequence[int]
) -> precision_recall.Evaluation:
    """Measures detections, of each image those of classes that are judged there.

    Args:
      data: annotations in LVIS's format (`annotation_files.read`).
      results: as `coco_evaluation.evaluate` has them.
      image_ids: as there.

    Returns:
      LVIS's figures: those of COCO, and APr, APc, APf over rare, common and frequent classes.
      Average recall is called ARmax300, ARs, ARm and ARl.

    Raises:
      ValueError: if lvis-api is missing, or the annotations are not LVIS's.
    """
    api = package()
    _check(data)
    truth = _object(api.LVIS, data)
    found = _results(api, data, truth, results)
    with _quiet():
        evaluation = api.LVISEval(truth, found, "bbox")
        evaluation.params.img_ids = sorted(set(image_ids))
        evaluation.run()
    figures = {_name(name): float(value) for name, value in evaluation.get_results().items()}
    return precision_recall.Evaluation(
        figures={name: value for name, value in figures.items() if value > -1},
        ious=np.asarray(evaluation.params.iou_thrs),
        recalls=np.asarray(evaluation.params.rec_thrs),
        precisions=np.asarray(evaluation.eval["precision"])[:, :, :, 0],
    )


@functools.cache
def package() -> types.ModuleType:
    """Imports lvis-api, and mends what has aged of it.

    Its evaluation has `np.float`, which NumPy has not since 1.24, and its import configures the
    root logger.

    Raises:
      ValueError: if it is not installed.
    """
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        import lvis
        from lvis import eval as lvis_eval
    except ImportError as error:
        raise ValueError(
            "task.metric: lvis needs lvis-api: pip install --no-deps lvis==0.5.3 (without "
            "--no-deps, pip adds an OpenCV that is in the way of Model Garden's)."
        ) from error
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
        root.setLevel(level)
    lvis_eval.np = types.SimpleNamespace(**{**vars(np), "float": float})
    return lvis


def _object(kind: Any, data: dict[str, Any]) -> Any:
    """An object of lvis-api of what is in memory: its own constructor reads local files only."""
    result = kind.__new__(kind)
    result.logger = logging.getLogger("lvis")
    result.dataset = data
    result._create_index()
    return result


def _results(
    api: types.ModuleType, data: dict[str, Any], truth: Any, results: Sequence[dict[str, Any]]
) -> Any:
    if not results:  # It takes the format from the first one.
        return _object(api.LVISResults, {**data, "annotations": []})
    with _quiet():
        return api.LVISResults(truth, [dict(one) for one in results], MAX_DETECTIONS)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without its warning that detections are given as a list."""
    logger = logging.getLogger("lvis")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check(data: dict[str, Any]) -> None:
    """Looks for what LVIS's format has and COCO's has not."""
    for kind, names in (
        ("categories", ("frequency",)),
        ("images", ("neg_category_ids", "not_exhaustive_category_ids")),
    ):
        for name in names:
            lacking = [one["id"] for one in data[kind] if name not in one]
            if lacking:
                raise ValueError(
                    f"task.metric: lvis is for annotations in LVIS's format; of {kind}, "
                    f"{lacking[0]} has no {name!r}. Choose task.metric: coco for these."
                )


def _name(name: str) -> str:
    """COCO's way of naming: ARmax300 for AR@300, ARs for ARs@300."""
    before, _, limit = name.partition("@")
    return f"ARmax{limit}" if before == "AR" else before
