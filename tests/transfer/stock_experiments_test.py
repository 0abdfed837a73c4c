# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's experiments on an encoder, chosen by overrides."""

import numpy as np
import pytest
import tensorflow as tf
import yaml
from official.core import exp_factory

from tests.backbones import encoders
from tests.transfer import quick_tasks
from vito_tf.backbones import encoder_files, model_garden
from vito_tf.transfer import stock_experiments

# What makes the models small enough for a test.
SMALL = {
    "seg_deeplabv3_pascal": {
        "input_size": [64, 64, 3],
        "decoder": {"aspp": {"num_filters": 8, "dilation_rates": [2]}},
    },
    "retinanet_resnetfpn_coco": {
        "input_size": [64, 64, 3],
        "max_level": 6,
        "decoder": {"fpn": {"num_filters": 8}},
        "head": {"num_filters": 8, "num_convs": 1},
    },
}


def flat(values, way=()):
    """All values of nested dictionaries, by the way to them."""
    if not isinstance(values, dict):
        return {".".join(way): values}
    return {
        name: value
        for key, inner in values.items()
        for name, value in flat(inner, (*way, key)).items()
    }


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        (
            "seg_deeplabv3_pascal",
            {"task.model.decoder.aspp.level": 5, "task.model.head.level": 5},
        ),
        ("retinanet_resnetfpn_coco", {}),
    ],
)
def test_all_else_is_stock(name, levels):
    ours = flat(exp_factory.get_exp_config(f"vito_{name}").as_dict())
    stock = flat(exp_factory.get_exp_config(name).as_dict())
    changed = {
        key: ours.get(key)
        for key in {*ours, *stock}
        if ours.get(key) != stock.get(key) and not key.startswith("task.model.backbone.")
    }
    assert changed == {"task.init_checkpoint": None, **levels}
    assert ours["task.model.backbone.type"] == "encoder"


@pytest.mark.parametrize("name", SMALL)
def test_an_encoder_by_yaml(name, tmp_path):
    backbone = encoders.write_encoder(tmp_path, seed=3)
    task = {"model": {"backbone": {"encoder": {"path": str(tmp_path)}}}}
    config = exp_factory.get_exp_config(f"vito_{name}")
    config.override(yaml.safe_load(yaml.safe_dump({"task": task})))
    config.task.model.override(SMALL[name])
    model = quick_tasks.get_task(config.task).build_model()
    for old, new in zip(backbone.weights, model.backbone.weights):
        np.testing.assert_array_equal(old, new)
    images = tf.random.stateless_normal([1, 64, 64, 3], seed=(1, 2))
    expected = backbone(images, training=False)
    for level, found in model.backbone(images, training=False).items():
        if level != "5" or name != "seg_deeplabv3_pascal":  # Where '5' is dilated.
            scale = np.abs(expected[level]).max()
            np.testing.assert_allclose(found / scale, expected[level] / scale, atol=1e-5)


def test_levels_that_training_did_not_reach_are_named_or_done_without(tmp_path):
    backbone = encoders.randomise(encoders.resnet.build(encoders.TINY))
    encoder_files.write(str(tmp_path), backbone, encoders.TINY, "a test", last_level="4")
    for name, small in SMALL.items():
        config = exp_factory.get_exp_config(f"vito_{name}")
        config.task.model.override(small)
        config.task.model.backbone.encoder.path = str(tmp_path)
        task = quick_tasks.get_task(config.task)
        if name == "seg_deeplabv3_pascal":
            with pytest.raises(ValueError, match=r"^task\.model\.decoder\.aspp\.level is 5, but"):
                task.build_model()
            config.task.model.override({"decoder": {"aspp": {"level": 4}}, "head": {"level": 4}})
        assert sorted(task.build_model().backbone.output_specs) == ["2", "3", "4"]


def test_any_experiment_with_a_backbone():
    config = stock_experiments.with_encoder("resnet_imagenet")
    assert isinstance(config.task.model.backbone, model_garden.Backbone)
    assert config.task.init_checkpoint_modules == "backbone"
    with pytest.raises(ValueError, match=r"video_classification_ucf101 has no 2-D backbone"):
        stock_experiments.with_encoder("video_classification_ucf101")
