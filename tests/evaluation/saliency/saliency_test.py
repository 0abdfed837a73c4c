# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark: figures in closed form, what is left out, and what is shown."""

import json

import gin
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tests.evaluation.saliency import encoders, pair_files
from vito_tf.evaluation import benchmark, data_errors, extraction, page
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import human_maps, saliency

SMALL = saliency.Saliency(image_size=16, batch_size=2, resamples=20, examples=2)


def _run(one, encoder, data, folder):
    folder.mkdir()
    return one.run(encoder, str(data), benchmark.Context(str(folder), extraction.Extractor("")))


def _bright(name):
    return pair_files.picture(int(name[-1])).astype(np.float32).mean(axis=-1)


def _pairs(folder, names=("p0", "p1", "p2")):
    """Maps that are the brightness that `Brightness` attends to."""
    for name in names:
        pair_files.write_pair(folder, name, pair_files.picture(int(name[-1])), _bright(name))


def _expected(name, heat_map):
    """Correlation by SciPy of brightness, which attention keeps the order of."""
    human = human_maps.human_map(tf.constant(heat_map), 16).numpy()
    return scipy.stats.spearmanr(_bright(name).ravel(), human.ravel()).statistic


def test_figures_are_means_over_images(tmp_path):
    _pairs(tmp_path / "data")
    result = _run(SMALL, encoders.Brightness(), tmp_path / "data", tmp_path / "out")
    expected = [_expected(name, _bright(name)) for name in ("p0", "p1", "p2")]
    assert [row["name"] for row in result.items] == ["p0", "p1", "p2"]
    assert {row["method"] for row in result.items} == {"attention"}
    np.testing.assert_allclose([row["spearman"] for row in result.items], expected, atol=1e-3)
    assert result.figures["spearman"] == pytest.approx(np.mean(expected), abs=1e-3)
    assert result.figures["alignment"] == pytest.approx(result.figures["spearman"] / 0.65753)
    assert result.figures["alignment_low"] < result.figures["alignment"]
    assert not result.left_out
    assert "the ceiling of these maps is another one" in " ".join(result.notes)


def test_inverted_maps_have_the_opposite_correlation(tmp_path):
    pair_files.write_pair(tmp_path / "data", "p0", pair_files.picture(0), 255 - _bright("p0"))
    result = _run(SMALL, encoders.Brightness(), tmp_path / "data", tmp_path / "out")
    assert result.figures["spearman"] == pytest.approx(
        _expected("p0", 255 - _bright("p0")), abs=1e-3
    )
    assert result.figures["spearman"] < 0
    assert result.figures["alignment_low"] is None


def test_records_bring_labels_for_the_gradients(tmp_path):
    image = pair_files.encoded(pair_files.picture(3), "PNG")
    heat_map = pair_files.encoded(pair_files.picture(4)[..., 0], "PNG")
    for label in (0, 999):
        data = tmp_path / f"clickme{label}"
        pair_files.write_shard(data, 0, [pair_files.record(image, heat_map, label)])
    one = saliency.Saliency(maps=("gradients",), image_size=16, resamples=20)
    low, high = (
        _run(one, encoders.Brightness(), tmp_path / f"clickme{label}", tmp_path / f"out{label}")
        for label in (0, 999)
    )
    # The logit of class 0 depends on green alone; red outweighs it in that of class 999, so that
    # the gradient is constant.
    assert low.figures["spearman"] is not None
    assert high.figures["spearman"] is None
    assert "gradients is constant" in high.left_out[0].reason
    assert low.partial == "1 of 17 files of ClickMe"
    assert not any("no label" in note for note in low.notes)
    table = next(iter(one.show({"one": benchmark.Finished(low, str(tmp_path / "out0"))})))
    assert "<td>one (gradients)</td><td>part of the data</td>" in table.html("")


