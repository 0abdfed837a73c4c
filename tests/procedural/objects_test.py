# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the procedural objects."""

import itertools

import numpy as np
import pytest

from vito_tf.procedural import objects


def _appearance(label, **changes):
    appearance = {
        "label": label,
        "colour_shift": np.zeros((2, 3)),
        "texture_spacing": 0.36,
        "texture_angle": 0.0,
        "texture_phase": np.zeros(2),
        "aspect": 1.0,
    }
    return objects.Appearance(**{**appearance, **changes})


def _label(name):
    return [kind.name for kind in objects.CLASSES].index(name)


def _polygon_area(x, y):
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def test_no_single_attribute_tells_a_class():
    assert len({kind.name for kind in objects.CLASSES}) == len(objects.CLASSES) == 12
    for one, other in itertools.combinations(objects.CLASSES, 2):
        attributes = zip(vars(one).values(), vars(other).values())
        assert sum(a == b for a, b in attributes) <= 1, (one, other)


def test_areas_of_outlines():
    points = np.arange(10) * np.pi / 5
    radii = np.tile([1.0, 0.45], 5)
    areas = {
        "disc": np.pi,
        "square": 1.5**2,
        "triangle": np.sqrt(3) / 4 * np.sqrt(3) ** 2,
        "star": _polygon_area(radii * np.cos(points), radii * np.sin(points)),
        "cross": 2 * 1.88 * 0.64 - 0.64**2,
        "ring": np.pi * (1 - 0.44**2),
    }
    assert objects.SHAPES.keys() == areas.keys()
    for shape, area in areas.items():
        assert objects.shape_share(shape) == pytest.approx(area / 4, rel=0.02), shape


@pytest.mark.parametrize("label", range(len(objects.CLASSES)))
def test_sprite_is_premultiplied_and_as_large_as_its_outline(label):
    sprite = objects.draw_sprite(_appearance(label, aspect=1.2), radius=30.0)
    assert sprite.dtype == np.float32
    assert sprite.shape[0] == sprite.shape[1]
    assert sprite.shape[0] % 2 == 1
    alpha = sprite[..., 3]
    assert sprite.min() >= 0
    assert np.all(sprite[..., :3] <= alpha[..., np.newaxis] + 1e-6)
    assert not alpha[0].any()
    assert not alpha[:, -1].any()
    share = objects.shape_share(objects.CLASSES[label].shape)
    assert alpha.sum() == pytest.approx(4 * share * 30.0**2 * 1.2, rel=0.05)


def test_stripes_have_the_asked_spacing():
    label = _label("red_striped_disc")
    sprite = objects.draw_sprite(_appearance(label, texture_spacing=0.25), radius=40.0)
    row = sprite[sprite.shape[0] // 2, 10:-10, 2]
    light = row > row.mean()
    borders = np.flatnonzero(np.diff(light))
    # A stripe is 0.25 * 40 = 10 pixels wide, so a light and a dark one are 20.
    assert len(borders) >= 5
    assert np.all(borders[2:] - borders[:-2] == 20)


def test_colours_follow_palette_and_shift():
    label = _label("blue_plain_star")
    centre = objects.draw_sprite(_appearance(label), radius=30.0)[32, 32, :3]
    assert np.argmax(centre) == 2
    shift = np.array([[-0.6, 0.0, 0.0], [0.0, 0.0, 0.0]])
    shifted = objects.draw_sprite(_appearance(label, colour_shift=shift), radius=30.0)[32, 32, :3]
    np.testing.assert_allclose(shifted[0], centre.max(), rtol=1e-5)  # hue 0 is red
    np.testing.assert_allclose(shifted[1:], centre.min(), rtol=1e-5)
