# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Average precision, by hand and by both official codes."""

import logging

import numpy as np
import pytest

from tests.transfer.detection import annotated
from vito_tf.transfer.detection import coco_evaluation, lvis_evaluation

BOXES = [
    [(3, [10, 10, 40, 40]), (7, [100, 50, 120, 120])],
    [(3, [60, 60, 20, 30])],
]
PERFECT = [
    annotated.result(1, 3, [10, 10, 40, 40], 0.9),
    annotated.result(1, 7, [100, 50, 120, 120], 0.8),
    annotated.result(2, 3, [60, 60, 20, 30], 0.7),
]


@pytest.fixture(params=["coco", "lvis"])
def evaluate(request):
    if request.param == "coco":
        return coco_evaluation.evaluate
    pytest.importorskip("lvis")
    return lvis_evaluation.evaluate


def test_perfect_detections_have_1(evaluate, capsys):
    measured = evaluate(annotated.data(BOXES), PERFECT, [1, 2, 2])
    for name in ("AP", "AP50", "AP75", "APs", "APm", "APl"):
        np.testing.assert_allclose(measured.figures[name], 1.0)
    assert measured.precisions.shape == (10, 101, 3)
    np.testing.assert_allclose(measured.class_ap(), [1.0, 1.0, np.nan])
    assert capsys.readouterr().out == ""


def test_ap_is_what_a_hand_finds(evaluate):
    """A false positive before the first square, an IoU of 0.6 for the second, no disc found."""
    results = [
        annotated.result(1, 3, [200, 10, 40, 40], 0.95),
        annotated.result(1, 3, [10, 10, 40, 40], 0.9),
        annotated.result(2, 3, [60, 60, 20, 18], 0.7),
    ]
    measured = evaluate(annotated.data(BOXES), results, [1, 2])
    # At an IoU up to 0.6, precision is 1/2, then 2/3, and the greater counts for lower recalls;
    # above, half of the squares are found with a precision of 1/2.
    squares = np.array([2 / 3] * 3 + [0.5 * 51 / 101] * 7)
    np.testing.assert_allclose(
        [measured.class_ap(iou)[0] for iou in measured.ious], squares, rtol=1e-6
    )
    np.testing.assert_allclose(measured.figures["AP"], squares.mean() / 2, rtol=1e-6)
    np.testing.assert_allclose(measured.figures["AP50"], 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(measured.class_ap(), [squares.mean(), 0.0, np.nan], rtol=1e-6)
    curve = measured.mean_curve(0.75)
    np.testing.assert_allclose(curve[:51], 0.25)
    np.testing.assert_array_equal(curve[51:], 0.0)


def test_no_detection_has_0_and_other_images_do_not_count(evaluate):
    data = annotated.data(BOXES)
    figures = evaluate(data, [], [1, 2]).figures
    assert figures["AP"] == figures["AP50"] == 0.0
    figures = evaluate(data, PERFECT[2:], [2]).figures
    np.testing.assert_allclose(figures["AP"], 1.0)
    assert "APl" not in figures
    assert "AP" not in evaluate(annotated.data([[]]), [], [1]).figures


def test_names_of_figures():
    figures = coco_evaluation.evaluate(annotated.data(BOXES), PERFECT, [1, 2]).figures
    assert tuple(figures) == coco_evaluation.FIGURES
    np.testing.assert_allclose(figures["ARmax1"], 1.0)


def test_a_crowd_is_neither_missed_nor_a_false_positive():
    data = annotated.data([[*BOXES[0], (3, [200, 0, 100, 100])]])
    data["annotations"][-1]["iscrowd"] = 1
    results = [*PERFECT[:2], annotated.result(1, 3, [210, 10, 30, 30], 0.99)]
    np.testing.assert_allclose(coco_evaluation.evaluate(data, results, [1]).figures["AP"], 1.0)


def test_lvis_groups_classes_and_judges_what_was_looked_for():
    """Squares are rare, discs common, rings frequent; another rare class has no object."""
    pytest.importorskip("lvis")
    data = annotated.data([*BOXES, [(9, [20, 20, 50, 50]), (9, [100, 20, 50, 50])]])
    data["categories"].append({"id": 11, "name": "star", "frequency": "r"})
    results = [
        *PERFECT,
        annotated.result(2, 7, [0, 0, 50, 50], 0.99),  # before the disc: a precision of 1/2
        annotated.result(3, 9, [20, 20, 50, 50], 0.9),  # a recall of 1/2
        annotated.result(1, 9, [0, 0, 50, 50], 0.99),
        annotated.result(1, 11, [0, 0, 50, 50], 0.99),
    ]
    one, two, three = data["images"]
    one["neg_category_ids"], three["not_exhaustive_category_ids"] = [], [9]

    def groups():
        figures = lvis_evaluation.evaluate(data, results, [1, 2, 3]).figures
        assert {"ARmax300", "ARs", "ARm", "ARl"} < set(figures)
        found = [figures[name] for name in ("APr", "APc", "APf")]
        np.testing.assert_allclose(figures["AP"], np.mean(found))  # One class each has objects.
        return found

    np.testing.assert_allclose(groups(), [1.0, 0.5, 51 / 101])
    one["neg_category_ids"] = [9]  # Now what was found there counts, before the ring.
    np.testing.assert_allclose(groups(), [1.0, 0.5, 51 / 101 / 2])
    two["neg_category_ids"] = [9]
    np.testing.assert_allclose(groups(), [1.0, 1.0, 51 / 101 / 2])
    results.append(annotated.result(3, 9, [200, 100, 50, 50], 0.999))  # Not all are annotated.
    np.testing.assert_allclose(groups(), [1.0, 1.0, 51 / 101 / 2])
    assert "APf" not in lvis_evaluation.evaluate(data, results, [1, 2]).figures
    del two["neg_category_ids"]
    with pytest.raises(ValueError, match=r"of images, 2 has no 'neg_category_ids'\. Choose"):
        lvis_evaluation.evaluate(data, results, [1, 2])


def test_importing_lvis_leaves_logging_alone():
    pytest.importorskip("lvis")
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    lvis_evaluation.package.cache_clear()
    lvis_evaluation.package()
    assert (root.handlers, root.level) == before
    assert not hasattr(np, "float")


def test_lvis_that_is_missing_is_one_line(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "lvis", None)
    lvis_evaluation.package.cache_clear()
    with pytest.raises(ValueError, match=r"pip install --no-deps lvis==0\.5\.3"):
        lvis_evaluation.package()
