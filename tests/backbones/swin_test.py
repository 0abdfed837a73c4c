# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Swin transformers against numpy's transcription, and the counts that were published."""

import dataclasses
import inspect
import json

import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import swin_reference
from vito_tf.backbones import networks, swin, torch_swin

TINY = swin.Architecture(*swin_reference.TINY)
OF_ONE_SIZE = swin.build(
    TINY,
    drop_path=0.9,
    kernel_regularizer=tf.keras.regularizers.L2(0.5),
    input_specs=tf.keras.layers.InputSpec(shape=[None, 37, 53, 3]),
)


def _bound_by_gin():
    bindings = [f"swin.{name} = {value}" for name, value in dataclasses.asdict(TINY).items()]
    with gin.unlock_config():
        gin.parse_config([*bindings, "swin.drop_path = 0.4"])
    try:
        return swin.swin(sync_batch_norm=True)
    finally:
        gin.clear_config()


BACKBONE = _bound_by_gin()


def images(*size):
    return np.random.default_rng(3).normal(size=(1, *size, 3)).astype(np.float32)


def set_random(backbone):
    """Returns the state dict that it is given."""
    state = swin_reference.random_state(
        swin_reference.TINY, norms=[f"norm{stage}" for stage in range(4)]
    )
    for name, variable in torch_swin.variables(backbone).items():
        value = state[name]
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif value.ndim == 2 and not name.endswith("table"):
            value = value.T
        variable.assign(value)
    return state


@pytest.mark.parametrize("size", [(37, 53), (64, 40), (3, 30)])
def test_features_are_the_references(size):
    """Padded to patches, to windows and to be merged; and maps too small to be shifted."""
    state = set_random(BACKBONE)
    pixels = images(*size)
    expected = swin_reference.features(state, pixels, swin_reference.TINY)
    found = BACKBONE(pixels, training=False)
    assert list(found) == ["2", "3", "4", "5"]
    for level, value in found.items():
        stride = 2 ** int(level)
        assert value.shape[1:3] == tuple(-(-length // stride) for length in size)
        np.testing.assert_allclose(value, expected[level], rtol=0, atol=2e-5)


def test_checkpoints_fit_networks_for_other_sizes_and_with_fewer_levels(tmp_path):
    set_random(BACKBONE)
    path = tf.train.Checkpoint(backbone=BACKBONE).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(backbone=OF_ONE_SIZE).read(path).assert_consumed()
    pixels = images(37, 53)
    expected = BACKBONE(pixels, training=False)
    for level, value in OF_ONE_SIZE(pixels, training=False).items():
        np.testing.assert_allclose(value, expected[level], atol=1e-6)
    shortened = networks.up_to(OF_ONE_SIZE, "3")
    for weight in shortened.weights:
        weight.assign(tf.zeros_like(weight))
    status = tf.train.Checkpoint(backbone=shortened).read(path)
    status.expect_partial().assert_existing_objects_matched()
    found = shortened(pixels, training=False)
    assert list(found) == ["2", "3"]
    np.testing.assert_allclose(found["3"], expected["3"], atol=1e-6)


def test_what_a_network_tells_of_itself():
    assert BACKBONE.name == "backbone"
    assert BACKBONE.architecture == TINY
    blocks = [block for level in "2345" for block in BACKBONE.get_layer(f"stage_{level}").blocks]
    np.testing.assert_allclose([block.drop_path.rate for block in blocks], np.arange(5) / 10)
    assert [shape[-1] for shape in BACKBONE.output_specs.values()] == [4, 8, 16, 32]
    assert {level: shape.as_list() for level, shape in OF_ONE_SIZE.output_specs.items()} == {
        "2": [None, 10, 14, 4],
        "3": [None, 5, 7, 8],
        "4": [None, 3, 4, 16],
        "5": [None, 2, 2, 32],
    }
    assert not OF_ONE_SIZE.non_trainable_weights
    kernels = [weight for weight in OF_ONE_SIZE.weights if "kernel" in weight.name]
    assert len(kernels) == 1 + 4 * 5 + 3
    expected = sum(0.5 * tf.reduce_sum(kernel**2) for kernel in kernels)
    np.testing.assert_allclose(sum(OF_ONE_SIZE.losses), expected, rtol=1e-5)


def parameters(architecture, classes=0):
    """Of the reference's classifier, or with none of classes of a backbone."""
    total = 48 * architecture.embed_dim + 3 * architecture.embed_dim
    for stage, (depth, heads) in enumerate(zip(architecture.depths, architecture.num_heads)):
        c = architecture.embed_dim * 2**stage
        table = (2 * architecture.window_size - 1) ** 2 * heads
        total += depth * (4 * c + 3 * c * c + 3 * c + c * c + c + 8 * c * c + 5 * c + table)
        total += 8 * c * c + 8 * c if stage < 3 else 0
        total += 2 * c if stage == 3 or not classes else 0
    return total + classes * (8 * architecture.embed_dim + 1)


@pytest.mark.parametrize(
    ("size", "published"), [("tiny", 28288354), ("small", 49606258), ("base", 87768224)]
)
def test_published_parameter_counts(size, published):
    assert parameters(TINY) == BACKBONE.count_params()
    assert parameters(swin.SIZES[size], classes=1000) == published


def test_swin_s_is_the_default():
    assert swin.Architecture() == swin.SIZES["small"]
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(swin.swin).parameters.items()
    }
    assert (defaults.pop("sync_batch_norm"), defaults.pop("drop_path")) == (False, 0.2)
    assert swin.Architecture(**defaults) == swin.SIZES["small"]


def test_an_architecture_survives_json():
    written = json.dumps(dataclasses.asdict(swin.SIZES["tiny"]))
    assert swin.Architecture(**json.loads(written)) == swin.SIZES["tiny"]
    assert hash(swin.Architecture(depths=json.loads("[2, 2, 18, 2]"))) == hash(swin.Architecture())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"embed_dim": 0}, r"swin\.embed_dim must be a whole number >= 1, not 0\."),
        ({"embed_dim": "96"}, r"swin\.embed_dim .* not '96'\."),
        (
            {"embed_dim": 97},
            r"swin\.num_heads=\(3, 6, 12, 24\) must divide .*\(97, 194, 388, 776\)",
        ),
        ({"num_heads": (3, 5, 12, 24)}, r"swin\.num_heads=.*swin\.embed_dim=96"),
        ({"window_size": 1}, r"swin\.window_size must be a whole number >= 2, not 1\."),
        ({"window_size": True}, r"swin\.window_size .* not True\."),
        ({"depths": (2, 2, 6)}, r"swin\.depths must be four .* not \(2, 2, 6\)\."),
        ({"depths": (2, 0, 6, 2)}, r"swin\.depths must be four"),
        ({"depths": 2}, r"swin\.depths must be four .* not 2\."),
        ({"num_heads": (3, 6, 12, 24.0)}, r"swin\.num_heads must be four"),
    ],
)
def test_architectures_that_none_has(fields, message):
    with pytest.raises(ValueError, match=message):
        swin.Architecture(**fields)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_that_are_no_probability(rate):
    with pytest.raises(ValueError, match=r"swin\.drop_path must be in \[0, 1\)"):
        swin.build(TINY, rate)
