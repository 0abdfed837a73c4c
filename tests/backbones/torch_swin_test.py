# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Microsoft's state dicts of Swin transformers, both ways."""

import numpy as np
import pytest

from tests.backbones import swin_reference, torch_reference
from vito_tf import torch_files
from vito_tf.backbones import encoder_files, swin, torch_conversion, torch_state, torch_swin
from vito_tf.backbones.torch_state import StateDictError
from vito_tf.torch_checkpoint import read_state_dict

SMALLEST = (4, (1, 1, 1, 1), (1, 2, 2, 4), 3)
NORMS = [f"norm{stage}" for stage in range(4)]
CLASSIFIER = swin_reference.random_state(SMALLEST)
DENSE = swin_reference.random_state(SMALLEST, NORMS, seed=1)
HEAD = {"head.weight": np.zeros([10, 32], np.float32), "head.bias": np.zeros(10, np.float32)}
MASK = {"layers.0.blocks.0.attn_mask": np.zeros([4, 9, 9], np.float32)}


def images():
    return np.random.default_rng(3).normal(size=(1, 25, 18, 3)).astype(np.float32)


def check_features(backbone, state):
    expected = swin_reference.features(state, images(), SMALLEST)
    for level, value in backbone(images(), training=False).items():
        np.testing.assert_allclose(value, expected[level], rtol=0, atol=2e-5)


def test_a_classifier_to_an_encoder_and_back(tmp_path):
    checkpoint, back = str(tmp_path / "weights.pth"), str(tmp_path / "back.pth")
    published = {**CLASSIFIER, **HEAD, **MASK}
    torch_files.write_state_dict(checkpoint, {f"model.{k}": v for k, v in published.items()})
    folder = str(tmp_path / "encoder")
    figures = torch_conversion.to_encoder(checkpoint, folder)
    counted = sum(v.size for k, v in CLASSIFIER.items() if not k.endswith("index"))
    assert figures == {
        "network": "swin",
        "embed_dim": 4,
        "depths": (1, 1, 1, 1),
        "num_heads": (1, 2, 2, 4),
        "window_size": 3,
        "parameters": counted + 2 * (4 + 8 + 16),
        "prefix": "model.",
        "ignored": "model.head.weight, model.head.bias",
        "added": "norm0.weight, norm0.bias, norm1.weight, norm1.bias, norm2.weight, norm2.bias",
        "max_difference": 0,
    }
    assert encoder_files.read(folder).architecture == swin.Architecture(*SMALLEST)
    figures = torch_conversion.to_checkpoint(folder, back)
    assert figures["max_difference"] == 0
    assert figures["beyond_microsoft"] == "norm0.*, norm1.*, norm2.*, norm3.*"
    found = read_state_dict(back)
    assert figures["tensors"] == len(found)
    more = [f"{norm}.{tensor}" for norm in NORMS for tensor in ("weight", "bias")]
    assert set(found) == {*CLASSIFIER, *more}
    for name, value in CLASSIFIER.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == value.dtype
    np.testing.assert_array_equal(found["norm3.bias"], CLASSIFIER["norm.bias"])
    np.testing.assert_array_equal(found["norm0.weight"], np.ones(4))


def test_a_backbone_of_segmentation_among_other_networks():
    state = {f"state_dict.backbone.{name}": value for name, value in DENSE.items()}
    resnet = torch_reference.random_state(torch_reference.RESNET_10, width=4)
    state |= {f"resnet.{name}": value for name, value in resnet.items()}
    converted = torch_swin.from_state_dict({**state, "state_dict.backbone.norm.bias": np.ones(32)})
    assert converted.prefix == "state_dict.backbone."
    assert converted.added == ()
    assert [x for x in converted.ignored if not x.startswith("resnet.")] == [
        "state_dict.backbone.norm.bias"
    ]
    check_features(converted.backbone, DENSE)
    back = torch_swin.to_state_dict(converted.backbone)
    assert [name for name in back if not name.startswith("norm.")] == list(DENSE)
    for name, value in DENSE.items():
        np.testing.assert_array_equal(back[name], value)


