# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Attention overlays: figures in closed form, and what is shown."""

import json

import numpy as np
import pytest

from tests.evaluation.saliency import encoders, pair_files
from vito_tf.evaluation import benchmark, data_errors, extraction
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import attention


def _run(data, folder, encoder=None):
    folder.mkdir()
    context = benchmark.Context(str(folder), extraction.Extractor(str(folder / "cache")))
    one = attention.AttentionOverlays(examples=2)
    return one, one.run(encoder or encoders.Brightness(), str(data), context)


def test_a_uniform_mask_has_all_the_entropy():
    entropy, top = attention.concentration(np.full([10, 10], 0.01))
    assert entropy == pytest.approx(1)
    assert top == pytest.approx(0.1)


def test_a_mask_on_few_pixels_is_concentrated():
    mask = np.zeros([5, 5], np.float32)
    mask[2, 2] = 1
    assert attention.concentration(mask) == (0, 1)
    mask[:] = 0
    mask[0, :4] = 0.25
    entropy, top = attention.concentration(mask)
    assert entropy == pytest.approx(np.log(4) / np.log(25))
    # A tenth of 25 pixels are 3.
    assert top == pytest.approx(0.75)


def test_bias_to_the_centre():
    rows, columns = np.meshgrid(*[(np.arange(16) - 7.5) / 16] * 2, indexing="ij")
    gaussian = np.exp(-(rows**2 + columns**2) / (2 * 0.25**2))
    assert attention.centre_bias(gaussian) == pytest.approx(1)
    assert attention.centre_bias(1 - gaussian) == pytest.approx(-1)
    assert attention.centre_bias(columns) == pytest.approx(0, abs=1e-9)
    assert attention.centre_bias(np.ones([4, 4])) is None


def test_figures_are_means_over_pictures_in_folders(tmp_path):
    data = tmp_path / "data"
    for seed, name in enumerate(["a/one.png", "b/two.PNG", "three.jpg"]):
        image = pair_files.picture(seed)
        kind = "JPEG" if name.endswith("jpg") else "PNG"
        pair_files.write(data / name, pair_files.encoded(image, kind))
    pair_files.write(data / "broken.jpg", b"no")
    pair_files.write(data / "notes.txt", b"no")
    one, result = _run(data, tmp_path / "out")
    assert [row["name"] for row in result.items] == ["a/one.png", "b/two.PNG", "three.jpg"]
    assert [row.name for row in result.left_out] == ["broken.jpg"]
    assert result.details["masks"] == ["mean", "4", "5"]
    for key in ("entropy_mean", "entropy_4", "top_tenth_5", "centre"):
        assert result.figures[key] == pytest.approx(np.mean([row[key] for row in result.items]))
    assert result.figures["entropy_5"] < result.figures["entropy_4"] < 1
    stored = json.loads(json.dumps([result.figures, result.items, result.details]))
    finished = benchmark.Finished(benchmark.Result(*stored), str(tmp_path / "out"))
    table, chart = one.show({"brightness": finished})
    assert f"{result.figures['entropy_5']:.3f}" in table.html("")
    assert "data:image/png" in chart.html("")


def test_masks_that_are_not_finite_are_left_out(tmp_path):
    white = np.full([16, 16, 3], 255, np.uint8)
    pair_files.write(tmp_path / "data/white.png", pair_files.encoded(white, "PNG"))
    pair_files.write(tmp_path / "data/grey.png", pair_files.encoded(pair_files.picture(), "PNG"))
    _, result = _run(tmp_path / "data", tmp_path / "out", encoders.Spoilt())
    assert [row["name"] for row in result.items] == ["grey.png"]
    assert dict(result.left_out) == {"white.png": "its masks have values that are not finite"}


def test_a_folder_without_pictures_is_an_error(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(data_errors.DataError, match=r"has no pictures\. Needs any folder"):
        _run(tmp_path / "data", tmp_path / "out")


def test_an_encoder_without_attention_is_refused():
    encoder = encoders.Brightness(capabilities=frozenset())
    with pytest.raises(encoder_lib.UnsupportedError, match="does not pool by attention"):
        attention.AttentionOverlays().check(encoder)


def test_impossible_fields_are_errors():
    with pytest.raises(ValueError, match=r"^AttentionOverlays\.examples must"):
        attention.AttentionOverlays(examples=0)
