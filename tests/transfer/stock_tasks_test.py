# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Model Garden's own experiments start from an encoder through `init_checkpoint`, and train."""

import json

import numpy as np
import pytest
import tensorflow as tf
from official.vision import registry_imports  # noqa: F401
from official.vision.dataloaders import tfexample_utils
from official.vision.modeling.backbones import resnet as stock_resnet
from official.vision.modeling.backbones import resnet_deeplab

from tests.backbones import encoders
from tests.transfer import quick_tasks
from vito_tf.backbones import resnet
from vito_tf.transfer import experiment_params

RESNET_50 = resnet.Architecture(model_id=50)
SPECS = (stock_resnet.RESNET_SPECS, resnet_deeplab.RESNET_SPECS)
FEW_BLOCKS = [("bottleneck", num_filters, 2) for num_filters in (8, 16, 32, 64)]
TINY = {"type": "resnet", "resnet": {"model_id": 10, "depth_multiplier": 0.125}}
CLASSIFICATION = {
    "model": {
        "num_classes": 10,
        "input_size": [32, 32, 3],
        "norm_activation": {"norm_epsilon": 1e-5},
        "backbone": TINY,
    }
}
SEGMENTATION = {
    "model": {
        "num_classes": 3,
        "input_size": [33, 33, 3],
        "backbone": {
            "type": "dilated_resnet",
            "dilated_resnet": {"model_id": 50, "stem_type": "v0", "multigrid": None},
        },
        "norm_activation": {"activation": "relu", "norm_epsilon": 1e-5},
        "decoder": {"aspp": {"num_filters": 8}},
        "head": {"num_filters": 8},
    },
    "train_data": {"output_size": [33, 33]},
}
DETECTION = {
    "annotation_file": None,
    "model": {
        "num_classes": 3,
        "input_size": [64, 64, 3],
        "max_level": 5,
        "anchor": {"num_scales": 1, "aspect_ratios": [1.0]},
        "norm_activation": {"norm_epsilon": 1e-5},
        "backbone": TINY,
        "decoder": {"type": "fpn", "fpn": {"num_filters": 8}},
        "head": {"num_convs": 1, "num_filters": 8},
    },
    "train_data": {"parser": {"max_num_instances": 4}},
}
CASES: dict[str, tuple[dict, resnet.Architecture]] = {
    "image_classification": (CLASSIFICATION, encoders.TINY),
    "seg_deeplabv3_pascal": (SEGMENTATION, RESNET_50),
    "retinanet_resnetfpn_coco": (DETECTION, encoders.TINY),
}


@pytest.fixture
def _small_resnet_50(monkeypatch):
    """Blocks are joined in the same way, however many and wide they are. DeepLab has no other."""
    stock, deeplab = SPECS
    assert stock[50] == deeplab[50]
    for specs in SPECS:
        monkeypatch.setitem(specs, 50, FEW_BLOCKS)


def example(experiment):
    if experiment == "image_classification":
        return tfexample_utils.create_classification_example(40, 40)
    if experiment == "seg_deeplabv3_pascal":
        return tfexample_utils.create_segmentation_test_example(40, 40, 3, True)
    return tfexample_utils.create_detection_test_example(64, 64, 3, 2, True, True)


@pytest.mark.usefixtures("_small_resnet_50")
@pytest.mark.parametrize("experiment", CASES)
def test_a_stock_experiment_starts_from_an_encoder(experiment, tmp_path):
    config, architecture = CASES[experiment]
    encoder = tmp_path / "encoder"
    output_stride = 16 if experiment == "seg_deeplabv3_pascal" else 32
    expected = encoders.write_encoder(encoder, 0, architecture, output_stride=output_stride)
    with tf.io.TFRecordWriter(str(tmp_path / "train.tfrecord")) as writer:
        for _ in range(2):
            writer.write(example(experiment))
    inputs = {"input_path": str(tmp_path / "*.tfrecord"), "global_batch_size": 2}
    config = {
        **config,
        "init_checkpoint": str(encoder),
        "init_checkpoint_modules": "backbone",
        "train_data": {**config.get("train_data", {}), **inputs, "dtype": "float32"},
    }
    params = experiment_params.read(experiment, params_override=json.dumps({"task": config}))
    task = quick_tasks.get_task(params.task)
    model = task.build_model()
    task.initialize(model)
    _check_features(model.backbone, expected)

    before = [weight.numpy() for weight in model.backbone.trainable_weights]
    batch = next(iter(task.build_inputs(params.task.train_data)))
    optimizer = tf.keras.optimizers.legacy.SGD(0.01)
    logs = task.train_step(batch, model, optimizer)
    assert np.isfinite(logs["loss"].numpy())
    moved = [np.any(a != b) for a, b in zip(before, model.backbone.trainable_weights)]
    assert np.mean(moved) > 0.5


def _check_features(backbone, encoder):
    """The task's backbone gives what the encoder gives, on every level that it has."""
    images = np.random.default_rng(0).normal(size=[1, *backbone.input_shape[1:]])
    features, expected = backbone(images), encoder(images)
    if "5" not in features:  # Model Garden calls the last level by its stride.
        expected["4"] = expected["5"]
    for level, feature in features.items():
        largest = np.max(np.abs(expected[level]))
        np.testing.assert_allclose(feature / largest, expected[level] / largest, atol=1e-5)
