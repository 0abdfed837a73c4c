# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of what becomes of the pixels of decoded frames."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from vito_tf.video.pixels import FramePixels
from vito_tf.video.probing import VideoError

# Kr and Kb of the colour spaces' standards, by FFmpeg's number of them.
WEIGHTS = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 6: (0.299, 0.114)}
WEIGHTS_OF_UHD = {9: (0.2627, 0.0593)}
LIMITED, FULL = 1, 2
COLOURS = [(120, 110, 160), (60, 140, 120), (200, 128, 128), (90, 90, 140), (16, 128, 128)]


def ycbcr_to_rgb(yuv, colorspace, is_full):
    """The definition of YCbCr (ITU-R BT.601, 709, 2020), in float64."""
    red, blue = {**WEIGHTS, **WEIGHTS_OF_UHD}[colorspace]
    y, u, v = np.array(yuv, np.float64)
    y = y / 255 if is_full else (y - 16) / 219
    u, v = (u - 128) / (255 if is_full else 224), (v - 128) / (255 if is_full else 224)
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.array([r, g, b]) * 255, 0, 255)


def _flat(values, pixels, size=(64, 48)):
    """A frame whose planes hold one 8-bit value each, scaled to the depth of the format."""
    frame = av.VideoFrame(size[0], size[1], pixels)
    deep = 256 if "16" in pixels else 4 if "10" in pixels else 1
    for plane, value in zip(frame.planes, values):
        data = np.full(plane.buffer_size // (2 if deep > 1 else 1), value * deep)
        plane.update(data.astype(np.uint16 if deep > 1 else np.uint8).tobytes())
    return frame


def _mean(image):
    return np.asarray(image, np.float64).mean((0, 1))


@pytest.mark.parametrize("colorspace", [*WEIGHTS, *WEIGHTS_OF_UHD])
@pytest.mark.parametrize("color_range", [0, LIMITED, FULL])
@pytest.mark.parametrize(
    "pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p16le", "yuva420p"]
)
def test_flagged_colours_become_rgb(colorspace, color_range, pixels):
    for colour in COLOURS:
        frame = _flat((*colour, 255), pixels)
        frame.colorspace, frame.color_range = colorspace, color_range
        expected = ycbcr_to_rgb(colour, colorspace, color_range == FULL)
        for short_side in (48, 20):
            found = _mean(FramePixels(None, short_side).rgb(frame))
            np.testing.assert_allclose(found, expected, atol=3.6)


def test_full_range_formats_need_no_flag():
    for colour in COLOURS:
        found = _mean(FramePixels(None, 20).rgb(_flat(colour, "yuvj420p")))
        np.testing.assert_allclose(found, ycbcr_to_rgb(colour, 5, is_full=True), atol=3.6)


@pytest.mark.parametrize("pixels", ["gbrp", "gbrap", "gray", "gray16le", "ya8", "pal8", "monow"])
def test_other_formats(pixels):
    values = (90, 200, 40, 255) if pixels.startswith("gbr") else (90, 0)
    frame = _flat(values, pixels)
    image = FramePixels(None, 24).rgb(frame)
    assert image.shape == (24, 32, 3)
    if pixels.startswith("gbr"):
        np.testing.assert_allclose(_mean(image), (40, 90, 200), atol=1)
    elif pixels.startswith("gray"):
        np.testing.assert_allclose(_mean(image), (90, 90, 90), atol=1)


def test_colours_do_not_carry_over_from_one_frame_to_the_next():
    pixels = FramePixels(None, 20)
    for colorspace, color_range, name in [
        (1, FULL, "yuv420p"),
        (6, LIMITED, "yuv420p"),
        (2, 0, "yuvj420p"),
        (2, 0, "yuv420p"),
        (1, LIMITED, "yuv444p"),
        (6, LIMITED, "yuv420p"),
    ]:
        frame = _flat(COLOURS[0], name)
        frame.colorspace, frame.color_range = colorspace, color_range
        is_full = color_range == FULL or name == "yuvj420p"
        expected = ycbcr_to_rgb(COLOURS[0], colorspace, is_full)
        np.testing.assert_allclose(_mean(pixels.rgb(frame)), expected, atol=3.6)


@pytest.mark.parametrize(
    ("size", "short_side", "enlarge", "expected"),
    [
        ((1, 1), 256, False, (1, 1)),
        ((1, 1), 8, True, (8, 8)),
        ((3, 5), 256, False, (3, 5)),
        ((33, 17), 8, False, (16, 8)),
        ((17, 33), 8, False, (8, 16)),
        ((2000, 2), 256, False, (2000, 2)),
    ],
)
def test_odd_sizes(size, short_side, enlarge, expected):
    image = FramePixels(None, short_side, enlarge).rgb(_flat((120, 110, 160), "yuv420p", size))
    assert image.shape == (*expected[::-1], 3)
    np.testing.assert_allclose(_mean(image), ycbcr_to_rgb((120, 110, 160), 2, False), atol=6)


def test_frames_too_long_for_an_image_are_refused():
    with pytest.raises(VideoError, match="2000x2 are too long") as caught:
        FramePixels(None, 256, enlarge=True).rgb(_flat((1, 1, 1), "yuv420p", (2000, 2)))
    assert caught.value.code == "frame_too_large"


@pytest.mark.parametrize("aspect", [None, Fraction(-1), Fraction(1, 1000), Fraction(10**9), 0])
def test_absurd_shapes_of_pixels_count_as_square(aspect):
    image = FramePixels(aspect, 256).rgb(_flat((1, 1, 1), "yuv420p"))
    assert image.shape == (48, 64, 3)


def test_the_first_frame_decides_the_size():
    pixels = FramePixels(None, 24)
    assert pixels.rgb(_flat((60, 128, 128), "yuv420p")).shape == (24, 32, 3)
    # Twice as wide: black, grey and black from left to right; the middle covers the image.
    wide = av.VideoFrame(128, 48, "gray")
    stripes = np.zeros([48, wide.planes[0].line_size], np.uint8)
    stripes[:, 32:96] = 150
    wide.planes[0].update(stripes.tobytes())
    image = pixels.rgb(wide)
    assert image.shape == (24, 32, 3)
    inner = image[:, 3:-3]
    np.testing.assert_allclose(inner, 150, atol=3)
    assert pixels.rgb(_flat((60, 128, 128), "yuv420p", (16, 12))).shape == (24, 32, 3)
    assert pixels.size == (32, 24)


def test_planes_of_a_jpeg_have_the_size_of_the_first_frame_too():
    pixels = FramePixels(None, 25)
    first = pixels.jpeg_planes(_flat((60, 90, 140), "yuv420p", (66, 50)))
    assert first is not None
    assert [plane.shape for plane in first] == [(25, 33), (13, 17), (13, 17)]
    for size in ((68, 50), (50, 66), (16, 12)):
        frame = _flat((60, 90, 140), "yuv420p", size)
        assert pixels.jpeg_planes(frame) is None
        assert pixels.rgb(frame).shape == (25, 33, 3)
    again = pixels.jpeg_planes(_flat((60, 90, 140), "yuv420p", (132, 100)))
    assert again is not None
    full = [round((60 - 16) * 255 / 219), 128 + (90 - 128) * 255 / 224, 128 + 12 * 255 / 224]
    for plane, other, value in zip(first, again, full):
        np.testing.assert_allclose(plane, value, atol=2)
        np.testing.assert_allclose(other, value, atol=2)
