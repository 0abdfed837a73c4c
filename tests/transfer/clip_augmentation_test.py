# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of clips, against torchvision's definitions in float64."""

import colorsys
import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.transfer import clip_augmentation

AREA, ASPECT = (0.08, 1.0), (3 / 4, 4 / 3)


def reference_box(draws, height, width):
    """torchvision's RandomResizedCrop.get_params, of given draws."""
    for share, log in zip(draws[:10], draws[10:20]):
        area = height * width * (AREA[0] + share * (AREA[1] - AREA[0]))
        low, high = math.log(ASPECT[0]), math.log(ASPECT[1])
        aspect = math.exp(low + log * (high - low))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return [int(draws[20] * (height - h + 1)), int(draws[21] * (width - w + 1)), h, w]
    if width / height < ASPECT[0]:
        w, h = width, round(width / ASPECT[0])
    elif width / height > ASPECT[1]:
        w, h = round(height * ASPECT[1]), height
    else:
        w, h = width, height
    return [(height - h) // 2, (width - w) // 2, h, w]


@pytest.mark.parametrize("size", [(240, 320), (256, 144), (20, 300), (300, 20), (1, 1)])
def test_boxes(size):
    box = tf.function(clip_augmentation.random_resized_crop_box, autograph=False)
    for number in range(20):
        seed = tf.constant([7, number])
        draws = tf.random.stateless_uniform([22], seed).numpy().astype(float)
        found = box(seed, *map(tf.constant, size), AREA, ASPECT).numpy().tolist()
        assert found == reference_box(draws, *size)


def test_places_are_uniform_and_in_the_frame():
    seeds = np.stack([np.zeros(2000), np.arange(2000)], 1).astype(np.int32)
    boxes = tf.vectorized_map(
        lambda seed: clip_augmentation.random_resized_crop_box(
            seed, tf.constant(240), tf.constant(320), AREA, ASPECT
        ),
        tf.constant(seeds),
    ).numpy()
    top, left, height, width = boxes.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 240).all()
    assert (left + width <= 320).all()
    small = height < 120
    assert np.mean(top[small] / (240 - height[small])) == pytest.approx(0.5, abs=0.03)
    assert np.min(height * width) == pytest.approx(0.08 * 240 * 320, rel=0.05)


def grey(frame):
    return frame @ [0.2989, 0.587, 0.114]


def reference_colours(frame, values, order):
    """torchvision's adjust_brightness, _contrast, _saturation and _hue of one frame."""
    for op in order:
        value = values[op]
        if op == 0:
            frame = value * frame
        elif op == 1:
            frame = value * frame + (1 - value) * grey(frame).mean()
        elif op == 2:
            frame = value * frame + (1 - value) * grey(frame)[..., None]
        else:
            turned = []
            for rgb in frame.reshape(-1, 3):
                h, s, v = colorsys.rgb_to_hsv(*rgb)
                turned.append(colorsys.hsv_to_rgb((h + value) % 1, s, v))
            frame = np.reshape(turned, frame.shape)
        frame = np.clip(frame, 0, 1)
    return frame


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_colours(order):
    rng = np.random.default_rng(0)
    frames = rng.uniform(size=(3, 5, 4, 3))
    for values in ([1.3, 0.7, 1.4, -0.15], [0.6, 1.4, 0.6, 0.2]):
        found = clip_augmentation.adjust_colours(
            tf.constant(frames, tf.float32), tf.constant(values), tf.constant(order)
        )
        expected = [reference_colours(frame, values, order) for frame in frames]
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_jitter_draws_once_for_a_clip_and_within_its_strengths():
    frame = np.random.default_rng(0).uniform(0.2, 0.6, size=(1, 4, 4, 3)).astype(np.float32)
    clip = tf.constant(np.repeat(frame, 3, axis=0))
    jitter = tf.function(clip_augmentation.colour_jitter, autograph=False)
    strengths = tf.constant([0.4, 0.0, 0.0, 0.0])
    factors = []
    for number in range(200):
        jittered = jitter(tf.constant([1, number]), clip, strengths).numpy()
        np.testing.assert_array_equal(jittered[0], jittered[2])
        factors.append(np.median(jittered / clip))
    assert 0.6 <= min(factors) < 0.63
    assert 1.37 < max(factors) <= 1.401
    unchanged = jitter(tf.constant([1, 2]), clip, tf.zeros(4))
    np.testing.assert_allclose(unchanged, clip, atol=1e-5)
    first, again = (jitter(tf.constant([1, 2]), clip, tf.fill(4, 0.4)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_flips_half_of_the_clips_as_a_whole():
    clip = tf.constant(np.random.default_rng(0).uniform(size=(3, 2, 4, 3)))
    flipped = 0
    for number in range(200):
        found = clip_augmentation.random_flip(tf.constant([3, number]), clip).numpy()
        is_flipped = not np.array_equal(found, clip)
        np.testing.assert_array_equal(found, clip[:, :, ::-1] if is_flipped else clip)
        flipped += is_flipped
    assert 75 < flipped < 125
