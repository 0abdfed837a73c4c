# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Figures render to pictures, and overlays show where a mask is high."""

import numpy as np

from vito_tf.evaluation import pictures


def test_a_grid_becomes_a_png_and_a_summary_image():
    rows = {title: [np.full([8, 8, 3], level) for level in (0.1, 0.9)] for title in "abc"}
    figure = pictures.picture_grid(rows)
    assert pictures.png(figure).startswith(b"\x89PNG")
    image = pictures.summary_image(figure)
    assert image.shape[0] == 1
    assert image.shape[3] == 3
    assert len(np.unique(image)) > 10
    assert pictures.html_image(figure, "Views").startswith('<img alt="Views" src="data:image/png')


def test_an_overlay_is_red_where_the_mask_is_high_and_blue_where_it_is_low():
    mask = np.zeros([4, 4])
    mask[1, 2] = 1.0
    shown = pictures.overlay(np.full([4, 4, 3], 0.5), mask)
    assert shown[1, 2, 0] > shown[1, 2, 2]
    assert shown[0, 0, 2] > shown[0, 0, 0]
    assert shown.min() >= 0
    assert shown.max() <= 1


def test_a_uniform_mask_can_be_overlaid():
    assert np.isfinite(pictures.overlay(np.zeros([2, 2, 3]), np.full([2, 2], 0.25))).all()


def test_curves_name_their_series():
    figure = pictures.curves({"loss": [(0, 3.0), (10, 2.0)]}, "step")
    axis = figure.axes[0]
    assert axis.get_xlabel() == "step"
    assert axis.get_legend_handles_labels()[1] == ["loss"]
