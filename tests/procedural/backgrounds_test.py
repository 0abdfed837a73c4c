# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the world behind the procedural objects."""

import numpy as np

from vito_tf.procedural import backgrounds


def test_world_is_periodic_muted_and_of_the_asked_contrast():
    world = backgrounds.world(0.05)
    period = backgrounds.PERIOD
    assert world.shape == (2 * period, 2 * period, 3)
    assert world.dtype == np.float32
    np.testing.assert_array_equal(world[:period, :period], world[period:, period:])
    assert world.min() >= 0
    assert world.max() <= 1
    assert np.ptp(world, axis=-1).max() < 0.35
    # Without a seam at the period, neighbours differ as little as elsewhere.
    one = world[:period, :period]
    seam = np.abs(one[:, 0] - one[:, -1]).mean()
    assert seam < 1.5 * np.abs(np.diff(one, axis=1)).mean()
    stronger = backgrounds.world(0.1)
    fine = [np.std(image - np.median(image, axis=(0, 1))) for image in (world, stronger)]
    assert fine[1] > 1.3 * fine[0]
