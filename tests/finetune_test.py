# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The fine-tuning command: errors in one line, several seeds, resume after a kill."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import gin
import pytest
import tensorflow as tf
from absl import flags

from tests import commands
from tests.backbones import encoders
from tests.pretraining import runs
from vito_tf import configuration, finetune
from vito_tf.procedural import data_sets
from vito_tf.transfer import conversion, experiment_params, finetuning
from vito_tf.transfer.datasets import image_folder

CONFIGS = sorted(
    path.relative_to(runs.CHECKOUT).as_posix()
    for path in (runs.CHECKOUT / "gin_configs" / "finetune").glob("*.gin")
)
QUICKSTART = "--gin_file=gin_configs/finetune/quickstart_linear.gin"
TINY = (
    "task.model.input_size=[32,32,3],task.train_data.global_batch_size=12,"
    "task.train_data.shuffle_buffer_size=24,task.validation_data.global_batch_size=12,"
    "trainer.steps_per_loop=2,trainer.summary_interval=2,trainer.checkpoint_interval=2,"
    "trainer.validation_interval=4,trainer.train_steps=4"
)
# A few steps are over before a graph of one is built.
EAGERLY = (
    "trainer.train_tf_while_loop=False,trainer.train_tf_function=False,"
    "trainer.eval_tf_function=False"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Records of 24 + 12 pictures, and an encoder."""
    folder = tmp_path_factory.mktemp("finetune")
    data_sets.write(str(folder), train_per_class=2, val_per_class=1)
    photos = image_folder.read(str(folder / "photos"))
    conversion.convert(photos, str(folder / "records"), items_per_shard=10)
    encoders.write_encoder(folder / "encoder")
    return folder


@pytest.fixture
def command(folder):
    """Runs the command's main function with flags, in this process."""

    def run(*words):
        gin.clear_config()
        finetune.main(flags.FLAGS(["finetune", f"--encoder={folder / 'encoder'}", *words]))

    with commands.only_flags_of(finetune.define_flags):
        yield run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give --experiment, or a --gin_file"),
        (["--experiment=vito"], "--experiment=vito is not registered"),
        (["--gin_file=no.gin"], "--gin_file names 'no.gin'"),
        ([QUICKSTART, "--gin_params=FineTuning.experimen='a'"], "experimen"),
        ([QUICKSTART, "--config_file=no.yaml"], "--config_file=no.yaml: there is no such file"),
        ([QUICKSTART, "--params_override=task.modle=1"], "modle"),
        ([QUICKSTART, "--params_override=a: [1"], "--params_override=a: [1"),
        ([QUICKSTART], "task.train_data.input_path = 'train-*.tfrecord' matches no file"),
        ([QUICKSTART, "--data={}", "--mode=eval"], "--mode=eval: there is no checkpoint in"),
        (["--experiment=image_classification"], "--encoder is for experiments whose backbone"),
        ([QUICKSTART, "--encoder=/no", "--data={}"], "/no is no encoder"),
        (
            [QUICKSTART, "--data={}", "--params_override=task.model.num_classes=7"],
            "task.model.num_classes is 7, but",
        ),
        (
            [
                QUICKSTART,
                "--data={}",
                "--params_override=task.model.backbone.encoder.model_id=34",
            ],
            "backbone.encoder.model_id is 34, but the encoder of",
        ),
    ],
)
def test_what_the_user_can_mend_is_one_line(command, folder, tmp_path, words, message):
    words = [word.replace("{}", str(folder / "records")) for word in words]
    with pytest.raises(SystemExit) as caught:
        command(*words, f"--model_dir={tmp_path / 'run'}")
    assert str(caught.value).startswith("error: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", CONFIGS)
def test_the_header_of_a_configuration_gives_a_command_for_it(path):
    text = (runs.CHECKOUT / path).read_text()
    header = re.split(r"^(?!#)", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert "# Hardware: " in header
    (command,) = re.findall(r"# Command:  (.*?[^\\])$", header, re.DOTALL | re.MULTILINE)
    words = shlex.split(re.sub(r"\\\n# *", "", command))
    assert words[:3] == ["python", "-m", "vito_tf.finetune"]
    assert f"--gin_file={path}" in words
    names = {re.split(r"^--|=", word)[1] for word in words[3:]}
    with commands.only_flags_of(finetune.define_flags):
        assert names == {"gin_file", "encoder", "data", "model_dir"}
        assert names <= set(flags.FLAGS)
    configuration.parse([path], [])
    chosen = finetuning.FineTuning()
    params = experiment_params.read(
        chosen.experiment, [chosen.config_file], encoder="there", data="/data"
    )
    assert params.task.model.backbone.get().path == "there"
    assert params.task.train_data.input_path.startswith("/data/")
    assert params.task.validation_data.input_path.startswith("/data/")


def test_what_a_graph_finds_wrong_is_one_line():
    @tf.function
    def check(label):
        tf.debugging.Assert(label < 5, ["A record has the label", label])

    with pytest.raises(ValueError, match=r"^A record has the label 7$"), finetuning.plain_errors():
        check(tf.constant(7))


def test_seeds_make_runs_with_mean_and_deviation(command, folder, tmp_path, capsys):
    words = [QUICKSTART, f"--data={folder / 'records'}", f"--model_dir={tmp_path}"]
    command(*words, "--seeds=2", f"--params_override={TINY}")
    results = json.loads((tmp_path / "results.json").read_text())
    first, second = (results["runs"][seed]["validation_loss"] for seed in "01")
    assert first != second
    assert results["mean"]["validation_loss"] == pytest.approx((first + second) / 2)
    assert results["std"]["validation_loss"] == pytest.approx(abs(first - second) / 2**0.5)
    assert "±" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="holds a run with other parameters"):
        command(*words, "--seeds=2", f"--params_override={TINY},trainer.max_to_keep=1")


def test_a_killed_run_goes_on(command, folder, tmp_path, capsys):
    words = [QUICKSTART, f"--data={folder / 'records'}", f"--model_dir={tmp_path}"]
    override = f"--params_override={TINY},{EAGERLY},trainer.train_steps=3000"
    arguments = [*words, f"--encoder={folder / 'encoder'}", override]
    process = subprocess.Popen(
        [sys.executable, "-m", "vito_tf.finetune", *arguments],
        cwd=runs.CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "checkpoint").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed_at = _step(tmp_path)
    assert 0 < killed_at < 3000
    # The saved parameters ask for 3000 steps; as many as were done, and four more, will do here.
    parameters = tmp_path / "params.yaml"
    steps = killed_at + 4
    parameters.write_text(parameters.read_text().replace("3000", str(steps)))
    command(*words, override.replace("3000", str(steps)))
    assert f"{killed_at}/{steps}" in capsys.readouterr().err
    assert _step(tmp_path) == steps
    assert json.loads((tmp_path / "results.json").read_text())["runs"]["0"]["step"] == steps


def _step(folder):
    return int(os.path.basename(tf.train.latest_checkpoint(folder)).split("-")[-1])
