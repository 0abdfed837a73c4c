# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the random choices of procedural clips."""

import gin
import numpy as np
import pytest

from vito_tf.procedural import scenes

_FRAME = np.array([scenes.FRAME_WIDTH, scenes.FRAME_HEIGHT])


def _specs(count=40):
    return [scenes.ClipSpec("train", index % 12, index) for index in range(count)]


def test_a_clip_is_its_identity():
    options = scenes.SceneOptions()
    spec = scenes.ClipSpec("train", 3, 5, seed=1)
    scene, again = (scenes.draw_scene(spec, options) for _ in range(2))
    np.testing.assert_array_equal(scene.object_to_frame, again.object_to_frame)
    np.testing.assert_array_equal(scene.appearance.colour_shift, again.appearance.colour_shift)
    others = [
        scenes.ClipSpec("held_out", 3, 5, seed=1),
        scenes.ClipSpec("train", 4, 5, seed=1),
        scenes.ClipSpec("train", 3, 6, seed=1),
        scenes.ClipSpec("train", 3, 5, seed=2),
    ]
    for other in others:
        assert scenes.draw_scene(other, options).radius != scene.radius, other


def test_objects_stay_within_their_bounds():
    options = scenes.SceneOptions(travel=0.1, tilt=0.5, scale=0.2)
    for spec in _specs():
        scene = scenes.draw_scene(spec, options)
        centre = scene.object_to_frame[:, :, 2] / _FRAME
        assert np.abs(centre - 0.5).max() <= 0.1
        stretch = np.linalg.svd(scene.object_to_frame[:, :, :2], compute_uv=False)
        assert stretch.max() <= np.exp(0.2) + 1e-9
        assert (stretch[:, 1] / stretch[:, 0]).min() >= np.cos(0.5) - 1e-9


def test_every_clip_moves_turns_and_pans_far():
    options = scenes.SceneOptions()
    middle = np.append(_FRAME / 2, 1.0)
    for spec in _specs():
        scene = scenes.draw_scene(spec, options)
        assert np.ptp(scene.object_to_frame[:, :, 2], axis=0).max() > 4
        turn = np.unwrap(np.arctan2(scene.object_to_frame[:, 1, 0], scene.object_to_frame[:, 0, 0]))
        assert np.ptp(turn) > 0.1
        assert np.ptp(scene.brightness) > 0.02
        place = scene.frame_to_world @ middle
        assert np.linalg.norm(place[25:] - place[:-25], axis=1).mean() > 0.4 * scenes.FRAME_WIDTH


def test_every_occluder_passes_over_the_object():
    options = scenes.SceneOptions(occluders=(1, 3))
    counts = set()
    for spec in _specs():
        scene = scenes.draw_scene(spec, options)
        counts.add(len(scene.occluders))
        for occluder in scene.occluders:
            away = np.linalg.norm(occluder.position - scene.object_to_frame[:, :, 2], axis=1)
            assert away.min() == pytest.approx(0.0, abs=1e-6)
            assert away.max() > 40
    assert counts == {1, 2, 3}


@pytest.mark.parametrize(
    "options",
    [{"pan": (2.0, 1.0)}, {"occluders": (-1, 1)}, {"object_area": (0.0, 0.1)}],
)
def test_options_that_make_no_sense_name_the_binding(options):
    with pytest.raises(ValueError, match=f"SceneOptions.{next(iter(options))}"):
        scenes.SceneOptions(**options)


def test_unknown_split_is_refused():
    with pytest.raises(ValueError, match="held_out"):
        scenes.ClipSpec("test", 0, 0)


def test_options_come_from_gin():
    gin.parse_config("SceneOptions.hue_jitter = 0.5")
    assert scenes.SceneOptions().hue_jitter == 0.5
