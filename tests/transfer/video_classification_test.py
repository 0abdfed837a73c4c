# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Experiment vito_ucf101, from videos of two classes that differ in the order of time alone."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from official.core import exp_factory
from official.modeling import hyperparams

from tests.backbones import encoders
from tests.transfer import labelled_videos, quick_tasks
from vito_tf.transfer import conversion, video_classification  # noqa: F401
from vito_tf.transfer.datasets import ucf101

YAML = pathlib.Path(__file__).parents[2] / "gin_configs" / "finetune" / "vito_ucf101.yaml"
NUM_TEST = 6  # no multiple of the batch size


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `encoder` and `records`."""
    folder = tmp_path_factory.mktemp("ucf101")
    encoders.write_encoder(folder / "encoder")
    source = labelled_videos.write_ucf101(folder / "source", num_train=4, num_test=NUM_TEST // 2)
    data_set = ucf101.read(source)
    conversion.convert(data_set, str(folder / "records"), 100, allow_partial=True)
    return folder


def experiment(folder, pooling="multiscale_average", steps=2, **task):
    clips = {"num_classes": 2, "feature_shape": [8, 32, 32, 3], "frame_rate": 4.0}
    records, encoder = folder / "records", folder / "encoder"
    params = exp_factory.get_exp_config("vito_ucf101")
    params.override(
        {
            "task": {
                "model": {
                    "pooling": pooling,
                    "dropout_rate": 0.0,
                    "backbone": {"vito_frames": {"path": str(encoder)}},
                },
                "train_data": {
                    **clips,
                    "input_path": str(records / "train*.tfrecord"),
                    "global_batch_size": 4,
                    "crop_area": [0.9, 1.0],
                    "colour_jitter": [0.1, 0.1, 0.1, 0.0],
                },
                "validation_data": {
                    **clips,
                    "input_path": str(records / "test*.tfrecord"),
                    "global_batch_size": 4,
                    "short_side": 32,
                    "num_test_clips": 2,
                },
                **task,
            },
            "trainer": {
                "train_steps": steps,
                "steps_per_loop": steps,
                "summary_interval": steps,
                "checkpoint_interval": steps,
                "validation_interval": steps,
                "train_tf_while_loop": False,
                "eval_tf_function": False,
                "optimizer_config": {
                    "learning_rate": {"stepwise": {"boundaries": [1000], "values": [0.003, 0.0]}}
                },
            },
        }
    )
    params.validate()
    return params


def run(params, model_dir, **options):
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    tf.keras.utils.set_random_seed(0)
    with strategy.scope():
        task = quick_tasks.get_task(params.task)
    return quick_tasks.run_experiment(
        strategy, task, "train", params, str(model_dir), save_summary=False, **options
    )


def equal(weights, others):
    pairs = list(zip(weights, others))
    assert pairs
    return [np.array_equal(a, b) for a, b in pairs]


def test_a_run_learns_the_order_of_time_and_goes_on_where_it_stopped(folder, tmp_path):
    steps = 30
    model, logs = run(experiment(folder, steps=steps), tmp_path, run_post_eval=True)
    assert logs["accuracy"] == logs["clip_accuracy"] == 1.0
    assert logs["top_5_accuracy"] == logs["clip_top_5_accuracy"] == 1.0
    assert logs["validation_loss"] < 0.2
    encoder = encoders.randomise(encoders.resnet.build(encoders.TINY))
    assert not any(equal(encoder.trainable_weights, model.backbone.trainable_weights))
    latest = tf.train.latest_checkpoint(str(tmp_path))
    assert tf.train.load_variable(latest, "global_step/.ATTRIBUTES/VARIABLE_VALUE") == steps
    tf.train.Checkpoint(backbone=encoder).read(latest).assert_existing_objects_matched()
    assert all(equal(encoder.weights, model.backbone.weights))
    # Nothing is left to be done: what comes out is what was restored.
    again, _ = run(experiment(folder, steps=steps), tmp_path)
    assert all(equal(model.weights, again.weights))

    whole = {"init_checkpoint": str(tmp_path), "init_checkpoint_modules": "all"}
    task = quick_tasks.get_task(experiment(folder, **whole).task)
    second_stage = encoders.randomise(again, seed=1)
    assert not all(equal(model.weights, second_stage.weights))
    task.initialize(second_stage)
    assert all(equal(model.weights, second_stage.weights))


def test_a_frozen_encoder_stays_as_it_is(folder):
    params = experiment(folder, "multiscale_attention", freeze_backbone=True)
    task = quick_tasks.get_task(params.task)
    model = task.build_model()
    backbone = [weight.numpy() for weight in model.backbone.weights]
    others = [weight.numpy() for weight in model.trainable_weights]
    assert len(others) == 4
    batch = next(iter(task.build_inputs(params.task.train_data)))
    task.train_step(batch, model, tf.keras.optimizers.legacy.Adam(0.01))
    assert all(equal(backbone, model.backbone.weights))
    assert not any(equal(others, model.trainable_weights))


class FixedModel(tf.keras.Model):
    """Logits by the mean of the frames, so that clips differ."""

    def __init__(self):
        super().__init__()
        self.dense = tf.keras.layers.Dense(2, kernel_initializer="ones")

    def call(self, inputs, training=None):
        mean = tf.reduce_mean(inputs["image"], [1, 2, 3])
        return mean * [5.0, -2.0, 0.0] @ tf.constant([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


def test_probabilities_of_clips_are_averaged_over_all_videos(folder):
    params = experiment(folder)
    task = quick_tasks.get_task(params.task)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    data = strategy.distribute_datasets_from_function(
        lambda context: task.build_inputs(params.task.validation_data, context)
    )
    with strategy.scope():
        metrics, model = task.build_metrics(training=False), FixedModel()
    step = tf.function(lambda batch: strategy.run(task.validation_step, (batch, model, metrics)))
    for batch in data:
        step(batch)

    config = params.task.validation_data.replace(global_batch_size=1)
    of_videos, of_clips, count = [], [], 0
    for features, labels in task.build_inputs(config):
        mean = features["image"].numpy().astype(float).mean((1, 2, 3))
        logits = np.stack([5 * mean[:, 0], -2 * mean[:, 1]], 1)
        probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        of_videos.append(np.argmax(probabilities.mean(0)) == labels[0])
        of_clips.extend(np.argmax(probabilities, 1) == labels[0])
        count += 1
    assert count == NUM_TEST
    results = {metric.name: metric.result().numpy() for metric in metrics}
    assert results["accuracy"] == pytest.approx(np.mean(of_videos))
    assert results["clip_accuracy"] == pytest.approx(np.mean(of_clips))
    assert {metric.count.numpy() for metric in metrics} == {NUM_TEST, 2 * NUM_TEST}


def test_the_losses_are_cross_entropies(folder):
    task = quick_tasks.get_task(experiment(folder).task)
    probabilities = tf.constant([[0.9, 0.1], [0.2, 0.8]])
    labels = tf.constant([0, 0])
    expected = -(np.log(0.9) + np.log(0.2)) / 2
    loss = task.build_losses(labels, probabilities)["loss"]
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_the_protocol():
    trainer = exp_factory.get_exp_config("vito_ucf101").trainer
    optimizer = trainer.optimizer_config
    steps_per_epoch = 9537 * 5 // 32
    assert trainer.train_steps == 16 * steps_per_epoch
    rate = optimizer.learning_rate.get()
    assert rate.boundaries == [6 * steps_per_epoch, 10 * steps_per_epoch, 14 * steps_per_epoch]
    np.testing.assert_allclose(rate.values, 1e-4 * 0.3 ** np.arange(4), rtol=1e-12)
    adam = optimizer.optimizer.get()
    assert (optimizer.optimizer.type, adam.beta_1, adam.beta_2) == ("adam", 0.9, 0.999)


def test_the_yaml_is_the_experiment():
    params = exp_factory.get_exp_config("vito_ucf101")
    before = hyperparams.base_config.Config(params.as_dict()).as_dict()
    hyperparams.override_params_dict(params, str(YAML), is_strict=True)
    assert as_lists(params.as_dict()) == as_lists(before)


def as_lists(value):
    if isinstance(value, dict):
        return {key: as_lists(entry) for key, entry in value.items()}
    return [as_lists(entry) for entry in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        ("train_data", {"input_path": ""}, "task.train_data needs input_path, or tfds_name"),
        ("train_data", {"input_path": "/nowhere/*"}, "task.train_data: /nowhere/. does not match"),
        ("validation_data", {"short_side": 8}, "task.validation_data: short_side = 8"),
    ],
)
def test_unusable_data_are_named(folder, section, changes, message):
    params = experiment(folder)
    params.task.get(section).override(changes)
    task = quick_tasks.get_task(params.task)
    with pytest.raises(ValueError, match=message):
        task.build_inputs(params.task.get(section))


@pytest.mark.parametrize("init_checkpoint", ["/nowhere", "records"])
def test_a_wrong_checkpoint_is_named(folder, init_checkpoint):
    path = str(folder / init_checkpoint)
    task = quick_tasks.get_task(experiment(folder, init_checkpoint=path).task)
    with pytest.raises(ValueError, match=f"task.init_checkpoint={path} does not fit the model"):
        task.initialize(task.build_model())