def test_numbers_that_are_not_finite():
    shapes = {"a": (2,), "b": (2,), "c": (1,)}
    values = {"a": np.array([0.0, np.nan]), "b": np.array([np.inf, 0.0]), "c": np.zeros(1)}
    with pytest.raises(StateDictError, match=r"it has numbers that are not finite in a, b\.$"):
        torch_state.check(values, shapes, (), torch_swin.LAYOUT)


def test_all_faults_of_a_network_are_named():
    changes = {
        **dict.fromkeys(["norm.weight", "layers.1.blocks.0.mlp.fc1.bias"]),
        "absolute_pos_embed": np.zeros([1, 49, 4]),
        "layers.3.downsample.norm.bias": np.zeros(4),
        "patch_embed.proj.weight": np.zeros([4, 3, 2, 2]),
        "layers.2.blocks.0.attn.relative_position_bias_table": np.zeros([9, 2]),
    }
    state = {k: v for k, v in {**CLASSIFIER, **changes}.items() if v is not None}
    with pytest.raises(StateDictError) as caught:
        torch_swin.from_state_dict(state)
    assert str(caught.value) == (
        "It is no Swin transformer of Microsoft's: it lacks layers.1.blocks.0.mlp.fc1.bias, "
        "norm3.weight; it has besides absolute_pos_embed, layers.3.downsample.norm.bias; "
        "it has of another shape or type patch_embed.proj.weight float64[4, 3, 2, 2] instead of "
        "float[4, 3, 4, 4], layers.2.blocks.0.attn.relative_position_bias_table float64[9, 2] "
        "instead of float[25, 2]."
    )


@pytest.mark.parametrize("size", swin.SIZES)
def test_sizes_are_recognised(size):
    shapes = swin_reference.shapes(list(vars(swin.SIZES[size]).values()))
    state = {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}
    assert torch_swin.architecture_of(state) == swin.SIZES[size]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_embed.proj.weight": np.array(3.0)}, r"swin\.embed_dim .* not 0"),
        (
            {"layers.0.blocks.0.attn.relative_position_bias_table": None},
            r"first version: layers\.0\.blocks\.0\.attn\.relative_position_bias_table.* missing\.",
        ),
        (
            {"layers.0.blocks.0.attn.relative_position_bias_table": np.zeros([16, 1])},
            r"first version: .* is \[16, 1\]\.",
        ),
        (
            {"layers.3.blocks.0.attn.relative_position_bias_table": np.zeros([25, 5])},
            r"swin\.num_heads=\(1, 2, 2, 5\) must divide",
        ),
        ({"layers.0.blocks.0.attn.qkv.weight": None}, r"no Swin transformer of Microsoft's layout"),
    ],
)
def test_networks_that_are_no_swin_transformer(changes, message):
    state = {k: v for k, v in {**CLASSIFIER, **changes}.items() if v is not None}
    with pytest.raises(StateDictError, match=message):
        torch_swin.from_state_dict(state)


def test_files_of_several_kinds_or_none(tmp_path):
    path, folder = str(tmp_path / "x.pth"), str(tmp_path / "encoder")
    resnet = torch_reference.random_state(torch_reference.RESNET_10, width=4)
    both = {**{f"a.{k}": v for k, v in resnet.items()}, **{f"b.{k}": v for k, v in DENSE.items()}}
    torch_files.write_state_dict(path, both)
    several = r"several networks; choose one: --prefix=a\., --prefix=b\.\."
    with pytest.raises(torch_conversion.ConversionError, match=several):
        torch_conversion.to_encoder(path, folder)
    with pytest.raises(
        torch_conversion.ConversionError, match=r"no ResNet or Swin transformer of --prefix='c\.'"
    ):
        torch_conversion.to_encoder(path, folder, prefix="c")
    torch_files.write_state_dict(path, HEAD)
    with pytest.raises(
        torch_conversion.ConversionError,
        match=r"holds no ResNet of .*; it holds no Swin transformer of Microsoft's layout: no .*"
        r"those that it holds are head\.weight, head\.bias\.",
    ):
        torch_conversion.to_encoder(path, folder)
