# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints to encoders on disk and back."""

import json
import shutil

import numpy as np
import pytest

from tests.backbones import torch_reference
from tests.backbones.encoders import TINY, write_encoder
from vito_tf import torch_files
from vito_tf.backbones import encoder_files, networks, resnet
from vito_tf.backbones.torch_conversion import ConversionError, to_checkpoint, to_encoder
from vito_tf.torch_checkpoint import CheckpointError, read_state_dict

SYMMETRIC = resnet.Architecture(10, 0.125, padding="symmetric")
STATE = torch_reference.random_state(torch_reference.RESNET_10, width=4)
IMAGES = np.random.default_rng(1).normal(size=(1, 40, 33, 3)).astype(np.float32)


@pytest.fixture(name="checkpoint", scope="module")
def _checkpoint(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("torch") / "weights.pth")
    state = {f"module.{name}": value for name, value in STATE.items()}
    heads = {f"head.{index}": np.zeros(1, np.float32) for index in range(12)}
    torch_files.write_state_dict(path, {**state, **heads})
    return path


@pytest.fixture(name="encoder", scope="module")
def _encoder(tmp_path_factory):
    """Of random weights, padding as TensorFlow does; copied where a test changes it."""
    folder = tmp_path_factory.mktemp("tiny") / "encoder"
    write_encoder(folder, architecture=TINY)
    return folder


def test_there_and_back(checkpoint, tmp_path):
    folder, path = str(tmp_path / "new" / "encoder"), str(tmp_path / "more" / "back.safetensors")
    figures = to_encoder(checkpoint, folder)
    assert figures == {
        "network": "resnet",
        "model_id": 10,
        "depth_multiplier": 0.0625,
        "scale_stem": True,
        "padding": "symmetric",
        "norm_epsilon": 1e-5,
        "parameters": sum(v.size for k, v in STATE.items() if "num_batches" not in k) + 4 * 4 + 16,
        "prefix": "module.",
        "ignored": ", ".join(f"head.{index}" for index in range(10)) + " and 2 more",
        "added": ", ".join(
            f"layer1.0.downsample.{name}"
            for name in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var")
        ),
        "max_difference": 0,
    }
    encoder = encoder_files.read(folder)
    assert encoder.architecture == resnet.Architecture(10, 0.0625, padding="symmetric")
    assert encoder.source == "PyTorch checkpoint weights.pth, module.*"
    backbone = networks.build(encoder.architecture)
    encoder_files.restore(backbone, encoder)
    expected = torch_reference.features(STATE, IMAGES)
    for level, value in backbone(IMAGES, training=False).items():
        np.testing.assert_allclose(value, expected[level], atol=1e-4)
    figures = to_checkpoint(folder, path)
    assert figures["max_difference"] == 0
    assert figures["tensors"] == len(STATE)
    assert figures["beyond_torchvision"] == "none"
    found = read_state_dict(path)
    assert set(found) == set(STATE)
    for name in STATE:
        if "num_batches" not in name:
            np.testing.assert_array_equal(found[name], STATE[name])


def test_existing_folders(checkpoint, encoder, tmp_path):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder, folder)
    (folder / "stale").write_text("")
    with pytest.raises(ConversionError, match=r"--export_path=.*encoder exists; --overwrite"):
        to_encoder(checkpoint, str(folder))
    to_encoder(checkpoint, str(folder), overwrite=True)
    assert not (folder / "stale").exists()
    assert encoder_files.read(str(folder)).source.startswith("PyTorch")
    (folder / encoder_files.DESCRIPTION).unlink()
    with pytest.raises(ConversionError, match=r"--export_path=.* without an encoder; it is kept"):
        to_encoder(checkpoint, str(folder), overwrite=True)
    assert list(folder.iterdir())


def test_a_failed_conversion_deletes_nothing(checkpoint, encoder, tmp_path):
    folder = tmp_path / "encoder"
    shutil.copytree(encoder, folder)
    before = sorted(folder.iterdir())
    with pytest.raises(
        ConversionError, match=r"weights\.pth cannot be converted\. .*--prefix='x\.'"
    ):
        to_encoder(checkpoint, str(folder), prefix="x", overwrite=True)
    with pytest.raises(CheckpointError, match=r"missing\.pth"):
        to_encoder(str(tmp_path / "missing.pth"), str(folder), overwrite=True)
    assert sorted(folder.iterdir()) == before


def test_existing_files_and_a_shortcut_of_its_own(tmp_path):
    write_encoder(tmp_path / "encoder", architecture=SYMMETRIC)
    path = tmp_path / "weights.pt"
    path.write_text("mine")
    with pytest.raises(ConversionError, match=r"weights\.pt exists"):
        to_checkpoint(str(tmp_path / "encoder"), str(path))
    assert path.read_text() == "mine"
    figures = to_checkpoint(str(tmp_path / "encoder"), str(path), overwrite=True)
    assert figures["beyond_torchvision"] == "layer1.0.downsample.*"
    assert "layer1.0.downsample.0.weight" in read_state_dict(str(path))
    with pytest.raises(ConversionError, match=r"--export_path=.*encoder must end in"):
        to_checkpoint(str(tmp_path / "encoder"), str(tmp_path / "encoder"), overwrite=True)


def test_padding_of_tensorflow_and_another_epsilon(encoder, tmp_path):
    shutil.copytree(encoder, tmp_path / "encoder")
    path = tmp_path / "weights.safetensors"
    with pytest.raises(ConversionError, match=r"pads as TensorFlow does.*--ignore_padding"):
        to_checkpoint(str(tmp_path / "encoder"), str(path))
    assert not path.exists()
    figures = to_checkpoint(str(tmp_path / "encoder"), str(path), ignore_padding=True)
    assert figures["max_difference"] > 0.01
    description = tmp_path / "encoder" / encoder_files.DESCRIPTION
    content = json.loads(description.read_text())
    content["architecture"]["norm_epsilon"] = 1e-3
    description.write_text(json.dumps(content))
    with pytest.raises(ConversionError, match=r"norm_epsilon=0\.001; torchvision's .* 1e-05"):
        to_checkpoint(str(tmp_path / "encoder"), str(tmp_path / "x.pth"), ignore_padding=True)


def test_no_encoder(tmp_path):
    with pytest.raises(encoder_files.EncoderError, match=r"is no encoder"):
        to_checkpoint(str(tmp_path), str(tmp_path / "x.pth"))
    content = {"architecture": {"model_id": 51}, "weights": "backbone-1", "source": ""}
    (tmp_path / encoder_files.DESCRIPTION).write_text(json.dumps(content))
    with pytest.raises(
        encoder_files.EncoderError, match=r"encoder\.json does not describe.*model_id"
    ):
        to_checkpoint(str(tmp_path), str(tmp_path / "x.pth"))
