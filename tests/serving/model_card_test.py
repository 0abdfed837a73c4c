# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a card says of loading is true of the encoder that it is of."""

import re

import pytest
import yaml
from official.core import exp_factory
from official.vision import registry_imports  # noqa: F401

from tests.backbones import encoders
from vito_tf.backbones import model_garden, networks, resnet
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import model_card

ORIGIN = model_card.Origin({}, "", "", "")


def _card(architecture, last_level="5"):
    backbone = networks.build(architecture)
    encoder = encoder_lib.Encoder(backbone, architecture, last_level, "a test")
    return model_card.model_card(encoder, "backbone", 32, "encoders/a", ORIGIN, [])


@pytest.mark.parametrize("padding", ["same", "symmetric"])
def test_parameters_of_model_garden(padding):
    card = _card(resnet.Architecture(10, 0.125, padding=padding))
    ours, *stock = [yaml.safe_load(block) for block in re.findall("```yaml\n(.*?)```", card, re.S)]
    backbone = model_garden.Backbone(type="resnet")
    backbone.override(ours["backbone"])
    assert (backbone.type, backbone.get().path) == ("encoder", "encoders/a")
    assert len(stock) == (padding == "same")  # Stock networks pad in no other way.
    for parameters in stock:
        config = exp_factory.get_exp_config("image_classification")
        config.override(parameters)
        assert config.task.init_checkpoint == "encoders/a"
        assert config.task.model.norm_activation.norm_epsilon == 1e-5


def test_a_swin_transformer_is_described_and_has_no_stock_counterpart():
    card = _card(encoders.TINY_SWIN)
    for fact in ("| Architecture | Swin transformer |", "| Blocks | 1, 2, 1, 1 |", "| 4 × 4 |"):
        assert fact in card
    assert "| Features | 32, average of level 5 |" in card
    (ours,) = re.findall("```yaml\n(.*?)```", card, re.S)
    assert yaml.safe_load(ours)["backbone"]["encoder"] == {"path": "encoders/a"}


def test_levels_that_were_not_trained_are_told():
    card = _card(resnet.Architecture(10, 0.125), "4")
    assert "| Features | 32, average of level 4 |" in card
    assert "Pretraining reached level 4" in card
