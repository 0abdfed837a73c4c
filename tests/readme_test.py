# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The README's sections on using an encoder, command by command, at a tiny size."""

import importlib
import json
import re
import shlex
import types

import gin
from absl import flags

from tests import commands
from tests.backbones import torch_reference
from tests.pretraining import runs
from tests.serving import runs as serving_runs
from vito_tf import torch_files

README = (runs.CHECKOUT / "README.md").read_text()
TINY = {
    "vito_tf.procedural.data_sets": ["--train_per_class=2", "--val_per_class=1"],
    "vito_tf.finetune": [
        "--params_override=task.model.input_size=[32,32,3],task.train_data.global_batch_size=12,"
        "task.validation_data.global_batch_size=12,trainer.train_steps=2,trainer.steps_per_loop=2,"
        "trainer.summary_interval=2,trainer.checkpoint_interval=2,trainer.validation_interval=2"
    ],
}


def section(title):
    """Commands and Python code of a section."""
    (text,) = re.findall(rf"^### {title}\n(.*?)^##", README, re.MULTILINE | re.DOTALL)
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for block in code:
        text = text.replace(block, "")
    lines = "\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE)).replace("\\\n", " ")
    return [shlex.split(line) for line in lines.splitlines()], "".join(code)


def execute(words):
    """Runs `python -m module ...` or `python file.py ...` in this process."""
    assert words[0] == "python"
    gin.clear_config()
    if words[1] == "-m":
        name, rest = words[2], words[3:]
        module = importlib.import_module(name)
    else:
        name, rest = words[1], words[2:]
        module = types.ModuleType("command")
        exec((runs.CHECKOUT / name).read_text(), module.__dict__)
    with commands.only_flags_of(module.define_flags):
        module.main(flags.FLAGS([name, *rest, *TINY.get(name, [])]))


def test_the_sections_on_using_an_encoder_work(tmp_path, monkeypatch):
    """They begin with a finished run, and with a PyTorch checkpoint."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gin_configs").symlink_to(runs.CHECKOUT / "gin_configs")
    serving_runs.write_run(tmp_path / "runs" / "quickstart")
    (tmp_path / "downloads").mkdir()
    state = torch_reference.random_state(torch_reference.RESNET_10, width=8)
    torch_files.write_state_dict("downloads/resnet.pth", state)
    for title in ("Load it", "Fine-tune it", "Evaluate it", "Compare another encoder"):
        words, code = section(title)
        assert words
        for command in words:
            execute(command)
        names: dict = {}
        exec(code.replace("[2, 64, 64, 3]", "[2, 32, 32, 3]"), names)
        if code:
            assert names["logits"].shape == [2, 12]
            assert names["attention"]["mean"].shape == [2, 32, 32]
    for run in ("quickstart_linear", "torch_linear"):
        results = json.loads((tmp_path / "runs" / run / "results.json").read_text())
        assert results["runs"]["0"]["step"] == 2
    evaluated = json.loads((tmp_path / "evaluations" / "quickstart" / "results.json").read_text())
    outcomes = [(r["encoder"], r["benchmark"], not r["not_run"]) for r in evaluated["results"]]
    assert outcomes == [
        ("quickstart", "knn", True),
        ("quickstart", "attention", True),
        ("colours", "knn", True),
        ("colours", "attention", False),
    ]
