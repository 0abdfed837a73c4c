# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the limits' own limits; that they are kept is tested with the sandbox."""

import dataclasses

import gin
import pytest

from vito_tf.ingestion.limits import Limits


def test_8k_frames_and_long_films_pass():
    limits = Limits()
    assert limits.max_frame_pixels >= 7680 * 4320
    assert limits.max_frames >= 10 * 3600 * 60
    assert limits.max_memory_bytes >= 20 * 7680 * 4320 * 3 // 2  # reference frames of H.264


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_limits_that_no_video_meets_name_the_binding(name, value):
    with pytest.raises(ValueError, match=f"Limits.{name}"):
        Limits(**{name: value})


def test_gin_binds_them():
    gin.parse_config("Limits.max_frames = 7")
    assert Limits().max_frames == 7
