# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The one world that all procedural videos share as a background.

A learner that is to find the objects must get nothing out of the background: it must be neither
stable within a clip nor distinctive between clips. Six muted textures therefore lie in patches on
one endless (periodic) map, over which each clip's camera travels far.
"""

from __future__ import annotations

import functools

import numpy as np

PERIOD = 512
"""Pixels after which the world repeats itself, in both directions."""

_WORLD_SEED = 20221
_TEXTURE_COLOURS = (
    (0.55, 0.49, 0.38),
    (0.38, 0.49, 0.38),
    (0.40, 0.45, 0.56),
    (0.56, 0.42, 0.40),
    (0.38, 0.40, 0.43),
    (0.58, 0.57, 0.55),
)


def _periodic_noise(
    rng: np.random.Generator, period_x: float, period_y: float, bandwidth: float
) -> np.ndarray:
    """Gaussian noise around one spatial period (in pixels), periodic, zero mean, unit variance."""
    frequency_x, frequency_y = np.fft.rfftfreq(PERIOD), np.fft.fftfreq(PERIOD)
    radius = np.hypot(frequency_x * period_x, frequency_y[:, np.newaxis] * period_y)
    gain = np.exp(-(((radius - 1.0) / bandwidth) ** 2))
    spectrum = np.fft.rfft2(rng.standard_normal((PERIOD, PERIOD)))
    noise = np.fft.irfft2(spectrum * gain)
    return (noise - noise.mean()) / noise.std()


def _textures(rng: np.random.Generator) -> np.ndarray:
    """Six grey textures, float64 [6, PERIOD, PERIOD], of about unit variance."""
    row, column = np.mgrid[:PERIOD, :PERIOD] * (2.0 * np.pi / PERIOD)
    clouds = _periodic_noise(rng, 60.0, 60.0, 0.9)
    grain = _periodic_noise(rng, 80.0, 9.0, 0.6)
    weave = 1.4 * np.sin(32 * (row + column)) * np.sin(32 * (row - column)) + 0.5 * clouds
    blotches = np.tanh(2.0 * _periodic_noise(rng, 22.0, 22.0, 0.3))
    tiles = 1.2 * np.sign(np.maximum(np.cos(20 * row), np.cos(20 * column)) - 0.93) + 0.5 * clouds
    sand = _periodic_noise(rng, 9.0, 9.0, 0.6)
    return np.stack([clouds, grain, weave, blotches, tiles, sand])


@functools.lru_cache(maxsize=2)
def world(contrast: float) -> np.ndarray:
    """The background that all clips share, whatever their seed.

    Args:
      contrast: of each texture, as standard deviation of its intensities (which lie in [0, 1]).

    Returns:
      float32 [2 * PERIOD, 2 * PERIOD, 3] in [0, 1], read-only: two periods in both directions, so
      that a window of up to one period can be sliced wherever it begins in the first.
    """
    rng = np.random.default_rng(_WORLD_SEED)
    textures = _textures(rng)
    regions = np.stack([_periodic_noise(rng, 220.0, 220.0, 0.5) for _ in textures])
    weights = np.exp(8.0 * regions)
    weights /= weights.sum(axis=0)
    intensity = 1.0 + contrast / np.mean(_TEXTURE_COLOURS) * textures
    image = np.moveaxis(weights * intensity, 0, -1) @ np.array(_TEXTURE_COLOURS)
    image = np.tile(np.clip(image, 0.0, 1.0).astype(np.float32), (2, 2, 1))
    image.flags.writeable = False
    return image
