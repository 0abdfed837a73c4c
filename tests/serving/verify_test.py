# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Every format agrees with its network on photographs, and what does not agree is found out."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.backbones import encoder_files
from vito_tf.serving import cases, file_formats, references, verify
from vito_tf.serving import encoder as encoder_lib

SIZE = 32


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    encoders.write_encoder(folder)
    return encoder_lib.of_folder(str(folder))


@pytest.fixture
def write(encoder, tmp_path):
    """Writes a format; returns its folder, and the network's outputs."""

    def written(file_format):
        folder = tmp_path / file_format
        folder.mkdir()
        file_formats.WRITERS[file_format](encoder, SIZE, str(folder))
        return str(folder), references.cases(encoder, file_format, SIZE, None)

    return written


def _errors(lines):
    return [float(line.split("relative ")[1].split(",")[0]) for line in lines]


def test_onnx_agrees_with_the_network(write):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    folder, made = write("onnx")
    (line,) = verify.compare(folder, "onnx", made)
    assert _errors([line])[0] < 1e-5


def test_onnx_without_its_packages_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=r"--format=onnx needs onnxruntime: pip install .*\[onnx"):
        write("onnx")


def test_stock_model_garden_agrees_with_the_backbone_or_is_found_out(write, encoder):
    folder, made = write("backbone")
    assert [sorted(case.expected) for case in made] == [["2", "3", "4", "5"]] * 3
    assert made[1].value.shape == (1, SIZE, 48, 3)  # 427 x 640
    assert _errors(verify.compare(folder, "backbone", made))[0] < 1e-5

    weights = encoder.backbone.get_weights()
    encoders.randomise(encoder.backbone, seed=9)
    tf.train.Checkpoint(backbone=encoder.backbone).write(encoder_files.read(folder).checkpoint)
    encoder.backbone.set_weights(weights)
    with pytest.raises(verify.VerificationError, match=r"endpoints: .*; the bound is relative 0.0"):
        verify.compare(folder, "backbone", made[:1])


def test_references_survive_their_file(encoder, tmp_path):
    made = references.cases(encoder, "saved_model", SIZE, None)
    calls = ["endpoints", "features", "serving_default", "image_bytes"] * 3 + ["video_clip"]
    assert [case.call for case in made] == calls
    cases.write(str(tmp_path / "cases.npz"), made)
    for case, again in zip(made, cases.read(str(tmp_path / "cases.npz"))):
        assert case.call == again.call
        np.testing.assert_array_equal(case.value, again.value)
        assert list(case.expected) == list(again.expected)
        for name, output in case.expected.items():
            np.testing.assert_array_equal(output, again.expected[name])


def test_one_value_that_is_no_number_is_found_out_among_others():
    good, bad = np.ones(3), np.array([1.0, np.nan, 1.0])
    with pytest.raises(verify.VerificationError, match="bound is relative"):
        verify._line("it", [(good, good), (bad, good), (good, good)], False)


@pytest.mark.parametrize(
    ("got", "is_int8", "message"),
    [
        ([1.0, 2.0, 3.0], False, None),
        ([1.0, 2.0, 3.0002], False, None),
        ([1.0, 2.0, 3.0004], False, "bound is relative 0.0001"),
        ([1.0, 2.0, float("nan")], False, "bound is relative"),
        ([1.0, 2.0], False, "other shapes"),
        ([1.0, 2.3, 3.0], True, None),
        ([1.0, 3.0, 3.0], True, "bound is cosine 0.99"),
        ([1.0, 2.0, float("nan")], True, "bound is cosine"),
    ],
)
def test_the_bounds(got, is_int8, message):
    pairs = [(np.array(got), np.array([1.0, 2.0, 3.0]))]
    if message is None:
        assert verify._line("it", pairs, is_int8).startswith("it: largest absolute error ")
        return
    with pytest.raises(verify.VerificationError, match=message):
        verify._line("it", pairs, is_int8)


def test_photographs_that_cannot_be_used_are_named(encoder, tmp_path):
    pattern = f"{tmp_path}/*.png"
    with pytest.raises(ValueError, match=r"--verify_images=\S+ matches no file"):
        references.cases(encoder, "tflite", SIZE, pattern)
    for content, message in (
        (b"text", r"a.png is no image"),
        (tf.io.encode_png(np.zeros([4, 4, 4], np.uint8)).numpy(), r"a.png has 4 channels"),
    ):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(ValueError, match=message):
            references.cases(encoder, "tflite", SIZE, pattern)
    (tmp_path / "a.png").write_bytes(tf.io.encode_png(np.zeros([9, 4, 1], np.uint8)).numpy())
    (case,) = references.cases(encoder, "tflite", SIZE, pattern)
    assert case.value.shape == (1, SIZE, SIZE, 3)
