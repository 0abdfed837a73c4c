# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The model directory: what it refuses, forgets and clears."""

from __future__ import annotations

import pytest
import tensorflow as tf

from vito_tf.pretraining import run_directory


def _files(path):
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())


@pytest.mark.parametrize("inside", [True, False])
def test_a_path_that_is_no_folder_is_refused(tmp_path, inside):
    (tmp_path / "file").write_text("")
    path = str(tmp_path / "file" / "run") if inside else str(tmp_path / "file")
    with pytest.raises(ValueError, match=f"--model_dir={path} cannot be written to"):
        run_directory.RunDirectory(path)


def test_another_configuration_is_refused_with_the_difference(tmp_path):
    directory = run_directory.RunDirectory(str(tmp_path))
    directory.check_configuration("Schedule.steps = 1\n")
    directory.write(run_directory.ASKED_CONFIG, "Schedule.steps = 1\nlars.eta = 2\n")
    directory.check_configuration("Schedule.steps = 1\nlars.eta = 2\n")
    with pytest.raises(ValueError, match=r"-Schedule.steps = 1\n\+Schedule.steps = 3$"):
        directory.check_configuration("Schedule.steps = 3\nlars.eta = 2\n")


def test_metrics_survive_a_line_cut_short_and_forget_what_came_after_the_checkpoint(tmp_path):
    directory = run_directory.RunDirectory(str(tmp_path))
    for step in (1, 2, 3):
        directory.log_metrics(step, {"loss": 0.5 / step})
    with open(directory.file(run_directory.METRICS), "a", encoding="utf-8") as file:
        file.write('{"step": 4, "lo')
    assert [record["step"] for record in directory.metrics()] == [1, 2, 3]
    directory.forget_metrics_after(2)
    directory.log_metrics(3, {"loss": 0.125})
    assert directory.metrics() == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": 0.25},
        {"step": 3, "loss": 0.125},
    ]


@pytest.mark.parametrize("keep_data", [True, False])
def test_clear_removes_what_a_run_wrote_and_nothing_else(tmp_path, keep_data):
    directory = run_directory.RunDirectory(str(tmp_path))
    for name in ("config.gin", "metrics.jsonl", "summary.json", "report.html", "skipped.tsv"):
        directory.write(name, "")
    foreign = ["notes.txt", "checkpoints/mine.txt", "clips/clips-0.tfrecord", "moclr/notes.txt"]
    made = ["procedural/videos/train/a/0000.mp4", "procedural/held_out_masks.npz"]
    own = [
        "checkpoints/checkpoint",
        "checkpoints/step-5.index",
        "tensorboard/events.out.tfevents.1",
    ]
    for name in foreign + made + own:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    directory.clear(keep_data)
    assert _files(tmp_path) == sorted(foreign + (made if keep_data else []))
    assert not (tmp_path / "tensorboard").exists()
    assert (tmp_path / "procedural").exists() == keep_data


def test_only_the_chief_writes(tmp_path):
    chief = run_directory.RunDirectory(str(tmp_path))
    chief.write_json(run_directory.SUMMARY, {"knn": 0.5})
    worker = run_directory.RunDirectory(str(tmp_path), is_chief=False)
    worker.write(run_directory.ASKED_CONFIG, "")
    worker.log_metrics(1, {"loss": 1.0})
    worker.forget_metrics_after(0)
    worker.clear()
    assert _files(tmp_path) == ["summary.json"]
    assert worker.is_finished
    assert worker.summary() == {"knn": 0.5}


def test_a_bucket_is_not_taken_for_a_local_folder():
    directory = run_directory.RunDirectory("ram://bucket/run")
    directory.write_json(run_directory.SUMMARY, {"knn": 0.25})
    directory.log_metrics(1, {"loss": 2.0})
    directory.log_metrics(2, {"loss": 1.0})
    assert tf.io.gfile.exists("ram://bucket/run/summary.json")
    again = run_directory.RunDirectory("ram://bucket/run")
    assert again.is_finished
    assert [record["loss"] for record in again.metrics()] == [2.0, 1.0]
    again.clear()
    assert not again.is_finished
