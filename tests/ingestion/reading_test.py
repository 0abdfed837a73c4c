# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs what the card says of reading a data set."""

from __future__ import annotations

import re
import shlex

import gin
import pytest

from tests.ingestion.data_sets import write_data_set
from vito_tf.ingestion.dataset_info import describe, write_dataset_info
from vito_tf.ingestion.reading import reading_section
from vito_tf.video.clip_records import clip_records


def _section(folder, encoding="jpeg", labelled=True):
    folder.mkdir()
    data = write_data_set(str(folder), encoding, labelled)
    info = describe(data.shards, data.summary, data.cut, {})
    write_dataset_info(data.folder, info)
    return reading_section(data.folder, info)


def _blocks(section, language):
    return re.findall(rf"```{language}\n(.*?)\n```", section, re.DOTALL)


@pytest.mark.parametrize(
    ("labelled", "label", "one_hot"),
    [(True, r"[01]", r"\[(1. 0.|0. 1.)\]"), (False, "-1", r"\[0. 0.\]")],
)
def test_the_python_code_runs(tmp_path, capsys, labelled, label, one_hot):
    for block in _blocks(_section(tmp_path / "it's here", labelled=labelled), "python"):
        exec(block, {})
    from_tfds, from_model_garden = capsys.readouterr().out.splitlines()
    assert re.match(rf"\(20, \d+, \d+, 3\) tf.Tensor\({label}, .*\.mp4#t=", from_tfds)
    assert re.match(rf"\(16, 224, 224, 3\) tf.Tensor\({one_hot}, ", from_model_garden)


def test_the_command_names_the_folder(tmp_path):
    section = _section(tmp_path / 'it\'s "here" é')
    (command,) = _blocks(section, "sh")
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:3] == ["python", "-m", "vito_tf.train"]
    (binding,) = (word for word in words if word.startswith("--gin_params="))
    gin.parse_config(f"clip_records.file_pattern = %CLIP_RECORDS\n{binding.split('=', 1)[1]}")
    assert clip_records("").num_clips == 3
    assert "clip_records.split = 'held_out'" in section


def test_model_garden_is_not_promised_mp4(tmp_path, capsys):
    section = _section(tmp_path / "clips", "mp4")
    (block,) = _blocks(section, "python")
    exec(block, {})
    assert capsys.readouterr().out.startswith("(20, ")
    assert "reads JPEG frames only" in section
