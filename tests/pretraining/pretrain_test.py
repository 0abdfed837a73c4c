# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Whole runs, in this process: what they write, how they resume, what they refuse."""

from __future__ import annotations

import glob
import json
import math
import pathlib

import gin
import pytest
import tensorflow as tf

from tests.pretraining import runs
from vito_tf import configuration, registry  # noqa: F401
from vito_tf.pretraining import callbacks, comparison, pretrain, run_directory

COMPARED = """
pretrain_and_compare.compare_moclr = True
pretrain_and_compare.restart_finished = True
moclr/FrameSampler.scheme = 'single'
moclr/VitoNetwork.pooling = 'average'
moclr/Schedule.steps = 2
moclr/Schedule.warmup_steps = 1
Schedule.steps = 4
Saving.checkpoint_every = 2
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return runs.write_clips(tmp_path_factory.mktemp("clips"))


def _configure(tmp_path, clips, bindings=""):
    gin.clear_config()
    config = runs.write_config(tmp_path / "run.gin", clips, bindings)
    configuration.parse([config], [])


def _strategy():
    return tf.distribute.OneDeviceStrategy("device:CPU:0")


def _train(tmp_path, clips, bindings="", name="run"):
    _configure(tmp_path, clips, bindings)
    return comparison.pretrain_and_compare(str(tmp_path / name), _strategy())


def _events(folder):
    """Tags of the TensorBoard events in a folder, each with its steps."""
    tags: dict = {}
    for path in sorted(glob.glob(f"{folder}/events.out.*")):
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                tags.setdefault(value.tag, []).append(event.step)
    return tags


def test_a_run_logs_and_saves_what_it_measured_and_resumes_past_a_damaged_checkpoint(
    tmp_path, clips
):
    summary = _train(tmp_path, clips, runs.MONITORS)
    run = tmp_path / "run"
    metrics = runs.read_metrics(run / "metrics.jsonl")
    logged = [record for record in metrics if "loss" in record]
    assert [record["step"] for record in logged] == list(range(1, runs.STEPS + 1))
    scalars = set(logged[0]) - {"step"}
    assert scalars == {
        "loss",
        "learning_rate",
        "ema_rate",
        "gradient_norm",
        "positive_cosine",
        "negative_cosine",
        "embedding_stddev",
        "attention_entropy_3",
        "attention_entropy_4",
        "examples_per_second",
        "input_wait_share",
        "seconds",
    }
    assert all(0 <= record["input_wait_share"] <= 1 for record in logged)
    assert [r["step"] for r in metrics if "knn" in r] == [0, 10, 12]
    tags = _events(run / "tensorboard")
    for scalar in scalars:
        assert tags[scalar] == [record["step"] for record in logged], scalar
    assert tags["knn"] == tags["Attention"] == [0, 10, 12]
    assert tags["Views of the same clip"] == [0, 12]
    assert json.loads((run / "summary.json").read_text()) == summary
    assert summary["steps"] == runs.STEPS
    assert summary["loss"] == logged[-1]["loss"]
    assert summary["knn_random"] == next(r["knn"] for r in metrics if r["step"] == 0)
    assert "<img" in (run / "report.html").read_text()
    assert "Schedule.batch_size = 8" in (run / "config.gin").read_text()
    assert "adamw.beta_1 = 0.9" in (run / "operative_config.gin").read_text()
    assert not [path for path in run.iterdir() if path.name.startswith(".")]

    # As if killed before the end, by a failing disk that damaged the newest checkpoint.
    (run / "summary.json").unlink()
    for newest in (run / "checkpoints").glob("step-12.data*"):
        newest.write_bytes(newest.read_bytes()[:1000])
    again = _train(tmp_path, clips, runs.MONITORS)
    after = [r for r in runs.read_metrics(run / "metrics.jsonl") if "loss" in r]
    assert [(r["step"], r["loss"]) for r in after] == [(r["step"], r["loss"]) for r in logged]
    assert again["loss"] == summary["loss"]
    assert again["seconds"] > logged[9]["seconds"]


def test_a_finished_run_says_so_and_one_of_other_settings_is_refused(tmp_path, clips):
    directory = run_directory.RunDirectory(str(tmp_path / "run"))
    _configure(tmp_path, clips)
    directory.write(run_directory.ASKED_CONFIG, gin.config_str())
    directory.write_json(run_directory.SUMMARY, {"loss": 0.5})
    assert comparison.pretrain_and_compare(directory.path, _strategy()) == {"loss": 0.5}
    _configure(tmp_path, clips, "Schedule.base_learning_rate = 0.25\n")
    message = r"-Schedule.base_learning_rate = 0.05\n\+Schedule.base_learning_rate = 0.25"
    with pytest.raises(ValueError, match=message):
        comparison.pretrain_and_compare(directory.path, _strategy())


def test_checkpoints_none_of_which_can_be_read_are_an_error_that_names_the_folder(tmp_path, clips):
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_text(
        'model_checkpoint_path: "step-5"\nall_model_checkpoint_paths: "step-5"\n'
    )
    (folder / "step-5.index").write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match=f"None of the checkpoints in {folder} can be read"):
        _train(tmp_path, clips)


def test_a_comparison_resumes_where_it_was_and_starts_afresh_when_it_is_finished(
    tmp_path, clips, monkeypatch
):
    run = tmp_path / "run"
    fit, trained, interrupt_at = pretrain.Pretraining._fit, [], [2, 4]

    def interrupted(self, began):
        trained.append(pathlib.Path(self.directory.path).name)
        if len(trained) in interrupt_at:
            raise KeyboardInterrupt
        fit(self, began)

    monkeypatch.setattr(pretrain.Pretraining, "_fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, clips, COMPARED)
    baseline = json.loads((run / "moclr" / "summary.json").read_text())
    assert baseline["steps"] == 2
    assert "attention_entropy_3" not in baseline
    summary = _train(tmp_path, clips, COMPARED)
    assert trained == ["moclr", "run", "run"]
    assert summary["steps"] == 4
    assert "<b>moclr</b>" in (run / "report.html").read_text()

    (run / "notes.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, clips, COMPARED + "Schedule.base_learning_rate = 0.25\n")
    assert trained[3:] == ["moclr"]
    assert (run / "notes.txt").exists()
    assert not [path for name in ("summary.json", "step-*") for path in run.rglob(name)]


def test_an_absurd_learning_rate_stops_the_run_and_saves_nothing_broken(tmp_path, clips):
    bindings = (
        "Schedule.base_learning_rate = 1e30\nSchedule.warmup_steps = 3\nSaving.checkpoint_every = 1"
        "\npretrain.optimizer = @sgd\n"
    )
    message = r"^Step (\d+): .*(checkpoint).*Schedule.base_learning_rate.*in a new --model_dir"
    with pytest.raises(callbacks.NonFiniteLossError, match=message) as caught:
        _train(tmp_path, clips, bindings)
    run = tmp_path / "run"
    for path in glob.glob(f"{run}/checkpoints/step-*.index"):
        reader = tf.train.load_checkpoint(path[: -len(".index")])
        for name in reader.get_variable_to_shape_map():
            if reader.get_variable_to_dtype_map()[name] == tf.float32 and "online" in name:
                assert tf.reduce_all(tf.math.is_finite(reader.get_tensor(name))), name
    assert tf.train.latest_checkpoint(f"{run}/checkpoints") in str(caught.value)
    assert all(math.isfinite(r["loss"]) for r in runs.read_metrics(run / "metrics.jsonl"))
    assert not (run / "summary.json").exists()


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        ("VitoNetwork.levels = (4, 5)\n", r"ViewPipeline.image_size = 32 is too small for level 5"),
        ("lars.eta = 0.001\n", r"binds what this run does not use: lars.eta"),
        (
            "pretrain.monitor_with = (@NearestNeighbours,)\n"
            "NearestNeighbours.bank = @clip_records\nNearestNeighbours.queries = @clip_records\n"
            "clip_records.class_names = ()\n",
            r"NearestNeighbours.bank has no labels",
        ),
        ("Saving.log_every = 0\n", r"Saving.log_every must be positive"),
        ("Schedule.warmup_steps = 12\n", r"Schedule asks for 12 steps with 12 of warm-up"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    tmp_path, clips, bindings, message
):
    with pytest.raises(ValueError, match=message):
        _train(tmp_path, clips, bindings)
    assert not (tmp_path / "run" / run_directory.ASKED_CONFIG).exists()


def test_a_batch_that_replicas_cannot_share_is_refused(tmp_path, clips):
    _configure(tmp_path, clips, "Schedule.batch_size = 7\n")
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with pytest.raises(ValueError, match=r"Schedule.batch_size = 7 .* by 2 replicas"):
        comparison.pretrain_and_compare(str(tmp_path / "run"), strategy)


def test_no_clips_at_all_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"clip_records.file_pattern"):
        _train(tmp_path, tmp_path / "empty")
