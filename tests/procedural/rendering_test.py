# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the pixels of procedural clips."""

import cv2
import numpy as np
import pytest

from vito_tf.procedural import objects, rendering, scenes

_CLASSES = range(len(objects.CLASSES))


def test_a_clip_has_the_promised_form_and_repeats_itself():
    spec = scenes.ClipSpec("train", 0, 0)
    frames, masks = rendering.render_clip(spec)
    assert frames.shape == (75, 84, 112, 3)
    assert frames.dtype == np.uint8
    assert masks.shape == (75, 84, 112)
    assert masks.dtype == bool
    some, their_masks = rendering.render_clip(spec, frames=[3, 70])
    np.testing.assert_array_equal(some, frames[[3, 70]])
    np.testing.assert_array_equal(their_masks, masks[[3, 70]])


@pytest.mark.parametrize("label", _CLASSES)
def test_an_object_at_rest_has_the_asked_area(label):
    options = scenes.SceneOptions(
        object_area=(0.15, 0.15), travel=0.0, turn=0.0, tilt=0.0, scale=0.0, occluders=(0, 0)
    )
    _, masks = rendering.render_clip(scenes.ClipSpec("train", label, 0), options, [0, 40])
    np.testing.assert_allclose(masks.mean(axis=(1, 2)), 0.15, rtol=0.06)


def test_occluders_hide_the_object_for_a_part_of_the_clip():
    for label in (0, 7, 11):
        spec = scenes.ClipSpec("train", label, 1)
        # The number of occluders is the first choice after the object's and the camera's motion.
        free = scenes.draw_scene(spec, scenes.SceneOptions(occluders=(0, 0)))
        covered = scenes.draw_scene(spec, scenes.SceneOptions(occluders=(2, 2)))
        np.testing.assert_array_equal(free.object_to_frame, covered.object_to_frame)
        _, all_masks = rendering.render_clip(spec, scenes.SceneOptions(occluders=(0, 0)))
        _, masks = rendering.render_clip(spec, scenes.SceneOptions(occluders=(2, 2)))
        assert not np.any(masks & ~all_masks)
        visible = masks.sum(axis=(1, 2)) / all_masks.sum(axis=(1, 2))
        assert visible.min() < 0.85
        assert visible.max() > 0.98


def test_masks_show_where_the_object_is():
    for label in (0, 3, 10):
        spec = scenes.ClipSpec("train", label, 0)
        shown = range(0, 75, 10)
        frames, masks = rendering.render_clip(spec, frames=shown)
        # The same clip with its object shrunk to a point.
        tiny = scenes.SceneOptions(object_area=(1e-4, 1e-4))
        empty, _ = rendering.render_clip(spec, tiny, shown)
        change = np.abs(frames.astype(np.int32) - empty).max(axis=-1)
        assert np.mean(change[masks] > 10) > 0.9
        near = np.stack([cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) for mask in masks])
        assert np.mean(change[near == 0] > 10) < 0.01


def test_the_background_is_not_stable_within_a_clip():
    correlations = []
    for label in _CLASSES:
        frames, masks = rendering.render_clip(scenes.ClipSpec("train", label, 2), frames=[20, 45])
        background = ~masks.any(axis=0)
        grey = frames.mean(axis=-1)[:, background]
        correlations.append(np.corrcoef(grey)[0, 1])
    assert abs(np.mean(correlations)) < 0.25


def test_mean_colour_does_not_tell_the_class():
    def mean_colours(split, instances):
        return np.array(
            [
                rendering.render_clip(scenes.ClipSpec(split, label, instance), frames=[37])[0].mean(
                    axis=(0, 1, 2)
                )
                for instance in range(instances)
                for label in _CLASSES
            ]
        )

    known, asked = mean_colours("train", 8), mean_colours("held_out", 6)
    nearest = np.linalg.norm(known - asked[:, np.newaxis], axis=-1).argmin(axis=1)
    correct = nearest % len(_CLASSES) == np.arange(len(asked)) % len(_CLASSES)
    assert correct.mean() < 0.4
