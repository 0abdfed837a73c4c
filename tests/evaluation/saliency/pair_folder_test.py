# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Folders of pictures and maps: every format, and every way to be unusable."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.saliency import pair_files
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.saliency import pair_folder, pairs

RAMP = np.arange(16 * 16).reshape(16, 16)


def _read(folder):
    found = pair_folder.find(str(folder))
    read = list(found.read())
    assert len(read) == found.size
    usable = {one.name: one for one in read if isinstance(one, pairs.Pair)}
    left_out = [one for one in read if isinstance(one, data_errors.LeftOut)]
    reasons = {one.name: one.reason for one in [*found.unmatched, *left_out]}
    return usable, reasons


def _write(folder, name, heat_map, ending):
    pair_files.write(f"{folder}/images/{name}.jpg", pair_files.encoded(pair_files.picture()))
    pair_files.write(f"{folder}/maps/{name}.{ending}", heat_map)


def _array(values, **kwargs):
    buffer = io.BytesIO()
    np.save(buffer, values, **kwargs)
    return buffer.getvalue()


def test_maps_of_every_format_are_read(tmp_path):
    _write(tmp_path, "grey8", pair_files.encoded(RAMP.astype(np.uint8), "PNG"), "png")
    _write(tmp_path, "grey16", pair_files.encoded((200 * RAMP).astype(np.uint16), "PNG"), "png")
    _write(tmp_path, "floats", _array(-RAMP / 7), "npy")
    usable, reasons = _read(tmp_path)
    assert not reasons
    assert list(usable) == ["floats", "grey16", "grey8"]
    np.testing.assert_array_equal(usable["grey8"].heat_map, 257 * RAMP)
    np.testing.assert_array_equal(usable["grey16"].heat_map, 200 * RAMP)
    np.testing.assert_allclose(usable["floats"].heat_map, -RAMP / 7, rtol=1e-6)
    assert all(one.label is None and one.image.shape == (16, 16, 3) for one in usable.values())


def test_what_cannot_be_used_is_left_out_with_the_reason(tmp_path):
    colour = Image.fromarray(RAMP.astype(np.uint8)).convert("P")
    colour.putpalette(list(range(256)) * 3)
    buffer = io.BytesIO()
    colour.save(buffer, "PNG")
    nan = np.where(RAMP == 3, np.nan, RAMP)
    _write(tmp_path, "palette", buffer.getvalue(), "png")
    _write(tmp_path, "damaged", b"\x89PNG no", "png")
    _write(tmp_path, "nan", _array(nan), "npy")
    _write(tmp_path, "pickle", _array(np.array([{}], object), allow_pickle=True), "npy")
    _write(tmp_path, "text", b"hello", "npy")
    _write(tmp_path, "words", _array(np.array([["a"]])), "npy")
    _write(tmp_path, "deep", _array(np.zeros([16, 16, 3])), "npy")
    _write(tmp_path, "constant", _array(np.ones([16, 16])), "npy")
    _write(tmp_path, "oblong", _array(RAMP[:, :9]), "npy")
    _write(tmp_path, "picture", _array(RAMP), "npy")
    pair_files.write(tmp_path / "images/picture.jpg", b"no picture")
    pair_files.write(tmp_path / "images/alone.png", b"")
    pair_files.write(tmp_path / "maps/lonely.npy", b"")
    pair_files.write(tmp_path / "maps/notes.txt", b"")
    pair_files.write(tmp_path / "maps/.hidden", b"")
    usable, reasons = _read(tmp_path)
    assert not usable
    expected = {
        "palette": "3 channels",
        "damaged": "map cannot be decoded",
        "nan": "not finite",
        "pickle": "cannot be read",
        "text": "cannot be read",
        "words": "no array of numbers",
        "deep": r"\[16, 16, 3\], not \[height, width\]",
        "constant": "constant",
        "oblong": "16 x 16, the map 9 x 16",
        "picture": "picture cannot be decoded",
        "alone": "no map for .*alone.png",
        "lonely": "no picture for .*lonely.npy",
        "maps/notes.txt": "ends with none of .png, .npy",
    }
    assert reasons.keys() == expected.keys()
    for name, pattern in expected.items():
        assert re.search(pattern, reasons[name]), (name, reasons[name])


@pytest.mark.parametrize("size", [(480, 854), (48, 85), (500, 375), (7, 7)])
def test_rounded_sides_are_the_same_aspect_ratio(size):
    image = np.zeros([2 * size[0], 2 * size[1], 3], np.uint8)
    heat_map = np.random.default_rng(0).random(size).astype(np.float32)
    assert pairs.pair("one", image, heat_map, None).heat_map is heat_map
    with pytest.raises(pairs.UnusableError, match="aspect"):
        pairs.pair("one", image, heat_map[: size[0] * 3 // 4], None)


def test_two_pictures_of_one_name_are_an_error(tmp_path):
    _write(tmp_path, "one", _array(RAMP), "npy")
    pair_files.write(tmp_path / "images/one.PNG", b"")
    with pytest.raises(data_errors.DataError, match=r"one\.PNG and .*one\.jpg have one name"):
        pair_folder.find(str(tmp_path))
