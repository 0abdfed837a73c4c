# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The command export/convert_torch.py."""

import os
import pathlib
import subprocess
import sys

import pytest
from absl import flags

from export import convert_torch
from tests.backbones import torch_reference
from tests.commands import only_flags_of
from vito_tf import torch_files
from vito_tf.backbones import encoder_files
from vito_tf.torch_checkpoint import read_state_dict

SCRIPT = pathlib.Path(convert_torch.__file__)
STATE = torch_reference.random_state(torch_reference.RESNET_10, width=4)


def run(*arguments):
    with only_flags_of(convert_torch.define_flags):
        convert_torch.main(flags.FLAGS(["convert_torch.py", *arguments]))


def test_there_and_back(tmp_path, capsys):
    two = {f"{prefix}.{name}": value for prefix in "ab" for name, value in STATE.items()}
    torch_files.write_state_dict(str(tmp_path / "two.pth"), two)
    source, target = f"--checkpoint={tmp_path}/two.pth", f"--export_path={tmp_path}/encoder"
    with pytest.raises(SystemExit, match=r"error: .*--prefix=a\., --prefix=b\."):
        run(source, target)
    run(source, target, "--prefix=b")
    printed = capsys.readouterr().out.split()
    assert printed[printed.index("max_difference") + 1] == "0.0"
    assert printed[-2:] == ["written", f"{tmp_path}/encoder"]
    with pytest.raises(SystemExit, match=r"error: .*--overwrite"):
        run(source, target, "--prefix=b")
    with pytest.raises(ValueError, match=r"--overwrite"):
        run(source, target, "--prefix=b", "--traceback")
    with pytest.raises(SystemExit, match=r"error: .*--prefix='c\.'"):  # The next obstacle.
        run(source, target, "--prefix=c", "--overwrite")

    description = tmp_path / "encoder" / encoder_files.DESCRIPTION
    description.write_text(description.read_text().replace("symmetric", "same"))
    source, target = f"--encoder={tmp_path}/encoder", f"--export_path={tmp_path}/out.safetensors"
    with pytest.raises(SystemExit, match=r"error: .*--ignore_padding"):
        run(source, target)
    run(source, target, "--ignore_padding")
    assert set(read_state_dict(f"{tmp_path}/out.safetensors")) == set(STATE)


def test_which_flags_belong_together(tmp_path):
    for arguments in (
        [f"--export_path={tmp_path}/x"],
        [f"--export_path={tmp_path}/x", "--checkpoint=a.pth", "--encoder=b"],
        ["--checkpoint=a.pth"],
    ):
        with pytest.raises(flags.IllegalFlagValueError, match=r"checkpoint|export_path"):
            run(*arguments)


def test_from_any_directory(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent.parent)}
    command = [sys.executable, str(SCRIPT), "--checkpoint=none.pth", "--export_path=encoder"]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: none.pth cannot be read")
