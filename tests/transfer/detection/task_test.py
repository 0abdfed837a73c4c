# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The task step by step, and the protocol of its experiments."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import yaml
from official.core import exp_factory

from tests.transfer import quick_tasks
from tests.transfer.detection import annotated
from vito_tf.transfer.detection import evaluator, experiments

FINETUNE = pathlib.Path(__file__).parents[3] / "gin_configs/finetune"
SIZE = [64, 96]
TINY = {
    "task": {
        "model": {
            "num_classes": 3,
            "input_size": [*SIZE, 3],
            "min_level": 3,
            "max_level": 5,
            "backbone": {"encoder": {"model_id": 10, "depth_multiplier": 0.125}},
            "decoder": {"fpn": {"num_filters": 8}},
            "head": {"type": "fcos", "num_convs": 1, "num_filters": 8},
            "detection_generator": {
                "max_num_detections": 5,
                "pre_nms_top_k": 20,
                "score_threshold": 0.001,
            },
        },
        "assignment": {"atss_steps": 1},
        "num_pictures": 1,
    }
}


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    boxes = [[(3, [20, 20, 100, 80])], [(7, [100, 50, 120, 120])]]
    (folder / "val.json").write_text(json.dumps(annotated.data(boxes)))
    params = exp_factory.get_exp_config("vito_fcos_coco")
    params.override(TINY)
    params.override({"task": {"annotation_file": str(folder / "val.json")}})
    return quick_tasks.get_task(params.task, logging_dir=str(folder))


@pytest.fixture(scope="module")
def model(task):
    tf.keras.utils.set_random_seed(0)
    return task.build_model()


def _images():
    return tf.random.stateless_normal([2, *SIZE, 3], [1, 2])


def test_trains_by_atss_and_then_by_alignment(task, model):
    labels = {
        "boxes": tf.constant([[[4.0, 8, 40, 60], [0] * 4], [[0] * 4, [0] * 4]]),
        "classes": tf.constant([[2, -1], [-1, -1]]),
        "judged": tf.ones([2, 3]),
    }
    # Nothing moves at first, so that both steps have the same predictions.
    rate = tf.keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 0.01])
    optimizer = tf.keras.optimizers.legacy.SGD(rate)
    metrics = task.build_metrics(training=True)
    before = [variable.numpy() for variable in model.trainable_variables]
    logs = [task.train_step((_images(), labels), model, optimizer, metrics) for _ in range(2)]
    for one in logs:
        parts = [one[name] for name in ("class_loss", "box_loss", "quality_loss")]
        np.testing.assert_allclose(one["loss"], sum(parts), rtol=1e-5)
        assert np.isfinite(parts).all()
        assert one["positives"] > 0
    assert [metric.name for metric in metrics] == list(logs[0])[1:]
    for metric in metrics:
        np.testing.assert_allclose(
            metric.result(), np.mean([one[metric.name] for one in logs]), rtol=1e-5
        )
    assert abs(logs[0]["class_loss"] - logs[1]["class_loss"]) > 0.01
    after = model.trainable_variables
    changed = [np.any(old != new.numpy()) for old, new in zip(before, after)]
    assert np.mean(changed) > 0.9


def test_replicas_train_in_a_graph(task, monkeypatch):
    """The optimizer's step is read there before anything else has made it."""

    def losses(truth, predictions, step):
        total = tf.reduce_sum(predictions) * tf.cast(step + 1, tf.float32)
        return dict.fromkeys(("total", "class", "box", "quality", "positives"), total)

    monkeypatch.setattr(task, "build_losses", losses)
    # Collective operations of this process must not share keys, as TensorFlow's tests see to.
    monkeypatch.setattr(tf.distribute.MirroredStrategy, "_collective_key_base", 100000)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=[1])])
        layer.set_weights([np.ones([1, 1]), np.zeros([1])])
        optimizer = tf.keras.optimizers.legacy.SGD(0.1)
    inputs = (tf.ones([1, 1]), dict.fromkeys(("boxes", "classes", "judged"), 0))

    @tf.function(autograph=False)
    def step():
        strategy.run(task.train_step, (inputs, layer, optimizer))

    step()
    assert optimizer.iterations.numpy() == 1
    np.testing.assert_allclose(layer.get_weights()[0], [[1 - 0.1]], rtol=1e-6)  # the mean of both


def test_images_have_the_size_of_the_network(task):
    data = task.task_config.validation_data.replace(output_size=[64, 64])
    with pytest.raises(ValueError, match=r"^task\.validation_data\.output_size is \[64, 64\], but"):
        task.build_inputs(data)