def test_maps_that_cannot_be_compared_are_left_out(tmp_path):
    scales = {"p0": 0.0, "p1": 1.0, "p2": 0.9}
    for name, scale in scales.items():
        image = pair_files.picture(int(name[-1]), scale)
        pair_files.write_pair(
            tmp_path / "data",
            name,
            np.full_like(image, 255) if scale == 1 else image,
            _bright(name),
        )
    result = _run(SMALL, encoders.Spoilt(), tmp_path / "data", tmp_path / "out")
    assert [row["name"] for row in result.items] == ["p2"]
    assert dict(result.left_out) == {
        "p0": "its map by attention is constant",
        "p1": "its map by attention has values that are not finite",
    }
    assert list(SMALL.show({"spoilt": benchmark.Finished(result, str(tmp_path / "out"))}))


def test_a_click_that_shrinking_loses_is_left_out(tmp_path):
    heat_map = np.zeros([256, 256], np.float32)
    heat_map[0, 0] = 1
    _pairs(tmp_path / "data", ["p1"])
    pair_files.write_pair(tmp_path / "data", "p0", pair_files.picture(), heat_map)
    result = _run(SMALL, encoders.Brightness(), tmp_path / "data", tmp_path / "out")
    assert dict(result.left_out) == {"p0": "nothing of the map is left at 64 pixels"}


def test_methods_are_compared_and_shown(tmp_path):
    _pairs(tmp_path / "data")
    one = saliency.Saliency(
        maps=("auto", "grad_cam", "attention"), image_size=16, resamples=20, examples=2
    )
    finished = {}
    for encoder in (encoders.Brightness(), encoders.Spoilt()):
        folder = tmp_path / encoder.name
        result = _run(one, encoder, tmp_path / "data", folder)
        stored = json.loads(json.dumps([result.figures, result.items, result.details]))
        finished[encoder.name] = benchmark.Finished(benchmark.Result(*stored), str(folder))
    result = finished["brightness"].result
    assert result.details["methods"] == ["attention", "grad_cam"]
    assert {"alignment", "alignment_grad_cam", "spearman_grad_cam"} <= result.figures.keys()
    assert len(result.details["examples"]) == 2
    table, intervals, *charts = one.show(finished)
    assert "VITO" in table.html("")
    assert "<td>brightness (grad_cam), other images than ClickMe&#x27;s</td>" in table.html("")
    percent = 100 * np.array(result.figures["alignment_grad_cam"], float)
    assert f">{percent:.1f}<" in table.html("")
    assert "brightness (grad_cam)" in intervals.html("")
    assert [type(part) for part in charts] == [page.Chart, page.Chart]
    assert all("data:image/png" in part.html("") for part in charts)


@pytest.mark.parametrize("layout", ["nothing", "empty", "unusable"])
def test_a_folder_without_usable_pairs_is_an_error(tmp_path, layout):
    data = tmp_path / "data"
    if layout != "nothing":
        (data / "images").mkdir(parents=True)
        (data / "maps").mkdir()
    if layout == "unusable":
        pair_files.write_pair(data, "one", pair_files.picture(), np.zeros([16, 16]))
    with pytest.raises(data_errors.DataError) as error:
        _run(SMALL, encoders.Brightness(), data, tmp_path / "out")
    assert str(data) in str(error.value)
    assert str(error.value).endswith(SMALL.DATA)
    assert ("constant" in str(error.value)) == (layout == "unusable")


def test_an_encoder_without_attention_is_refused():
    encoder = encoders.Brightness(capabilities=frozenset())
    saliency.Saliency().check(encoder)
    with pytest.raises(encoder_lib.UnsupportedError, match="attention"):
        saliency.Saliency(maps=("attention",)).check(encoder)


@pytest.mark.parametrize(
    ("field", "value"),
    [("maps", ()), ("maps", "auto"), ("maps", ("heat",)), ("image_size", 0), ("examples", 0)],
)
def test_impossible_fields_are_errors(field, value):
    with pytest.raises(ValueError, match=rf"^Saliency\.{field} must"):
        saliency.Saliency(**{field: value})


def test_the_configuration_is_the_protocol():
    gin.parse_config_file("gin_configs/evaluation/saliency.gin", skip_unknown=["benchmarks"])
    one = saliency.Saliency()
    assert (tuple(one.maps), one.image_size) == (("auto",), 224)
