# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Encoders on disk, whole and damaged."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones.encoders import TINY, write_encoder
from vito_tf.backbones import encoder_files, resnet
from vito_tf.backbones.encoder_files import DESCRIPTION, EncoderError


@pytest.fixture(name="original", scope="module")
def _original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    write_encoder(folder)
    return folder


@pytest.fixture(name="folder")
def _folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "copy")


def test_round_trip_and_a_copied_folder(tmp_path):
    backbone = write_encoder(tmp_path / "a" / "b", seed=2)
    folder = shutil.copytree(tmp_path / "a" / "b", tmp_path / "copy")
    shutil.rmtree(tmp_path / "a")
    encoder = encoder_files.read(str(folder))
    assert encoder.architecture == TINY
    assert encoder.source == "a test"
    assert tf.train.latest_checkpoint(encoder.folder) == encoder.checkpoint
    restored = resnet.build(TINY, output_stride=16)
    encoder_files.restore(restored, encoder)
    for old, new in zip(backbone.weights, restored.weights):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "is no encoder: it has no encoder.json"),
        ("{", "does not describe an encoder"),
        ("[]", "does not describe an encoder"),
        ({"weights": None}, "None.index is missing"),
        ({"weights": "backbone-2"}, "backbone-2.index is missing"),
        ({"architecture": {"model_id": 11}}, r"encoder.json .*model_id must be one of .*, not 11"),
        ({"architecture": {"model_id": [10]}}, "encoder.json does not describe an encoder"),
        ({"network": "vit"}, r"network must be one of \['resnet', 'swin'\], not"),
        ({"network": ["swin"]}, "encoder.json does not describe an encoder"),
        ({"network": "swin"}, "encoder.json does not describe an encoder: .*model_id"),
        ({"architecture": {"width": 1}}, "encoder.json does not describe an encoder: .*width"),
        ({"architecture": {"depth_multiplier": "1"}}, "encoder.json does not describe an encoder"),
        ({"architecture": {"depth_multiplier": 0}}, "depth_multiplier must be positive"),
        ({"architecture": {"padding": "valid"}}, "padding must be one of"),
        ({"architecture": None}, "encoder.json does not describe an encoder"),
        ({"last_level": "6"}, "encoder.json does not describe an encoder: last_level must be one"),
        ({"last_level": 4}, "encoder.json does not describe an encoder: last_level must be one"),
    ],
)
def test_descriptions(folder, change, message):
    path = folder / DESCRIPTION
    if change is None:
        path.unlink()
    elif isinstance(change, str):
        path.write_text(change)
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(EncoderError, match=message) as caught:
        encoder_files.read(str(folder))
    assert str(folder) in str(caught.value)


def test_a_description_of_the_first_versions_is_of_a_resnet(folder):
    path = folder / DESCRIPTION
    content = json.loads(path.read_text())
    assert content.pop("network") == "resnet"
    path.write_text(json.dumps(content))
    assert encoder_files.read(str(folder)).architecture == TINY


@pytest.mark.parametrize("field", ["architecture", "weights", "source", "last_level"])
def test_missing_fields(folder, field):
    content = json.loads((folder / DESCRIPTION).read_text())
    del content[field]
    (folder / DESCRIPTION).write_text(json.dumps(content))
    with pytest.raises(EncoderError, match=f"does not describe an encoder: '{field}'"):
        encoder_files.read(str(folder))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(EncoderError, match=r"nowhere is no encoder"):
        encoder_files.read(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    "architecture", [resnet.Architecture(10, 0.0625), resnet.Architecture(18, 0.125)]
)
def test_weights_of_another_network(folder, architecture):
    encoder = encoder_files.read(str(folder))
    with pytest.raises(EncoderError, match=f"weights of {folder} do not fit") as caught:
        encoder_files.restore(resnet.build(architecture), encoder)
    assert "\n" not in str(caught.value)


def test_damaged_weights(folder):
    encoder = encoder_files.read(str(folder))
    backbone = resnet.build(TINY)
    for suffix in (".index", ".data-00000-of-00001"):
        path = folder / f"{encoder.weights}{suffix}"
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(EncoderError, match=f"weights of {folder}"):
            encoder_files.restore(backbone, encoder)
        path.write_bytes(data)
