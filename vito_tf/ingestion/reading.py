# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How to read a data set: commands and code for its card, with its own folder and numbers."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from typing import Any

from vito_tf.ingestion import markdown
from vito_tf.video.record_files import TRAIN
from vito_tf.video.tfds_clips import TFDS_FOLDER

_TRAIN = """python -m vito_tf.train --gin_file=gin_configs/experiments/vito_resnet50_clips.gin \\
  --gin_params={binding} --model_dir=/tmp/vito"""

_TFDS = """import tensorflow_datasets as tfds

builder = tfds.builder_from_directory({tfds_folder!r})
for example in builder.as_dataset(split="train").take(1):
    print(example["video"].shape, example["label"], example["name"])"""

_MODEL_GARDEN = """import tensorflow as tf
from official.vision.configs import video_classification
from official.vision.dataloaders import video_input

config = video_classification.DataConfig(
    feature_shape=(16, 224, 224, 3), temporal_stride=2, num_classes={num_classes}
)
decoder, parser = video_input.Decoder(), video_input.Parser(config)
files = tf.io.gfile.glob({pattern!r})
clips = tf.data.TFRecordDataset(files).map(decoder.decode).map(parser.parse_fn(is_training=True))
for features, label in clips.take(1):
    print(features["image"].shape, label)"""

_MODEL_GARDEN_NEEDS_JPEG = (
    "Model Garden's `video_input` reads JPEG frames only; set `CutSettings.encoding = 'jpeg'`.\n"
)


def reading_section(folder: str, info: Mapping[str, Any]) -> str:
    """The section of the card that says how to read the records.

    Args:
        folder: of the data set.
        info: its `dataset_info.json` (`vito_tf.ingestion.dataset_info.describe`).

    Returns:
        Markdown with a shell command and blocks of Python that run as they are.
    """
    folder = folder if "://" in folder else os.path.abspath(folder)
    train = _TRAIN.format(binding=shlex.quote(f"CLIP_RECORDS = {json.dumps(folder)}"))
    read_tfds = _TFDS.format(tfds_folder=os.path.join(folder, TFDS_FOLDER))
    others = "".join(f"; `clip_records.split = '{name}'` reads another" for name in _others(info))
    return (
        "## How to read it\n\n"
        f"Pretraining takes the folder alone, and reads its split `train`{others}:\n\n"
        f"{markdown.code(train, 'sh')}\n"
        f"TensorFlow Datasets:\n\n{markdown.code(read_tfds, 'python')}\n"
        f"{_model_garden(folder, info)}\n"
        f"{_keys(info)}"
    )


def _others(info: Mapping[str, Any]) -> list[str]:
    return [name for name in info["splits"] if name != TRAIN]


def _model_garden(folder: str, info: Mapping[str, Any]) -> str:
    if info["encoding"] != "jpeg":
        return _MODEL_GARDEN_NEEDS_JPEG
    contents = _MODEL_GARDEN.format(
        num_classes=max(len(info["class_names"]), 2),
        pattern=os.path.join(folder, "clips-train.tfrecord-*"),
    )
    return f"Model Garden:\n\n{markdown.code(contents, 'python')}"


def _keys(info: Mapping[str, Any]) -> str:
    rows = [(f"`{key}`", spec["kind"], spec["dtype"]) for key, spec in info["keys"].items()]
    return (
        "The records are `tf.train.SequenceExample`s with the keys of Model Garden and DMVR:\n\n"
        f"{markdown.table(('key', 'kind ', 'type '), rows)}"
    )
