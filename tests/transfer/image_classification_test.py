# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning of whole encoders on ImageNet."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory
from official.modeling import hyperparams

from tests.backbones import encoders
from tests.transfer import pictures, quick_tasks
from vito_tf.backbones import resnet
from vito_tf.transfer import image_classification

FINETUNE = pathlib.Path(__file__).parents[2] / "gin_configs/finetune"
EXPERIMENTS = {
    "vito_imagenet_finetune": (1_281_167, 30),
    "vito_imagenet_finetune_1pct": (12_811, 50),
    "vito_imagenet_finetune_10pct": (128_116, 50),
}


def parameters(root, path, **task):
    model = {"backbone": {"encoder": {"path": str(path)}}}
    return pictures.parameters(
        "vito_imagenet_finetune", root, train_steps=2, **{"model": model, **task}
    )


def assert_same(backbone, other):
    for old, new in zip(backbone.weights, other.weights):
        np.testing.assert_array_equal(old.numpy(), new.numpy())


def test_all_of_the_encoder_is_trained_from_its_weights(tmp_path):
    before = encoders.write_encoder(tmp_path / "encoder")
    pictures.write_stripes(tmp_path / "train", 12, seed=0)
    pictures.write_stripes(tmp_path / "val", 11, seed=1)
    params = parameters(tmp_path, tmp_path / "encoder")
    assert_same(before, quick_tasks.get_task(params.task).build_model().backbone)
    after = pictures.run(params, tmp_path / "run", eagerly=True)
    for old, new in zip(before.weights, after.backbone.weights):
        assert (old.numpy() != new.numpy()).any(), old.name
    found = json.loads((tmp_path / "run/best_ckpt/info.json").read_text())
    task = image_classification.FineTuningTask(params.task)
    batches = task.build_inputs(params.task.validation_data).as_numpy_iterator()
    images, labels = (np.concatenate(part)[:11] for part in zip(*batches))
    logits = after(images, training=False).numpy()
    assert found["accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == labels))
    assert found["top_5_accuracy"] == 1


@pytest.mark.parametrize("one_hot", [True, False])
def test_validation_is_of_images_alone_and_without_smoothing(tmp_path, one_hot):
    losses = {"one_hot": one_hot, "label_smoothing": 0.1, "l2_weight_decay": 0.1}
    params = parameters(tmp_path, "", losses=losses)
    task = image_classification.FineTuningTask(params.task)
    logits = np.random.default_rng(0).normal(size=[4, 3]).astype(np.float32)
    labels = np.array([logits[0].argmax(), logits[1].argmax(), logits[2].argmin(), -1], np.int32)
    metrics = task.build_metrics(training=False)

    def model(images, training):
        assert not training
        return images

    task.validation_step((tf.constant(logits), tf.constant(labels)), model, metrics)
    shares = np.exp(logits[:3].astype(np.float64))
    shares /= shares.sum(axis=1, keepdims=True)
    expected = -np.log(shares[np.arange(3), labels[:3]]).mean()
    results = {metric.name: float(metric.result()) for metric in metrics}
    assert results["validation_loss"] == pytest.approx(expected, rel=1e-5)
    assert results["accuracy"] == pytest.approx(2 / 3)


def test_init_checkpoint_brings_the_encoder_or_is_named(tmp_path):
    before = encoders.write_encoder(tmp_path / "encoder")
    encoders.write_encoder(tmp_path / "other", architecture=resnet.Architecture(10, 0.25))
    shape = {"model_id": 10, "depth_multiplier": 0.125}
    params = parameters(
        tmp_path,
        "",
        model={"backbone": {"encoder": shape}},
        init_checkpoint=str(tmp_path / "encoder"),
    )
    task = image_classification.FineTuningTask(params.task)
    model = task.build_model()
    task.initialize(model)
    assert_same(before, model.backbone)
    for wrong in (tmp_path / "other", tmp_path / "none", tmp_path):
        params.task.override({"init_checkpoint": str(wrong)})
        with pytest.raises(ValueError, match=rf"^task\.init_checkpoint={wrong} .*fit.*: .+$"):
            task.initialize(model)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_files_of_parameters_are_the_experiments(name):
    params = exp_factory.get_exp_config(name)
    found = exp_factory.get_exp_config(name)
    path = FINETUNE / f"{name}.yaml"
    hyperparams.override_params_dict(found, str(path), is_strict=True)
    assert found.as_dict() == params.as_dict()
    images, epochs = EXPERIMENTS[name]
    schedule = params.trainer.optimizer_config.learning_rate.cosine
    assert params.trainer.train_steps == schedule.decay_steps == epochs * images // 1024
    assert schedule.initial_learning_rate == pytest.approx(0.02 * 1024 / 256)
