# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Linear classification (A.6): several learning rates in one run, on an encoder that stays."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory
from official.modeling import hyperparams

from tests.backbones import encoders
from tests.transfer import pictures, quick_tasks
from vito_tf.backbones import encoder_files, normalisation, resnet
from vito_tf.transfer import linear_classification, linear_classifier

FINETUNE = pathlib.Path(__file__).parents[2] / "gin_configs/finetune"
STEPS = 20
TINY = dataclasses.asdict(encoders.TINY)


def encoder(path):
    return {"backbone": {"encoder": {"path": str(path)}}}


def pretrained(folder):
    """An encoder that has learnt to tell stripes apart."""
    tf.keras.utils.set_random_seed(0)
    backbone = resnet.build(
        encoders.TINY, input_specs=tf.keras.layers.InputSpec(shape=[None, 32, 32, 3])
    )
    pooled = tf.keras.layers.GlobalAveragePooling2D()(backbone.output["5"])
    model = tf.keras.Model(backbone.input, tf.keras.layers.Dense(3)(pooled))
    pixels, labels = pictures.stripes(960, seed=2)
    images = normalisation.normalise(pixels / np.float32(255))
    optimizer = tf.keras.optimizers.legacy.Adam(3e-3)

    # Keras' own training would convert every layer by AutoGraph, which takes longer than to train.
    @tf.function(autograph=False)
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        weights = model.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))

    for start in range(0, 960, 32):
        step(images[start : start + 32], labels[start : start + 32])
    encoder_files.write(str(folder), backbone, encoders.TINY, "stripes")
    return backbone


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Records, an encoder that knows them and one that does not."""
    root = tmp_path_factory.mktemp("linear")
    pictures.write_stripes(root / "train", 240, seed=0)
    pictures.write_stripes(root / "val", 89, seed=1)
    pretrained(root / "good")
    tf.keras.utils.set_random_seed(0)
    encoder_files.write(str(root / "random"), resnet.build(encoders.TINY), encoders.TINY, "random")
    return root


def parameters(root, path, train_steps=STEPS, **task):
    task = {"learning_rates": [0.4, 0.05], **task}
    return pictures.parameters(
        linear_classification.EXPERIMENT, root, train_steps, 32, model=encoder(path), **task
    )


@pytest.fixture(scope="module")
def runs(folders):
    """A run on each encoder, and the model that it ended with."""
    return {
        name: pictures.run(
            parameters(folders, folders / name), folders / f"run_{name}", eagerly=True
        )
        for name in ("good", "random")
    }


def best(folder):
    return json.loads((folder / "best_ckpt" / "info.json").read_text())


def test_heads_on_good_features_beat_heads_on_random_ones(folders, runs):
    good, random = (best(folders / f"run_{name}")["best_accuracy"] for name in runs)
    assert good > 0.85
    assert random < good - 0.2


def test_the_encoder_stays_as_it_was_bit_by_bit(folders, runs):
    for name in runs:
        path = encoder_files.read(str(folders / name)).checkpoint
        before = tf.train.load_checkpoint(path)
        after = tf.train.load_checkpoint(str(folders / f"run_{name}"))
        keys = [key for key in before.get_variable_to_shape_map() if key.startswith("backbone/")]
        assert len(keys) >= len(runs[name].backbone.weights)
        for key in keys:
            np.testing.assert_array_equal(before.get_tensor(key), after.get_tensor(key), key)


def test_the_best_head_is_loaded_as_a_classifier(folders, runs):
    folder = folders / "run_good"
    classifier, info = linear_classifier.load_classifier(str(folder))
    _, labels = pictures.stripes(89, seed=1)
    task = linear_classification.LinearClassificationTask(parameters(folders, "").task)
    dataset = task.build_inputs(task.task_config.validation_data)
    images, found = (np.concatenate(part)[:89] for part in zip(*dataset.as_numpy_iterator()))
    np.testing.assert_array_equal(found, labels)
    logits = classifier.predict(images, verbose=0)
    head = task.task_config.learning_rates.index(info.learning_rate)
    np.testing.assert_allclose(logits, runs["good"](images)[head], rtol=1e-4, atol=1e-4)
    assert np.mean(logits.argmax(axis=1) == labels) == pytest.approx(info.accuracy)
    assert info.accuracy == pytest.approx(best(folder)["best_accuracy"])
    assert best(folder)["best_learning_rate"] == pytest.approx(info.learning_rate)
    assert info[2:] == (1.0, STEPS, 32, 3)
    assert classifier(np.zeros([1, 48, 40, 3], np.float32)).shape == [1, 3]


def test_a_run_goes_on_where_it_was(folders, runs):
    folder = folders / "run_good"
    before = runs["good"].heads.kernel.numpy()
    longer = parameters(folders, folders / "good", STEPS + 2)
    more = pictures.run(longer, folder, "train", eagerly=True)
    checkpoint = tf.train.load_checkpoint(str(folder))
    names = ["global_step", "optimizer/iter"]
    assert [checkpoint.get_tensor(f"{name}/.ATTRIBUTES/VARIABLE_VALUE") for name in names] == [
        STEPS + 2,
        STEPS + 2,
    ]
    change = np.abs(more.heads.kernel.numpy() - before).max()
    assert 0 < change < 0.1 * np.abs(before).max()


def nesterov(features, labels, kernel, rate, total_steps):
    """SGD with Nesterov momentum and cosine decay, one head alone, in float64."""
    kernel, bias = kernel.astype(np.float64), np.zeros(kernel.shape[1])
    velocities = [np.zeros_like(kernel), np.zeros_like(bias)]
    for step, (batch, targets) in enumerate(zip(features, labels)):
        logits = batch.astype(np.float64) @ kernel + bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        error = (shares - np.eye(3)[targets]) / len(targets)
        now = rate * 0.5 * (1 + np.cos(np.pi * step / total_steps))
        for place, (value, gradient) in enumerate(
            [(kernel, batch.T @ error), (bias, error.sum(axis=0))]
        ):
            velocities[place] = 0.9 * velocities[place] - now * gradient
            value += 0.9 * velocities[place] - now * gradient
    return kernel, bias


def test_heads_of_one_run_are_trained_as_each_alone(tmp_path):
    params = pictures.parameters(
        linear_classification.EXPERIMENT,
        tmp_path,
        train_steps=6,
        learning_rates=[0.4, 0.05],
        learning_rate_batch=4,
        model={"backbone": {"encoder": {"model_id": 10, "depth_multiplier": 0.125}}},
    )
    task = quick_tasks.get_task(params.task)
    model = task.build_model()
    encoders.randomise(model.backbone)
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    rng = np.random.default_rng(0)
    images = rng.normal(size=[6, 8, 32, 32, 3]).astype(np.float32)
    labels = rng.integers(0, 3, [6, 8]).astype(np.int32)
    features = [model.features(batch).numpy() for batch in images]
    start = model.heads.kernel[0].numpy()
    metrics = task.build_metrics(training=True)
    before = [weight.numpy() for weight in model.backbone.weights]
    step = tf.function(lambda *batch: task.train_step(batch, model, optimizer, metrics))
    for batch in zip(images, labels):
        step(*batch)
    for k, rate in enumerate([0.4, 0.05]):
        kernel, bias = nesterov(features, labels, start, rate * 8 / 4, 6)
        np.testing.assert_allclose(model.heads.kernel[k], kernel, atol=2e-4 * kernel.max())
        np.testing.assert_allclose(model.heads.bias[k], bias, atol=2e-4 * bias.max())
        assert np.abs(kernel - start).max() > 0.01
    for old, new in zip(before, model.backbone.weights):
        np.testing.assert_array_equal(old, new.numpy())


def test_learning_rates_grow_with_the_batch_unless_told_otherwise(tmp_path):
    params = parameters(tmp_path, "")
    task = linear_classification.LinearClassificationTask(params.task)
    assert task.scaled_learning_rates() == pytest.approx([0.4 / 8, 0.05 / 8])
    params.task.learning_rate_batch = 0
    assert task.scaled_learning_rates() == [0.4, 0.05]


def test_init_checkpoint_brings_the_encoder(folders, tmp_path):
    shape = {"model_id": TINY["model_id"], "depth_multiplier": TINY["depth_multiplier"]}
    model = {"model": {"backbone": {"encoder": shape}}}
    params = pictures.parameters(
        linear_classification.EXPERIMENT,
        folders,
        **{**model, "init_checkpoint": str(folders / "good")},
    )
    task = quick_tasks.get_task(params.task)
    probe = task.build_model()
    task.initialize(probe)
    expected = resnet.build(encoders.TINY)
    expected.trainable = False
    encoder_files.restore(expected, encoder_files.read(str(folders / "good")))
    for old, new in zip(expected.weights, probe.backbone.weights):
        np.testing.assert_array_equal(old.numpy(), new.numpy())
    encoders.write_encoder(tmp_path / "other", architecture=resnet.Architecture(10, 0.25))
    for wrong in (tmp_path / "other", tmp_path / "none", tmp_path):
        task.task_config.override({"init_checkpoint": str(wrong)})
        with pytest.raises(ValueError, match=rf"^task\.init_checkpoint={wrong} .*fit.*: .+$"):
            task.initialize(probe)


def test_only_what_is_linear_in_gradients_is_an_optimiser_here(tmp_path):
    for change in (
        {"optimizer": {"type": "adam"}},
        {"optimizer": {"sgd": {"clipnorm": 1.0}}},
        {"optimizer": {"sgd": {"global_clipnorm": 1.0}}},
        {"ema": {"average_decay": 0.9}},
    ):
        params = pictures.parameters(linear_classification.EXPERIMENT, tmp_path)
        params.trainer.optimizer_config.override(change, is_strict=False)
        with pytest.raises(ValueError, match=r"^trainer\.optimizer_config must be of SGD"):
            linear_classification.LinearClassificationTask.create_optimizer(
                params.trainer.optimizer_config
            )


def test_learning_rates_must_be_positive_and_distinct(tmp_path):
    for rates in ([], [0.1, 0.1], [0.1, 0.0]):
        params = parameters(tmp_path, "", learning_rates=rates)
        with pytest.raises(ValueError, match=r"^task\.learning_rates must be positive"):
            quick_tasks.get_task(params.task)


def test_a_folder_without_a_finished_run_is_named(folders, tmp_path):
    with pytest.raises(ValueError, match=r"has no params\.yaml"):
        linear_classifier.load_classifier(str(tmp_path))
    params = parameters(folders, folders / "good")
    hyperparams.save_params_dict_to_yaml(params, str(tmp_path / "params.yaml"))
    with pytest.raises(ValueError, match=r"best_ckpt holds no best checkpoint"):
        linear_classifier.load_classifier(str(tmp_path))
    (tmp_path / "params.yaml").write_text("task:\n  model:\n    aspp: 1\n")
    with pytest.raises(ValueError, match=r"params\.yaml is not of the experiment vito_imagenet_l"):
        linear_classifier.load_classifier(str(tmp_path))


def test_the_file_of_parameters_is_the_experiment():
    name = linear_classification.EXPERIMENT
    params = exp_factory.get_exp_config(name)
    path = FINETUNE / f"{name}.yaml"
    found = exp_factory.get_exp_config(name)
    hyperparams.override_params_dict(found, str(path), is_strict=True)
    assert found.as_dict() == params.as_dict()
    assert params.task.learning_rates == [0.4, 0.3, 0.2, 0.1, 0.05]
    assert params.trainer.train_steps == 80 * 1_281_167 // 1024
    schedule = params.trainer.optimizer_config.learning_rate.cosine
    assert schedule.decay_steps == params.trainer.train_steps
