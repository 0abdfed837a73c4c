# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Every experiment: it parses, builds at a tiny size, takes a step, and binds nothing in vain."""

from __future__ import annotations

import pathlib
import re
import shlex

import gin
import pytest
import tensorflow as tf
from absl import flags

from tests import commands
from tests.pretraining import runs
from vito_tf import configuration, train
from vito_tf.pretraining import comparison, pretrain, run_directory
from vito_tf.procedural import source

EXPERIMENTS = sorted(
    path.relative_to(runs.CHECKOUT).as_posix()
    for path in (runs.CHECKOUT / "gin_configs" / "experiments").rglob("*.gin")
)
SMALL = [
    "ViewPipeline.image_size = 33",
    "Projector.hidden_units = 16",
    "Projector.output_units = 8",
    "Schedule.batch_size = 2",
]
SMALL_BACKBONES = {
    "@resnet": ["resnet.model_id = 10", "resnet.depth_multiplier = 0.125"],
    "@swin": [
        "swin.embed_dim = 4",
        "swin.depths = (1, 1, 1, 1)",
        "swin.num_heads = (1, 1, 2, 2)",
    ],
}
MACROS = {
    "VIDEO_FILES": "procedural/videos/train",
    "CLIP_RECORDS": "procedural/clips/train",
    "IMAGE_RECORDS": "images.tfrecord",
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A folder with a procedural clip per class and split: as video, clip record, image record."""
    folder = str(tmp_path_factory.mktemp("data"))
    for split in ("train", "held_out"):
        clips = source.procedural_videos(folder, split, train_per_class=1, held_out_per_class=1)
    with tf.io.TFRecordWriter(f"{folder}/{MACROS['IMAGE_RECORDS']}") as writer:
        for clip in clips.read():
            image = tf.train.BytesList(value=[clip["images"][0].numpy()])
            features = {"image/encoded": tf.train.Feature(bytes_list=image)}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return folder


def _overrides(experiment, data_dir):
    gin.clear_config()
    gin.add_config_file_search_path(str(runs.CHECKOUT))
    gin.parse_config_file(experiment)
    config = gin.config_str()
    gin.clear_config()
    overrides = [f"{name} = '{data_dir}/{path}'" for name, path in MACROS.items() if name in config]
    if "procedural_videos" in config:
        overrides += [
            "procedural_videos.train_per_class = 1",
            "procedural_videos.held_out_per_class = 1",
        ]
    if "steps_per_execution" in config:
        overrides.append("Execution.steps_per_execution = 2")
    backbone = next(small for name, small in SMALL_BACKBONES.items() if f" = {name}\n" in config)
    return SMALL + backbone + overrides


def _structure(experiment):
    """What an experiment binds, and the pooling, which decides over the use of other bindings."""
    gin.clear_config()
    gin.add_config_file_search_path(str(runs.CHECKOUT))
    gin.parse_config_file(str(runs.CHECKOUT / experiment))
    pooling = gin.query_parameter("VitoNetwork.pooling")
    names = frozenset(configuration._names(gin.config_str()))
    gin.clear_config()
    return pooling, names


@pytest.fixture(scope="module")
def experiments_to_build():
    """One experiment for each structure."""
    return set({_structure(experiment): experiment for experiment in EXPERIMENTS}.values())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_builds_takes_a_step_and_binds_nothing_in_vain(
    experiment, experiments_to_build, data_dir, tmp_path, monkeypatch
):
    """Of experiments that differ in values alone one is built; those of the others are checked."""
    steps = []

    def one_step(self, baselines=None):
        steps.append(self.model.train_step(next(iter(self.batches))))
        return {}

    monkeypatch.setattr(pretrain.Pretraining, "train", one_step)
    configuration.parse([experiment], _overrides(experiment, data_dir))
    if experiment not in experiments_to_build:
        return
    model_dir = data_dir if "quickstart" in experiment else str(tmp_path)
    comparison.pretrain_and_compare(model_dir, tf.distribute.get_strategy())
    (scalars,) = steps
    assert scalars["loss"] > 0
    assert scalars["gradient_norm"] > 0


def test_the_tpu_configuration_trains_and_saves_under_fit(data_dir, tmp_path):
    experiment = "gin_configs/experiments/vito_resnet50_videonet.gin"
    overrides = ["Schedule.steps = 3", "Schedule.warmup_steps = 1"]
    configuration.parse([experiment], _overrides(experiment, data_dir) + overrides)
    directory = run_directory.RunDirectory(str(tmp_path))
    run = pretrain.Pretraining(directory, data_dir, tf.distribute.get_strategy())
    summary = run.train()
    assert summary["steps"] == 3
    assert summary["loss"] > 0
    assert tf.train.latest_checkpoint(str(tmp_path / "checkpoints")).endswith("step-3")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_header_gives_a_command_that_names_the_file(experiment):
    text = pathlib.Path(runs.CHECKOUT / experiment).read_text()
    header = re.split(r"^(?!#)", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert "# Hardware: " in header
    (command,) = re.findall(r"# Command:  (.*?[^\\])$", header, re.DOTALL | re.MULTILINE)
    words = shlex.split(re.sub(r"\\\n# *", "", command))
    assert words[:3] == ["python", "-m", "vito_tf.train"]
    names = [re.split(r"^--|=", word)[1] for word in words[3:]]
    with commands.only_flags_of(train.define_flags):
        assert set(names) <= set(flags.FLAGS), "flags that do not exist"
    assert f"--gin_file={experiment}" in words
    assert "model_dir" in names