def test_evaluates_in_pixels_of_the_images(task, model):
    info = np.array([annotated.SIZE, SIZE, (0.3, 0.3), (0, 0)], np.float32)
    labels = {"image_id": tf.constant([2, -1], tf.int64), "image_info": tf.stack([info] * 2)}
    logs = task.validation_step((_images(), labels), model)
    boxes, count = logs["found"]["boxes"].numpy(), logs["found"]["num_detections"].numpy()
    assert (count == 5).all()
    assert (boxes >= 0).all()
    assert (boxes <= [*annotated.SIZE, *annotated.SIZE]).all()
    assert boxes.max() > max(SIZE)
    expected = np.clip(_images() * [58.395, 57.12, 57.375] + [123.675, 116.28, 103.53], 0, 255)
    np.testing.assert_allclose(logs["pictures"]["images"], expected, atol=0.51)

    assert task.build_metrics(training=False) == []
    local = tf.nest.map_structure(lambda tensor: (tensor,), logs)
    state = task.aggregate_logs(None, local)
    figures = task.reduce_aggregated_logs(task.aggregate_logs(state, local))
    assert figures["num_images"] == 1
    assert 0 <= figures["AP"] < 0.5
    assert {"image/precision_recall", "image/validation_0", "ap/disc"} < set(figures)
    results = json.loads((pathlib.Path(task.logging_dir) / evaluator.DETECTIONS).read_text())
    assert [one["image_id"] for one in results] == [2] * 5
    np.testing.assert_allclose([one["score"] for one in results], logs["found"]["scores"][0])


def test_starts_from_a_checkpoint(task, model, tmp_path):
    path = tf.train.Checkpoint(**model.checkpoint_items).save(str(tmp_path / "ckpt"))
    weights = model.get_weights()
    config = task.task_config
    config.override({"init_checkpoint": str(tmp_path), "init_checkpoint_modules": "all"})
    for variable in model.variables:
        variable.assign(tf.zeros_like(variable))
    task.initialize(model)
    for new, old in zip(model.get_weights(), weights):
        np.testing.assert_array_equal(new, old)
    config.override({"init_checkpoint": path, "init_checkpoint_modules": "backbone, head"})
    with pytest.raises(ValueError, match=r"init_checkpoint_modules must be 'all' or of 'backbone'"):
        task.initialize(model)
    config.override({"init_checkpoint": "/no/such", "init_checkpoint_modules": "decoder"})
    with pytest.raises(ValueError, match=r"^task\.init_checkpoint=/no/such does not fit"):
        task.initialize(model)


@pytest.mark.parametrize("name", ["vito_fcos_coco", "vito_fcos_lvis"])
def test_yaml_states_the_protocol(name):
    params = exp_factory.get_exp_config(name)
    before = params.as_dict()
    params.override(yaml.safe_load((FINETUNE / f"{name}.yaml").read_text()), is_strict=True)
    assert params.as_dict() == before


@pytest.mark.parametrize(
    ("name", "examples", "classes"),
    [("vito_fcos_coco", 118287, 80), ("vito_fcos_lvis", 100170, 1203)],
)
def test_protocol(name, examples, classes):
    params = exp_factory.get_exp_config(name)
    epoch = examples / 128
    assert abs(params.trainer.train_steps - 30 * epoch) <= 0.5
    assert abs(params.task.assignment.atss_steps - 4 * epoch) <= 0.5
    assert params.task.model.num_classes == classes
    assert params.task.losses.federated == (params.task.metric == "lvis")
    assert params.task.train_data.global_batch_size == 128
    optimizer = experiments.TASK.create_optimizer(params.trainer.optimizer_config)
    for epochs, rate in ((0.0, 0.0), (0.125, 5e-4), (1, 1e-3), (19.9, 1e-3), (20.1, 1e-4)):
        step = round(epochs * epoch)
        np.testing.assert_allclose(optimizer.learning_rate(step), rate, rtol=0.01, atol=1e-12)
    for epochs, rate in ((26.6, 1e-4), (26.7, 1e-5), (30, 1e-5)):
        np.testing.assert_allclose(optimizer.learning_rate(round(epochs * epoch)), rate, rtol=1e-5)


def test_weight_decay_is_decoupled_and_nothing_is_clipped():
    params = exp_factory.get_exp_config("vito_fcos_coco")
    optimizer = experiments.TASK.create_optimizer(params.trainer.optimizer_config)
    optimizer.iterations.assign(1000)
    start, gradient = np.array([3.0, -2.0]), np.array([1e3, -5.0])
    variable = tf.Variable(start, dtype=tf.float32, name="bias")
    optimizer.apply_gradients([(tf.constant(gradient, tf.float32), variable)])
    first, second = 0.1 * gradient, 0.001 * gradient**2
    rate = 1e-3 * np.sqrt(1 - 0.999**1001) / (1 - 0.9**1001)
    moved = rate * first / (np.sqrt(second) + 1e-8)
    np.testing.assert_allclose(variable, start * (1 - 1e-7) - moved, rtol=1e-6)
    np.testing.assert_allclose(optimizer.get_weights()[1], first, rtol=1e-6)
