# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The experiments as a whole."""

import collections
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import yaml
from official.core import exp_factory
from official.vision.utils import summary_manager

from tests.backbones import encoders
from tests.transfer import quick_tasks, segmentation_data
from vito_tf.backbones import encoder_files
from vito_tf.transfer import segmentation, segmentation_task

FINETUNE = pathlib.Path(__file__).parents[2] / "gin_configs/finetune"

SIZES = [(64, 64), (40, 60), (90, 50), (64, 30), (64, 64)]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    pairs = [segmentation_data.picture(seed) for seed in range(32)]
    segmentation_data.write(folder, "train", pairs)
    pairs = [segmentation_data.picture(100 + i, *size) for i, size in enumerate(SIZES)]
    segmentation_data.write(folder, "val", pairs)
    return folder


def tiny(records, **task):
    """The experiment on small pictures."""
    params = exp_factory.get_exp_config("vito_fcn_pascal")
    encoder = {"model_id": 10, "depth_multiplier": 0.125, "output_stride": 16}
    data = {"output_size": [64, 64], "cycle_length": 1}
    override = {
        "task": {
            "model": {
                "num_classes": 3,
                "input_size": [64, 64, 3],
                "backbone": {"encoder": encoder},
                "head": {"num_filters": 32, "dilation": 1},
            },
            "losses": {"l2_weight_decay": 1e-4},
            "train_data": {
                "input_path": f"{records}/train*",
                "global_batch_size": 8,
                "shuffle_buffer_size": 32,
                "aug_scale_min": 0.75,
                "aug_scale_max": 1.5,
                "seed": 1,
                **data,
            },
            "validation_data": {
                "input_path": f"{records}/val*",
                "global_batch_size": 2,
                "groundtruth_padded_size": [96, 96],
                **data,
            },
            "num_pictures": 3,
        },
        "trainer": {
            "train_steps": 60,
            "steps_per_loop": 30,
            "summary_interval": 30,
            "checkpoint_interval": 30,
            "validation_interval": 60,
            "train_tf_while_loop": False,
            "optimizer_config": {"learning_rate": {"polynomial": {"decay_steps": 60}}},
        },
    }
    params.override(override)
    params.override({"task": task})
    return params


def run(params, model_dir, strategy=None):
    """Trains up to the last step, evaluates, and returns the model and what was measured."""
    tf.keras.utils.set_random_seed(3)
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        task = quick_tasks.get_task(params.task, logging_dir=str(model_dir))
    return quick_tasks.run_experiment(
        strategy,
        task,
        "train_and_post_eval",
        params,
        str(model_dir),
        eval_summary_manager=summary_manager.maybe_build_eval_summary_manager(
            params, str(model_dir)
        ),
    )


