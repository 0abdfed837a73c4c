# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Parameters of experiments: what overrides what, and encoders that do not fit."""

import contextlib
import dataclasses
import json

import pytest
from absl import logging

from tests.backbones import encoders
from vito_tf.backbones import encoder_files
from vito_tf.transfer import experiment_params, registry  # noqa: F401

TINY = {"type": "resnet", "resnet": {"model_id": 10, "depth_multiplier": 0.125}}


def test_what_comes_later_overrides_what_came_before(tmp_path):
    for name, batch in (("first.yaml", 8), ("second.yaml", 16)):
        (tmp_path / name).write_text(f"task: {{train_data: {{global_batch_size: {batch}}}}}\n")
    files = [str(tmp_path / "first.yaml"), str(tmp_path / "second.yaml")]
    params = experiment_params.read("vito_imagenet_linear", files[:1])
    assert params.task.train_data.global_batch_size == 8
    params = experiment_params.read("vito_imagenet_linear", files)
    assert params.task.train_data.global_batch_size == 16
    override = "task.train_data.global_batch_size=32"
    params = experiment_params.read("vito_imagenet_linear", files, override)
    assert params.task.train_data.global_batch_size == 32


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a*.tfrecord", "/data/a*.tfrecord"),
        ("/there/a.tfrecord", "/there/a.tfrecord"),
        ("gs://there/a.tfrecord", "gs://there/a.tfrecord"),
        (["a", "/b"], ["/data/a", "/b"]),
        ("", ""),
    ],
)
def test_relative_input_paths_lie_in_the_folder_of_the_data(path, found):
    override = json.dumps({"task": {"train_data": {"input_path": path}}})
    params = experiment_params.read("image_classification", (), override, data="/data")
    assert params.task.train_data.input_path == found


def init_from(folder, experiment="image_classification", **model):
    task = {"init_checkpoint": str(folder), "model": model}
    params = experiment_params.read(experiment, (), json.dumps({"task": task}))
    experiment_params.check_init_checkpoint(params)


def test_weights_are_kept_from_a_backbone_of_other_padding(tmp_path):
    symmetric = dataclasses.replace(encoders.TINY, padding="symmetric")
    encoders.write_encoder(tmp_path, architecture=symmetric)
    with pytest.raises(ValueError, match="has the padding 'symmetric', and the backbone has not"):
        init_from(tmp_path, backbone=TINY)
    ours = {"type": "encoder", "encoder": {"padding": "symmetric"}}
    init_from(tmp_path, "vito_imagenet_finetune", backbone=ours)


def test_nothing_is_wrong_with_weights_of_a_swin_transformer(tmp_path, monkeypatch):
    monkeypatch.setattr(logging, "warning", lambda text, *values: pytest.fail(text % values))
    encoder_files.EncoderFiles(
        str(tmp_path), encoders.TINY_SWIN, "weights", "a test"
    ).write_description()
    (tmp_path / "weights.index").touch()
    init_from(tmp_path, "vito_imagenet_finetune", backbone={"type": "swin"})
    init_from(tmp_path, backbone=TINY)  # Whose loading will say what does not fit.


def test_another_epsilon_is_warned_of(tmp_path, monkeypatch):
    encoders.write_encoder(tmp_path)
    warnings = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: warnings.append(text % values))
    init_from(tmp_path, backbone=TINY, norm_activation={"norm_epsilon": 1e-5})
    assert not warnings
    init_from(tmp_path, backbone=TINY)
    (warning,) = warnings
    assert "norm_epsilon is 0.001; the encoder was trained with 1e-05" in warning


@pytest.mark.parametrize(
    ("experiment", "num_classes", "ids", "message"),
    [
        ("vito_retinanet_resnetfpn_coco", 91, [2, 7, 90], None),
        ("vito_retinanet_resnetfpn_coco", 3, [2, 7, 90], "num_classes is 3, but .* has 91 classes"),
        ("vito_retinanet_resnetfpn_coco", 3, [0, 1, 2], "has a category of id 0"),
        ("vito_imagenet_linear", 3, [0, 1, 2], None),
        ("vito_imagenet_linear", 91, [2, 7, 90], "num_classes is 91, but .* has 3 classes"),
    ],
)
def test_classes_of_detection_are_published_ids_to_model_garden(
    tmp_path, experiment, num_classes, ids, message
):
    info = {"class_names": ["dog", "cat", "eel"], "category_ids": ids}
    (tmp_path / "dataset.json").write_text(json.dumps(info))
    (tmp_path / "train.tfrecord").touch()
    task = {
        "model": {"num_classes": num_classes},
        "train_data": {"input_path": str(tmp_path / "train*.tfrecord"), "tfds_name": ""},
    }
    params = experiment_params.read(experiment, (), json.dumps({"task": task}))
    with pytest.raises(ValueError, match=message) if message else contextlib.nullcontext():
        experiment_params.check_inputs(params, ["train_data"])
