# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""torchvision's state dicts against numpy's transcription of its ResNets, and against PyTorch."""

import numpy as np
import pytest

from tests.backbones import torch_modules, torch_reference
from tests.backbones.encoders import randomise
from tests.backbones.torch_reference import RESNET_10, RESNET_18, RESNET_34, RESNET_50
from vito_tf.backbones import resnet, torch_resnet, torch_state
from vito_tf.backbones.torch_resnet import from_state_dict, to_state_dict
from vito_tf.backbones.torch_state import StateDictError

TINY = torch_reference.random_state(RESNET_10, width=4)
CONVERTED = from_state_dict(TINY)


def images(*shape):
    return np.random.default_rng(3).normal(size=(*shape, 3)).astype(np.float32)


def largest_difference(found, expected):
    assert set(found) == set(expected) == {"2", "3", "4", "5"}
    for level, value in found.items():
        assert value.shape == expected[level].shape
    return max(
        np.abs(value - expected[level]).max() / np.abs(expected[level]).max()
        for level, value in found.items()
    )


def features(backbone, pixels):
    maps = backbone(pixels, training=False)
    return {level: value.numpy() for level, value in maps.items()}


def check_round_trip(state, converted):
    back = to_state_dict(converted.backbone)
    assert list(back) == list(state)
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            assert back[name] == 0
            assert back[name].dtype == np.int64
        else:
            assert back[name].dtype == np.float32
            np.testing.assert_array_equal(back[name], value)


@pytest.mark.parametrize(
    ("layout", "sizes", "expected"),
    [
        (RESNET_18, [(32, 32), (33, 38)], resnet.Architecture(18, 0.03125, False, "symmetric")),
        (RESNET_50, [(38, 33)], resnet.Architecture(50, 0.03125, False, "symmetric")),
    ],
)
def test_features_are_torchvisions_and_tensors_come_back(layout, sizes, expected):
    state = torch_reference.random_state(layout, width=2, stem=64)
    converted = from_state_dict(state)
    backbone = converted.backbone
    assert converted.architecture == expected
    assert (converted.prefix, converted.ignored) == ("", ())
    found = [id(variable) for variable in torch_resnet.variables(backbone).values()]
    assert sorted(found) == sorted(map(id, backbone.weights))
    for size in sizes:
        pixels = images(1, *size)
        maps = torch_reference.features(state, pixels)
        assert largest_difference(features(backbone, pixels), maps) < 1e-5
    check_round_trip(state, converted)


def test_a_width_that_is_no_part_of_64():
    state = torch_reference.random_state(RESNET_10, width=5)
    converted = from_state_dict(state)
    assert converted.architecture == resnet.Architecture(10, 0.078125, True, "symmetric")
    check_round_trip(state, converted)


def test_padding_of_tensorflow_would_be_wrong():
    state = TINY
    backbone = resnet.build(resnet.Architecture(10, 0.0625))
    for variable, value in zip(backbone.weights, CONVERTED.backbone.weights):
        variable.assign(value)
    even, odd = images(1, 32, 32), images(1, 33, 33)
    difference = largest_difference(features(backbone, even), torch_reference.features(state, even))
    assert difference > 0.1
    difference = largest_difference(features(backbone, odd), torch_reference.features(state, odd))
    assert difference < 1e-5  # Where nothing is to be padded unevenly, both agree.


@pytest.mark.parametrize(
    ("layout", "model_id"),
    [
        (RESNET_34, 34),
        (RESNET_50, 50),
        (("bottleneck", (3, 4, 23, 3)), 101),
        (("bottleneck", (3, 8, 36, 3)), 152),
    ],
)
def test_depths(layout, model_id):
    names = torch_reference.shapes(layout)
    state = {name: np.broadcast_to(np.float32(0), shape) for name, shape in names.items()}
    assert torch_resnet.architecture_of(state) == resnet.Architecture(model_id, padding="symmetric")


def test_our_small_resnets_keep_their_first_shortcut():
    backbone = randomise(resnet.build(resnet.Architecture(10, 0.0625, padding="symmetric")))
    state = to_state_dict(backbone)
    more = set(state) - set(torch_reference.shapes(RESNET_10, width=4))
    assert {name.rsplit(".", 1)[0] for name in more} == {
        "layer1.0.downsample.0",
        "layer1.0.downsample.1",
    }
    pixels = images(1, 33, 32)
    expected = torch_reference.features(state, pixels)
    assert largest_difference(features(backbone, pixels), expected) < 1e-5
    again = from_state_dict(state).backbone
    assert largest_difference(features(again, pixels), features(backbone, pixels)) == 0