def events(folder):
    """Steps and values by tag."""
    found = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("events*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[value.tag].append((event.step, tf.make_ndarray(value.tensor)))
    return found


@pytest.fixture(scope="module")
def trained(records, tmp_path_factory):
    """A short run: its folder, its model, its last evaluation, and its parameters."""
    model_dir, params = tmp_path_factory.mktemp("run"), tiny(records)
    return model_dir, *run(params, model_dir), params


def test_learns_coloured_rectangles(trained):
    # A constant has 1/3 at most.
    _, _, logs, _ = trained
    assert logs["mean_iou"] > 0.45
    assert logs["pixel_accuracy"] > 0.6


def test_evaluates_whole_images(trained):
    """The figures are those of one image after the other, in numpy."""
    _, model, logs, _ = trained
    matrix = np.zeros([3, 3])
    for seed, size in enumerate(SIZES, start=100):
        image, mask = segmentation_data.picture(seed, *size)
        factor = 64 / max(size)
        inner = [round(side * factor) for side in size]
        resized = np.round(tf.image.resize(image, inner))
        pixels = (resized / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        padded = np.zeros([1, 64, 64, 3], np.float32)
        padded[0, : inner[0], : inner[1]] = pixels
        logits = model(padded, training=False)["logits"]
        cells = [-(-side // 16) for side in inner]
        # Cells that are partly padding are cut where the image ends.
        rows, columns = (
            (np.arange(own) + 0.5) * side / own / 16 - 0.5 for own, side in zip(size, inner)
        )
        rows, columns = np.clip(rows, 0, cells[0] - 1), np.clip(columns, 0, cells[1] - 1)
        full = np.stack(
            [
                [
                    [np.interp(x, np.arange(4), line) for x in columns]
                    for line in [
                        [np.interp(y, np.arange(4), logits[0, :, j, c]) for j in range(4)]
                        for y in rows
                    ]
                ]
                for c in range(3)
            ],
            axis=-1,
        )
        valid = mask != 255
        np.add.at(matrix, (mask[valid], full.argmax(-1)[valid]), 1)
    both = np.diag(matrix)
    iou = both / (matrix.sum(0) + matrix.sum(1) - both)
    for name, value in zip(segmentation_data.NAMES, iou):
        np.testing.assert_allclose(logs[f"iou/{name}"], value, atol=2e-3)
    np.testing.assert_allclose(logs["mean_iou"], iou.mean(), atol=2e-3)
    np.testing.assert_allclose(logs["pixel_accuracy"], both.sum() / matrix.sum(), atol=2e-3)
    assert 0 < logs["validation_loss"] < 1.5


def test_resumes_on_two_replicas(records, trained):
    """There is nothing left to train. The last batch leaves one of them without images."""
    model_dir, _, logs, _ = trained
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    params = tiny(records)
    params.trainer.eval_tf_function = False
    _, again = run(params, model_dir, strategy)
    for name in ("mean_iou", "pixel_accuracy", "iou/brick", "validation_loss"):
        np.testing.assert_allclose(again[name], logs[name], rtol=1e-4)
    steps = [step for step, _ in events(model_dir / "train")["training_loss"]]
    assert steps == [30, 60]


def test_draws_pictures(trained):
    logged = events(trained[0] / "validation")
    tags = [tag for tag in logged if tag.startswith("image/")]
    assert tags == [f"image/validation_{i}" for i in range(3)]
    _, (width, height, png) = logged[tags[0]][0]
    assert (int(width), int(height)) == (3 * 64, 64)
    strip = tf.io.decode_png(png).numpy()
    image, mask = segmentation_data.picture(100)
    np.testing.assert_allclose(strip[:, :64], image, atol=1)
    np.testing.assert_array_equal(strip[-1, 64:128], strip[-1, :64])
    np.testing.assert_allclose(
        strip[:-1, 64:128][mask[:-1] == 1], 0.5 * image[mask == 1] + [0.5 * 128, 0, 0], atol=1
    )


@pytest.mark.parametrize("data", ["pascal", "ade20k"])
@pytest.mark.parametrize("head", ["fcn", "upernet"])
def test_yaml_states_the_protocol(head, data):
    name = f"vito_{head}_{data}"
    params = exp_factory.get_exp_config(name)
    stated = yaml.safe_load((FINETUNE / f"{name}.yaml").read_text())
    before = params.as_dict()
    params.override(stated)
    assert params.as_dict() == before
    changed = {"task": {"losses": {"l2_weight_decay": 0.1}}}
    params.override(changed)
    assert params.as_dict() != before


@pytest.mark.parametrize(
    ("name", "examples", "epochs", "classes"),
    [("vito_fcn_pascal", 10582, 45, 21), ("vito_fcn_ade20k", 20210, 60, 150)],
)
def test_protocol(name, examples, epochs, classes):
    params = exp_factory.get_exp_config(name)
    steps = epochs * examples / 16
    assert abs(params.trainer.train_steps - steps) <= 0.5
    assert params.task.model.num_classes == classes
    task = quick_tasks.get_task(params.task)
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    for step in (0, 100, 20000):
        expected = (0.04 - 1e-4) * (1 - step / params.trainer.train_steps) ** 0.9 + 1e-4
        np.testing.assert_allclose(optimizer.learning_rate(step), expected, rtol=1e-5)
    assert optimizer.momentum == 0.9


def test_encoder_arrives_feature_by_feature(records, tmp_path):
    backbone = encoders.write_encoder(tmp_path)
    images = tf.random.stateless_normal([2, 64, 64, 3], [1, 2])
    expected = backbone(images)
    params = tiny(records)
    params.task.model.backbone.encoder.override({"path": str(tmp_path), "output_stride": 32})
    task = quick_tasks.get_task(params.task)
    model = task.build_model()

    def check():
        actual = model.backbone(images)
        for level, feature in expected.items():
            np.testing.assert_allclose(actual[level], feature, rtol=1e-4, atol=1e-5)

    check()
    encoders.randomise(model.backbone, seed=1)
    task.task_config.init_checkpoint = str(tmp_path)
    task.initialize(model)
    check()
    assert set(model.checkpoint_items) == {"backbone", "head"}


def test_what_does_not_fit_the_head_or_the_network_is_named(records, tmp_path):
    backbone = encoders.randomise(encoders.resnet.build(encoders.TINY))
    encoder_files.write(str(tmp_path / "short"), backbone, encoders.TINY, "a test", last_level="4")
    params = tiny(records)
    params.task.model.backbone.encoder.path = str(tmp_path / "short")
    task = quick_tasks.get_task(params.task)
    params.task.model.head.level = 4
    model = task.build_model()
    assert model(np.zeros([1, 64, 64, 3], np.float32))["logits"].shape == [1, 4, 4, 3]
    params.task.model.head.level = 5
    with pytest.raises(ValueError, match=r"^task\.model\.head\.level is 5, but .* levels 2, 3, 4"):
        task.add_heads(model.backbone)
    for path, modules in ((tmp_path, "backbone"), (tmp_path / "short", "backbnoe")):
        params.task.override({"init_checkpoint": str(path), "init_checkpoint_modules": modules})
        with pytest.raises(ValueError, match=rf"^task\.init_checkpoint={path} does not fit"):
            task.initialize(model)


def test_weight_decay_is_half_the_squared_norm(trained):
    _, model, _, params = trained
    for everything in (True, False):
        losses = {"l2_weight_decay": 0.005, "decay_norms_and_biases": everything}
        params.override({"task": {"losses": losses}})
        with tf.GradientTape() as tape:
            (loss,) = model.losses
        decayed = [v for v in model.trainable_variables if everything or v.shape.rank == 4]
        expected = sum(0.5 * 0.005 * np.sum(v.numpy().astype(np.float64) ** 2) for v in decayed)
        np.testing.assert_allclose(loss, expected, rtol=1e-5)
        for variable, gradient in zip(decayed, tape.gradient(loss, decayed)):
            np.testing.assert_allclose(gradient, 0.005 * variable.numpy(), rtol=1e-5)


def test_number_of_classes_must_be_that_of_the_data(records):
    with pytest.raises(ValueError, match=r"num_classes is 4, but .*dataset.json has 3 classes"):
        segmentation_task.class_names(f"{records}/val*", 4)
    assert segmentation_task.class_names([f"{records}/val*"], 3) == segmentation_data.NAMES
    assert segmentation_task.class_names("elsewhere/val*", 3) == ["0", "1", "2"]


def test_task_is_registered():
    params = exp_factory.get_exp_config("vito_fcn_pascal")
    assert isinstance(quick_tasks.get_task(params.task), segmentation.TASKS)
