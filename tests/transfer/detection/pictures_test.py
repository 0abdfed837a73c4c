# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Boxes over images, and curves."""

import numpy as np

from vito_tf.transfer.detection import pictures, precision_recall

NOTHING = pictures.Boxes(np.zeros([0, 4]), np.zeros([0], int), [])


def test_boxes_are_where_they_are_said_to_be():
    image = np.full([240, 480, 3], 90, np.uint8)
    found = pictures.Boxes(np.array([[100.0, 50, 200, 150]]), np.array([2]), ["disc 0.90"])
    picture = pictures.draw(image, found, NOTHING)
    assert picture.shape == image.shape
    green = (44, 160, 44)
    changed = np.argwhere((picture != 90).any(axis=-1))
    np.testing.assert_array_equal(changed.min(axis=0), [99, 49])
    np.testing.assert_array_equal(changed.max(axis=0), [200, 150])
    for y, x in ((200, 100), (150, 50), (150, 150)):
        assert tuple(picture[y, x]) == green
    assert tuple(picture[160, 100]) == (90, 90, 90)
    true = pictures.draw(image, NOTHING, found._replace(boxes=np.array([[100, 50, 200, 400.0]])))
    line = true[100, 50:401].astype(int)
    assert (line == 255).all(axis=-1).mean() > 0.4
    assert (line == 0).all(axis=-1).mean() > 0.3


def test_boxes_that_leave_a_small_image():
    image = np.zeros([40, 60, 3], np.uint8)
    boxes = pictures.Boxes(
        np.array([[-5.0, -5, 80, 80], [39, 59, 39, 59], [0, 50, 9, 60]]), np.arange(3), "abc"
    )
    picture = pictures.draw(image, boxes, boxes)
    assert picture.shape == (320, 480, 3)
    page = pictures.sheet([picture] * 5)
    assert page.shape == (2 * 328 + 29, 4 * 488 + 8, 3)
    np.testing.assert_array_equal(page[29:349, 8:488], picture)
    np.testing.assert_array_equal(page[29 + 328 : 349 + 328, 8:488], picture)
    assert (page[-200:, 600:] == 255).all()


def test_curves_and_bars():
    rng = np.random.default_rng(0)
    precisions = np.sort(rng.uniform(size=[10, 101, 40]), axis=1)[:, ::-1]
    precisions[..., 7] = -1
    ious, recalls = np.linspace(0.5, 0.95, 10), np.linspace(0, 1, 101)
    measured = precision_recall.Evaluation({}, ious, recalls, precisions)
    known = np.delete(precisions, 7, axis=-1)
    figure = precision_recall.plot(measured, [f"class {number}" for number in range(40)])
    curves, bars = figure.axes
    drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in curves.lines}
    assert len(drawn) == len(curves.collections) == 2
    for iou, number, shade in zip((0.5, 0.75), (0, 5), curves.collections):
        expected = known[number].mean(axis=-1)
        label = f"IoU {iou:g}: AP {100 * expected.mean():.1f} %"
        np.testing.assert_allclose(drawn[label], expected)
        at_half = [y for x, y in np.asarray(shade.get_paths()[0].vertices) if x == recalls[50]]
        np.testing.assert_allclose(
            [min(at_half), max(at_half)], np.percentile(known[number, 50], [25, 75])
        )
    order = np.argsort(-known.mean(axis=(0, 1)))
    names = [text.get_text() for text in bars.get_yticklabels()]
    numbers = np.delete(np.arange(40), 7)[order]
    assert names == [f"class {n}" for n in [*numbers[:12], *numbers[-12:]]]
    np.testing.assert_allclose(measured.class_ap(0.75)[3], precisions[5, :, 3].mean())
