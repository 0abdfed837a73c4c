# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of how frames become JPEG files and mp4 clips."""

from __future__ import annotations

import io
import struct
from typing import cast

import av
import numpy as np
import pytest
import simplejpeg
import tensorflow as tf
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tests.video.pixels_test import FULL, LIMITED, ycbcr_to_rgb
from vito_tf.video.clip_encoders import encode_jpeg, encode_jpeg_planes
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.pixels import FramePixels


def _ramps(width, height):
    """Y, Cb and Cr float64 [3, height, width], 8-bit limited range: ramps that RGB can show."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    x, y = np.meshgrid(x, y)
    return np.stack([70 + 60 * x + 40 * y, 110 + 30 * y, 150 - 35 * x])


def _ramped_frame(pixels, size, colorspace, color_range):
    """A frame of the ramps, sampled at the middle of each sample of a plane."""
    frame = av.VideoFrame(size[0], size[1], pixels)
    frame.colorspace, frame.color_range = colorspace, color_range
    deep = "10" in pixels
    for index, plane in enumerate(frame.planes):
        rows = np.zeros([plane.height, plane.line_size // (2 if deep else 1)])
        rows[:, : plane.width] = _ramps(plane.width, plane.height)[index]
        rows = np.rint(rows * (4 if deep else 1)).astype(np.uint16 if deep else np.uint8)
        plane.update(rows.tobytes())
    return frame


def _jpeg(pixels, frame, quality=95):
    """As in `cut_video`."""
    planes = pixels.jpeg_planes(frame)
    if planes is None:
        return encode_jpeg(pixels.rgb(frame), quality)
    return encode_jpeg_planes(planes, quality)


def _turn(path, quarter_turns):
    """Writes the display matrix of turns to the right into an mp4 or mov file."""
    with open(path, "rb") as file:
        data = file.read()
    one = 1 << 16
    matrices = [
        struct.pack(">9i", a * one, b * one, 0, -b * one, a * one, 0, 0, 0, 1 << 30)
        for a, b in ((1, 0), (0, 1), (-1, 0), (0, -1))
    ]
    start = data.index(matrices[0], data.index(b"tkhd"))
    with open(path, "wb") as file:
        file.write(data[:start] + matrices[quarter_turns] + data[start + len(matrices[0]) :])


@pytest.mark.parametrize("colorspace", [6, 1, 9])
@pytest.mark.parametrize("color_range", [LIMITED, FULL])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("size", [(64, 48), (97, 67), (33, 80)])
@pytest.mark.parametrize("short_side", [256, 33, 32])
def test_a_jpeg_shows_the_colours_of_the_frame(colorspace, color_range, pixels, size, short_side):
    frame = _ramped_frame(pixels, size, colorspace, color_range)
    converter = FramePixels(None, short_side)
    assert (converter.jpeg_planes(frame) is not None) == (colorspace == 6)
    decoded = tf.io.decode_jpeg(_jpeg(converter, frame), dct_method="INTEGER_ACCURATE").numpy()
    scale = min(short_side / min(size), 1)
    width, height = (round(side * scale) for side in size)
    assert decoded.shape == (height, width, 3)
    assert converter.size == (width, height)
    expected = ycbcr_to_rgb(_ramps(width, height), colorspace, color_range == FULL)
    error = np.abs(decoded - np.moveaxis(expected, 0, -1))
    assert error.max() <= 9
    assert error.mean() <= 2


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [(64, 48), (63, 48), (64, 47), (63, 47)])
def test_turned_frames(tmp_path, turns, size):
    path = str(tmp_path / "a.mov")
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25, options={"qmin": "1", "qmax": "1"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(_ramped_frame("yuv420p", size, 6, LIMITED)))
        container.mux(stream.encode())
    if turns:
        _turn(path, turns)
    (clip,) = cut_video(path, CutSettings(min_seconds=0))
    decoded = tf.io.decode_jpeg(clip.images[0]).numpy()
    ramps = np.rot90(_ramps(*size), -turns, axes=(1, 2))
    assert decoded.shape == (*ramps.shape[1:], 3) == (clip.height, clip.width, 3)
    expected = np.moveaxis(ycbcr_to_rgb(ramps, 6, is_full=False), 0, -1)
    np.testing.assert_allclose(decoded, expected, atol=9)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 1), (1, 9), (17, 33), (455, 256)])
def test_odd_planes(size):
    """What lies in memory beyond a plane is not looked at."""
    width, height = size
    shapes = [(height, width), *[((height + 1) // 2, (width + 1) // 2)] * 2]
    jpegs = set()
    for beyond in (0, 99, 255):
        planes = []
        for number, (rows, columns) in enumerate(shapes):
            memory = np.full([rows + 3, columns + 5], beyond, np.uint8)
            memory[:rows, :columns] = 90 + 30 * number
            planes.append(memory[:rows, :columns])
        jpegs.add(encode_jpeg_planes(planes, 95))
    (jpeg,) = jpegs
    image = np.asarray(Image.open(io.BytesIO(jpeg)).convert("YCbCr"))
    assert image.shape == (height, width, 3)
    np.testing.assert_allclose(image, np.broadcast_to([90, 120, 150], image.shape), atol=2)


@pytest.mark.parametrize("quality", [1, 50, 75, 95, 100])
def test_jpeg_quality_is_libjpegs(quality):
    frame = _ramped_frame("yuv420p", (64, 48), 6, LIMITED)
    pixels = FramePixels(None, 48)
    file = io.BytesIO()
    Image.fromarray(pixels.rgb(frame)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    planes = pixels.jpeg_planes(frame)
    assert planes is not None
    for jpeg in (
        encode_jpeg(pixels.rgb(frame), quality),
        encode_jpeg_planes(planes, quality),
    ):
        found, expected = (
            cast(JpegImageFile, Image.open(data)) for data in (io.BytesIO(jpeg), file)
        )
        assert found.quantization == expected.quantization
        assert found.layer == expected.layer
        assert simplejpeg.decode_jpeg_header(jpeg)[2:] == ("YCbCr", "420")
