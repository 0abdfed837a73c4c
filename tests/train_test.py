# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The training command: errors in one line, a kill at any moment, two worker processes."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket

import gin
import numpy as np
import pytest
import tensorflow as tf
from absl import flags

from tests import commands
from tests.pretraining import runs
from vito_tf import configuration, train
from vito_tf.pretraining import comparison
from vito_tf.serving import trained_network

QUICKSTART = "--gin_file=gin_configs/experiments/quickstart.gin"
VIDEO_FILES = "--gin_file=gin_configs/experiments/vito_resnet50_video_files.gin"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return runs.write_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def command():
    """Runs the command's main function with flags, in this process."""
    with commands.only_flags_of(train.define_flags):
        yield lambda *words: train.main(flags.FLAGS(["train", *words]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gin_file=no.gin"], "--gin_file names 'no.gin'"),
        ([QUICKSTART, "--gin_params=Schedule.stepz=3"], "doesn't have a parameter named 'stepz'"),
        ([QUICKSTART, "--gin_params=compare_mocl=True"], "refers to compare_mocl (nearest: comp"),
        ([QUICKSTART, "--gin_params=Schedule.steps='a'"], "Schedule.steps must be of type int"),
        ([VIDEO_FILES], "VIDEO_FILES must be given"),
        (
            [
                VIDEO_FILES,
                "--gin_params=VIDEO_FILES='/no/*.mp4'",
                "--gin_params=resnet.model_id=10",
            ],
            "cut_videos.pattern = '/no/*.mp4' matches no file or folder",
        ),
        (["--gin_file=gin_configs/methods/vito.gin"], "Required bindings for `pretrain`"),
        ([QUICKSTART, "--distribution_strategy=mirrored"], "needs GPUs"),
        ([QUICKSTART, "--distribution_strategy=multi_worker_mirrored"], "TF_CONFIG"),
        ([QUICKSTART, "--distribution_strategy=tpu"], "with --tpu=None"),
        ([QUICKSTART, "--tpu=local", "--distribution_strategy=mirrored"], "takes no --tpu"),
        ([QUICKSTART, "--tpu=local"], "--tpu=local: no TPU could be reached"),
        ([QUICKSTART, "--tpu=grpc://localhost:1"], "no TPU could be reached"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_leaves_nothing_behind(
    command, tmp_path, words, message
):
    with pytest.raises(SystemExit) as caught:
        command(*words, f"--model_dir={tmp_path / 'run'}")
    assert str(caught.value).startswith("error: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_flags_of_model_garden_without_a_meaning_here_are_refused(command, tmp_path):
    with pytest.raises(flags.UnrecognizedFlagError, match="experiment"):
        command(QUICKSTART, f"--model_dir={tmp_path}", "--experiment=vito")


def test_a_run_needs_a_directory(command):
    with pytest.raises(flags.IllegalFlagValueError, match="model_dir"):
        command(QUICKSTART)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory, clips):
    """A run that was never interrupted, and its gin file."""
    folder = tmp_path_factory.mktemp("whole")
    config = runs.write_config(folder / "run.gin", clips)
    gin.clear_config()
    configuration.parse([config], [])
    strategy = tf.distribute.OneDeviceStrategy("device:CPU:0")
    comparison.pretrain_and_compare(str(folder / "run"), strategy)
    gin.clear_config()
    return folder / "run", config


def test_the_networks_of_a_run_come_back(whole_run):
    folder, _ = whole_run
    summary = json.loads((folder / "summary.json").read_text())
    projections = {}
    for name in ("online", "target"):
        trained = trained_network.load(str(folder), name)
        assert (trained.step, trained.image_size) == (summary["steps"], 32)
        assert trained.summary == summary
        scale = f"model/{name}/projector/norm/gamma/.ATTRIBUTES/VARIABLE_VALUE"
        expected = tf.train.load_checkpoint(trained.checkpoint).get_tensor(scale)
        np.testing.assert_array_equal(trained.network.projector.norm.gamma, expected)
        images = tf.random.stateless_uniform([2, 32, 32, 3], [0, 0])
        projections[name] = trained.network(images, training=False)["embedding"]
    assert np.abs(projections["online"] - projections["target"]).max() > 1e-4


def test_a_killed_run_resumes_and_ends_as_if_it_had_not_been(tmp_path, whole_run):
    whole, config = whole_run
    killed = tmp_path / "killed"
    words = [f"--gin_file={config}", f"--model_dir={killed}"]
    process = runs.start(*words)
    runs.wait_for_step(process, killed / "metrics.jsonl", 7)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with open(killed / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step": 8, "lo')
    resumed = runs.start(*words)
    output, errors = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, errors
    assert "examples_per_second" in output
    console = [line for line in errors.replace("\r", "\n").split("\n") if line]
    assert [line for line in console if not line.startswith("Pretraining: ")] == [console[0]]
    assert "Going on from" in console[0]
    expected = runs.read_metrics(whole / "metrics.jsonl")
    records = runs.read_metrics(killed / "metrics.jsonl")
    for name in ("step", "loss", "gradient_norm", "ema_rate", "embedding_stddev"):
        assert [r[name] for r in records] == [r[name] for r in expected], name
    assert (killed / "summary.json").exists()
    assert (killed / "report.html").exists()


def _start_workers(config, model_dir):
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("localhost", 0))
    addresses = [f"localhost:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return [
        runs.start(
            f"--gin_file={config}",
            f"--model_dir={model_dir}",
            "--distribution_strategy=multi_worker_mirrored",
            TF_CONFIG=json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            ),
        )
        for index in range(2)
    ]


def test_two_workers_resume_train_together_and_only_the_chief_writes(tmp_path, whole_run):
    whole, config = whole_run
    model_dir = tmp_path / "run"
    shutil.copytree(whole, model_dir)
    (model_dir / "summary.json").unlink()
    state = 'model_checkpoint_path: "step-10"\nall_model_checkpoint_paths: "step-10"\n'
    (model_dir / "checkpoints" / "checkpoint").write_text(state)

    workers = _start_workers(config, model_dir)
    results = [worker.communicate(timeout=300) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], results
    assert "examples_per_second" in results[0][0]
    assert results[1][0] == ""
    losses = [re.findall(r"12/12 .*loss=([\d.]+)", errors)[-1] for _, errors in results]
    records = runs.read_metrics(model_dir / "metrics.jsonl")
    assert [record["step"] for record in records] == list(range(1, runs.STEPS + 1))
    assert losses == [f"{records[-1]['loss']:.3f}"] * 2
    events = len(list((whole / "tensorboard").iterdir()))
    assert len(list((model_dir / "tensorboard").iterdir())) == events + 1
    assert not [path.name for path in model_dir.iterdir() if path.name.startswith(".")]
