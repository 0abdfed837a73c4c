# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What is the same for all kinds of networks."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones.encoders import TINY, TINY_SWIN, randomise
from tests.pretraining import models
from vito_tf.backbones import networks


@pytest.fixture(name="backbone", scope="module", params=[TINY, TINY_SWIN], ids=networks.kind)
def _backbone(request):
    return request.param, randomise(networks.build(request.param))


@pytest.mark.parametrize("architecture", [TINY, TINY_SWIN], ids=networks.kind)
def test_descriptions_come_back_from_json(architecture):
    description = json.loads(json.dumps(networks.describe(architecture)))
    assert description["network"] == networks.kind(architecture)
    assert networks.from_description({**description, "source": "a test"}) == architecture


def test_what_describes_no_network():
    with pytest.raises(ValueError, match=r"network must be one of \['resnet', 'swin'\], not 'vit'"):
        networks.from_description({"network": "vit", "architecture": {}})
    with pytest.raises(TypeError, match="depths"):
        networks.from_description({"architecture": {"depths": [1, 1, 1, 1]}})
    with pytest.raises(ValueError, match=r"swin.num_heads=\(3, 6, 12, 24\) must divide"):
        networks.from_description({"network": "swin", "architecture": {"embed_dim": 10}})


def test_the_architecture_of_a_backbone(backbone):
    architecture, built = backbone
    assert networks.architecture_of(built) == architecture
    assert set(built.output_specs) == set(networks.LEVELS)


def test_the_architecture_of_another_network_is_not_known():
    assert networks.architecture_of(models.small_net()) is None


def test_levels_that_are_left_out(backbone):
    _, built = backbone
    assert networks.up_to(built, "5") is built
    shortened = networks.up_to(built, "3")
    images = tf.constant(np.random.default_rng(0).normal(size=(1, 40, 56, 3)), tf.float32)
    maps, expected = shortened(images, training=False), built(images, training=False)
    assert sorted(maps) == sorted(shortened.output_specs) == ["2", "3"]
    for level, values in maps.items():
        np.testing.assert_array_equal(values, expected[level])
        assert shortened.output_specs[level] == built.output_specs[level]
    count = len(shortened.weights)
    assert count < len(built.weights)
    assert all(weight is other for weight, other in zip(shortened.weights, built.weights))
