# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The command that evaluates, as a user calls it."""

import json
import os
import re

import gin
import pytest
import tensorflow as tf
from absl import flags

from tests import commands
from vito_tf import evaluate

KNN = "gin_configs/evaluation/knn.gin"
DAVIS = "gin_configs/evaluation/davis.gin"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photos of two classes that colours tell apart."""
    folder = tmp_path_factory.mktemp("photos")
    for split, count in (("train", 12), ("val", 4)):
        for k, name in enumerate(("ape", "bee")):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = tf.stack(
                    [tf.fill([20, 24], v) for v in (200 * k, 9 * number, 50)], axis=-1
                )
                path = str(folder / split / name / f"{number}.png")
                tf.io.write_file(path, tf.io.encode_png(tf.cast(pixels, tf.uint8)))
    return str(folder)


def command(*words):
    with commands.only_flags_of(evaluate.define_flags):
        flags.FLAGS(["evaluate", *words])
        evaluate.main(["evaluate"])


def test_encoders_are_compared_resumed_and_reported(photos, tmp_path, capsys):
    output = str(tmp_path / "out")
    command(
        f"--gin_file={KNN}",
        f"--gin_file={DAVIS}",
        "--gin_params=NearestNeighbourBenchmark.ks = (3, 20)",
        f"--data=knn={photos}",
        f"--data=davis={tmp_path / 'no_davis'}",
        "--encoder=raw:colour",
        "--encoder=two=raw:colour?image_size=16",
        f"--output={output}",
    )
    printed = capsys.readouterr().out
    assert "davis on two" in printed
    assert f"report               {output}/report.html" in printed
    with open(os.path.join(output, "results.json"), encoding="utf-8") as file:
        results = json.load(file)["results"]
    assert [(one["encoder"], one["benchmark"]) for one in results] == [
        ("raw colour", "knn"),
        ("raw colour", "davis"),
        ("two", "knn"),
        ("two", "davis"),
    ]
    assert results[0]["figures"]["top_1_k3"] == 1.0
    assert "no_davis" in results[1]["not_run"]
    assert "DAVIS" in results[1]["not_run"]
    with open(os.path.join(output, "knn.gin"), encoding="utf-8") as file:
        assert "NearestNeighbourBenchmark.ks = (3, 20)" in file.read()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gin_params=Davis.no_such = 1"], "no_such"),
        (["--gin_params=Davis.top_k = 3"], "binds what this run does not use: .*Davis.top_k"),
        (["--encoder=/no/such/folder"], "--encoder=/no/such/folder"),
        (["--encoder=keras:NoNet"], "--encoder=keras:NoNet"),
        (["--encoder=raw:colour", "--encoder=raw:colour"], "Two encoders are called"),
        (["--data=davis=/data"], "no --gin_file asks for davis"),
        (["--output=/dev/null/out"], "--output = '/dev/null/out' cannot be written"),
        (["--gin_file=gin_configs/evaluation/none.gin"], "--gin_file names"),
    ],
)
def test_one_clear_line(photos, tmp_path, words, message):
    defaults = {
        "--gin_file": KNN,
        "--data": photos,
        "--output": str(tmp_path / "out"),
        "--encoder": "raw:colour",
    }
    given = {word.split("=")[0] for word in words}
    words = [f"{name}={value}" for name, value in defaults.items() if name not in given] + words
    with pytest.raises(SystemExit) as stopped:
        command(*words)
    gin.clear_config()
    assert str(stopped.value).startswith("error: ")
    assert len(str(stopped.value).splitlines()) == 1
    assert re.search(message, str(stopped.value))


def test_nothing_that_could_be_run_is_a_failure(tmp_path, capsys):
    words = (f"--gin_file={KNN}", "--encoder=raw:colour", f"--output={tmp_path / 'out'}")
    with pytest.raises(SystemExit) as stopped:
        command(*words)
    assert stopped.value.code == 1
    assert "not run: --data is not given for it." in capsys.readouterr().out
    assert (tmp_path / "out" / "report.html").exists()