def test_other_widths_of_numbers_beside_a_head():
    """16 bits in the first half of a network, 64 in the second."""
    dtypes = [np.float16] * (len(TINY) // 2) + [np.float64] * len(TINY)
    state = {name: value.astype(dtype) for (name, value), dtype in zip(TINY.items(), dtypes)}
    heads: dict[str, np.ndarray] = {
        "module.fc.weight": np.zeros([10, 128], np.float32),
        "queue": np.zeros(3),
    }
    converted = from_state_dict({**{f"module.{k}": v for k, v in state.items()}, **heads})
    assert converted.prefix == "module."
    assert converted.ignored == ("module.fc.weight", "queue")
    for name, value in to_state_dict(converted.backbone).items():
        if not name.endswith("num_batches_tracked"):
            np.testing.assert_array_equal(value, state[name].astype(np.float32))


@pytest.mark.parametrize("prefix", ["", "module.", "state_dict.module.encoder_q."])
def test_prefixes(prefix):
    names = [f"{prefix}{name}" for name in TINY] + ["queue"]
    assert torch_state.find(names, None, [torch_resnet.LAYOUT]) == (torch_resnet.LAYOUT, prefix)


def test_several_networks():
    other = {f"encoder_k.{name}": -value for name, value in TINY.items()}
    state = {**{f"encoder_q.{name}": value for name, value in TINY.items()}, **other}
    with pytest.raises(
        StateDictError, match=r"several.*--prefix=encoder_q\., --prefix=encoder_k\.\."
    ):
        from_state_dict(state)
    for prefix in ("encoder_k", "encoder_k."):
        found = torch_state.find(state, prefix, [torch_resnet.LAYOUT])
        assert found == (torch_resnet.LAYOUT, "encoder_k.")
    converted = from_state_dict(state, "encoder_k")
    assert [name.split(".")[0] for name in converted.ignored] == 60 * ["encoder_q"]
    np.testing.assert_array_equal(
        converted.backbone.weights[0], -TINY["conv1.weight"].transpose(2, 3, 1, 0)
    )
    with pytest.raises(StateDictError, match=r"--prefix='encoder\.'.*--prefix=encoder_q\."):
        from_state_dict(state, "encoder")
    with pytest.raises(StateDictError, match=r"--prefix=''.*--prefix=encoder_q\."):
        from_state_dict(state, "")


def test_all_faults_of_a_network_are_named():
    changes = {
        **dict.fromkeys(["bn1.bias", "layer4.0.conv2.weight", "layer2.0.downsample.1.running_var"]),
        "layer2.0.se.fc1.weight": np.zeros(2),
        "conv1.bias": np.zeros(4),
        "conv1.weight": np.zeros([4, 3, 3, 3]),
        "bn1.weight": np.zeros(4, np.int8),
        "layer2.0.conv2.weight": np.zeros([8, 2, 3, 3]),
    }
    state = {name: value for name, value in {**TINY, **changes}.items() if value is not None}
    with pytest.raises(StateDictError) as caught:
        from_state_dict(state)
    assert str(caught.value) == (
        "It is no ResNet of torchvision's: it lacks bn1.bias, layer2.0.downsample.1.running_var, "
        "layer4.0.conv2.weight; it has besides conv1.bias, layer2.0.se.fc1.weight; it has of "
        "another shape or type conv1.weight float64[4, 3, 3, 3] instead of float[4, 3, 7, 7], "
        "bn1.weight int8[4] instead of float[4], "
        "layer2.0.conv2.weight float64[8, 2, 3, 3] instead of float[8, 8, 3, 3]."
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conv1.weight": np.zeros([5, 3, 7, 7])}, r"widths of conv1\.weight"),
        ({"conv1.weight": np.array(3.0)}, r"widths of conv1\.weight"),
        ({"layer1.0.conv1.weight": np.zeros([0, 4, 3, 3])}, r"widths of conv1\.weight"),
        ({"layer3.1.conv1.weight": np.zeros(2)}, r"\(1, 1, 2, 1\) residual blocks.*no known.*50"),
        ({"layer1.0.conv1.weight": None}, r"no ResNet of torchvision's layout.*conv1\.weight"),
    ],
)
def test_networks_that_are_no_resnet(changes, message):
    state = {name: value for name, value in {**TINY, **changes}.items() if value is not None}
    with pytest.raises(StateDictError, match=message):
        from_state_dict(state)


def test_no_tensors():
    with pytest.raises(StateDictError, match=r"those that it holds are none\."):
        from_state_dict({})


@pytest.mark.parametrize("size", [(96, 96), (97, 97), (97, 64)])
@pytest.mark.parametrize("layout", [RESNET_18, RESNET_50])
def test_pytorch_agrees(layout, size):
    torch = pytest.importorskip("torch")
    network = torch_modules.resnet(layout, seed=5)
    pixels = images(1, *size)
    with torch.no_grad():
        expected = network(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
    expected = {level: value.numpy().transpose(0, 2, 3, 1) for level, value in expected.items()}
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    backbone = from_state_dict(state).backbone
    assert largest_difference(features(backbone, pixels), expected) < 1e-4
    back = {name: torch.from_numpy(value.copy()) for name, value in to_state_dict(backbone).items()}
    network.load_state_dict(back, strict=True)
