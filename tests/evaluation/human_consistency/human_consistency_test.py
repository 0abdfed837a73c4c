# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The benchmark joins pictures and responses, and says what is missing."""

import json
import shutil

import gin
import numpy as np
import pytest

from tests.evaluation.human_consistency import experiment
from vito_tf.evaluation import benchmark, data_errors
from vito_tf.evaluation.human_consistency import data_sets, human_consistency, metrics


def _low_pass_name(trial, who, condition, category):
    return f"{trial:04}_lp_{who}_{condition}_{category}_10_n02123045_{trial}.png"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Edge: 4 images, 3 humans. Low-pass: 6 images in 3 conditions, one excluded, 2 humans."""
    folder = tmp_path_factory.mktemp("data")
    images = [("bear", "bear1", "bear"), ("bear", "bear2", "cat"), ("cat", "cat1", "cat")]
    for category, name, decision in [*images, ("oven", "oven1", "oven")]:
        experiment.write_stimulus(folder / "edge" / category / f"{name}.png", decision)
    answers = {"01": "bear bear cat dog", "02": "bear cat dog na", "03": "car bear cat oven"}
    for subject, choices in answers.items():
        rows = [
            (choice, name[:-1], "0", f"0001_edg_s{subject}_0_{name[:-1]}_00_{name}.png")
            for choice, name in zip(choices.split(), ("bear1", "bear2", "cat1", "oven1"))
        ]
        path = folder / "raw-data" / "edge" / f"{subject}.csv"
        experiment.write_responses(path, f"subject-{subject}", rows)
    trials = [(1, "0", "cat"), (2, "0", "dog"), (3, "1", "cat")]
    trials += [(4, "1", "dog"), (5, "10", "cat"), (6, "10", "dog")]
    decisions = ["cat", "dog", "cat", "cat", "dog", "cat"]
    for (trial, *key), decision in zip(trials, decisions):
        name = _low_pass_name(trial, "dnn", *key)
        experiment.write_stimulus(folder / "low-pass" / "dnn" / "session-1" / name, decision)
    for subject, choices in {
        "01": "cat dog cat dog cat cat",
        "02": "dog dog cat dog cat na",
    }.items():
        rows = [
            (choice, category, condition, _low_pass_name(trial, "s01", condition, category))
            for choice, (trial, condition, category) in zip(choices.split(), trials)
        ]
        path = folder / "raw-data" / "low-pass" / f"{subject}.csv"
        experiment.write_responses(path, f"subject-{subject}", rows)
    return folder


@pytest.fixture(scope="module")
def result(data, tmp_path_factory):
    return _run(data, tmp_path_factory.mktemp("context"))


def _run(data, folder, **fields):
    one = human_consistency.HumanConsistency(**fields)
    encoder = experiment.red_encoder()
    one.check(encoder)
    return one.run(encoder, str(data), experiment.context(folder))


def _compare(*pairs):
    return [metrics.compare(*(np.array(list(one)) == "1" for one in pair)) for pair in pairs]


def test_figures_are_means_over_conditions_humans_and_data_sets(result):
    edge = _compare(("1011", "1110"), ("1011", "1000"), ("1011", "0111"))
    low_pass = _compare(("10", "11"), ("00", "10"))  # Both humans, conditions 1 and 10.
    among_edge = _compare(("1110", "1000"), ("1110", "0111"), ("1000", "0111"))
    among_low_pass = _compare(("11", "11"), ("10", "10"))
    means = [np.mean(one, 0) for one in (edge, low_pass, among_edge, among_low_pass)]
    figures = result.figures
    expected = dict(zip(metrics.Comparison._fields, (means[0] + means[1]) / 2))
    for name in ("accuracy_difference", "observed_consistency", "error_consistency"):
        assert figures[name] == pytest.approx(expected[name])
        place = metrics.Comparison._fields.index(name)
        assert figures[f"edge_{name}"] == pytest.approx(means[0][place])
        assert figures[f"low-pass_{name}"] == pytest.approx(means[1][place])
    assert figures["edge_accuracy"] == 0.75
    assert figures["low-pass_accuracy"] == 0.25
    assert figures["accuracy"] == 0.5
    kappas = [one[3] for one in means]
    assert kappas[2] < 0  # So the mean of the ratios is not defined, and that of means is.
    assert figures["ceiled_error_consistency_mean_of_ratios"] is None
    ratio = (kappas[0] + kappas[1]) / (kappas[2] + kappas[3])
    assert figures["ceiled_error_consistency_ratio_of_means"] == pytest.approx(ratio)


def test_rows_and_what_is_missing(result):
    assert len(result.items) == 10
    rows = {(row["dataset"], row["name"]): row for row in result.items}
    row = rows["edge", "bear/bear2.png"]
    assert (row["category"], row["decision"], row["correct"]) == ("bear", "cat", False)
    counted = [row["counts"] for row in result.items if row["dataset"] == "low-pass"]
    assert counted == [False, False, True, True, True, True]
    assert "edge: 4 of 160 stimuli; edge: 3 of 10 humans; cue-conflict is missing" in result.partial
    assert "low-pass: 6 of 1280 stimuli" in result.partial
    assert {one.name for one in result.left_out} == {"cue-conflict", "uniform-noise"}
    assert not any("gaussian" in note for note in result.notes)
    json.dumps([result.figures, result.items, result.details], allow_nan=False)


def test_the_report_shows_the_papers_table_and_humans(result, tmp_path):
    finished = {"red": benchmark.Finished(result, str(tmp_path))}
    one = human_consistency.HumanConsistency()
    table, by_data_set, chart = (part.html(str(tmp_path)) for part in one.show(finished))
    assert "0.422" in table
    assert "red, ceiled by mean of ratios" in table
    assert "humans among themselves" in table
    assert table.count("part of the data") == 3
    assert by_data_set.count("<td>low-pass</td>") == 2
    assert "data:image/png" in chart


def test_images_without_a_partner_are_left_out(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    experiment.write_stimulus(copy / "edge" / "dog" / "dog9.png", "dog")
    (copy / "edge" / "bear" / "bear1.png").rename(copy / "edge" / "cat" / "bear1.png")
    (copy / "edge" / "bear" / "bear2.png").unlink()
    result = _run(copy, tmp_path, data_sets=("edge",))
    assert {one.name: one.reason for one in result.left_out} == {
        "edge/cat/bear1.png": "the humans' CSV files name another category",
        "edge/dog/dog9.png": "no human saw it",
        "edge: 2 images": "humans saw them, but there is no usable stimulus",
    }
    assert len(result.items) == 2


def test_humans_who_saw_less_are_named(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    path = copy / "raw-data" / "edge" / "02.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    result = _run(copy, tmp_path, data_sets=("edge",))
    assert "subject-02 saw 3 of 4 images" in result.partial
    assert result.figures["edge_observed_consistency"] == pytest.approx((0.5 + 2 / 3 + 0.5) / 3)


def test_one_human_is_no_ceiling(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    for subject in ("02", "03"):
        (copy / "raw-data" / "edge" / f"{subject}.csv").unlink()
    result = _run(copy, tmp_path, data_sets=("edge",))
    assert result.figures["ceiled_error_consistency_ratio_of_means"] is None
    assert result.figures["edge_ceiled_error_consistency"] is None
    finished = {"red": benchmark.Finished(result, str(tmp_path))}
    parts = [part.html("") for part in human_consistency.HumanConsistency().show(finished)]
    assert "humans among themselves" not in parts[0]


def test_the_papers_wording_of_the_noise_is_noted(tmp_path):
    name = "0001_nse_{}_0.10_cat_10_n02123045_1.png"
    experiment.write_stimulus(tmp_path / "uniform-noise" / name.format("dnn"), "cat")
    row = ("cat", "cat", "0.1", name.format("s01"))
    responses = tmp_path / "human" / "uniform-noise" / "01.csv"
    experiment.write_responses(responses, "subject-01", [row])
    result = _run(tmp_path, tmp_path, data_sets=("uniform-noise",))
    assert result.figures["uniform-noise_error_consistency"] == 1
    assert any("gaussian" in note for note in result.notes)


def test_no_data_is_one_clear_error(tmp_path):
    message = r"that can be used \(edge: there is .*uniform-noise: there is no folder of its"
    with pytest.raises(data_errors.DataError, match=message) as error:
        _run(tmp_path, tmp_path)
    assert str(error.value).endswith(data_sets.DATA)


@pytest.mark.parametrize("names", [(), ("edges",), ("edge", "edge")])
def test_impossible_choices_of_data_sets(names):
    with pytest.raises(ValueError, match=r"HumanConsistency\.data_sets must be some of edge, cue"):
        human_consistency.HumanConsistency(data_sets=names)


def test_the_configuration_names_the_papers_data_sets():
    path = "gin_configs/evaluation/human_consistency.gin"
    gin.parse_config_file(path, skip_unknown=["benchmarks"])
    assert gin.query_parameter("HumanConsistency.data_sets") == tuple(data_sets.ALL)
