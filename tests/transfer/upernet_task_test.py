# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The task of UperNet, and its experiments."""

import collections
import re

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from tests.transfer import quick_tasks, segmentation_data
from vito_tf.backbones import networks, resnet
from vito_tf.transfer import segmentation

SWIN = {
    "type": "swin",
    "swin": {
        "embed_dim": 8,
        "depths": (1, 1, 1, 1),
        "num_heads": (1, 1, 2, 2),
        "window_size": 2,
        "drop_path": 0.1,
    },
}
Run = collections.namedtuple("Run", "task model before losses")


def tiny(backbone):
    """The experiment on small pictures, at a high learning rate."""
    params = segmentation.vito_upernet_pascal()
    model = {
        "num_classes": 3,
        "input_size": [64, 64, 3],
        "backbone": backbone,
        "head": {"num_filters": 16, "pool_scales": [1, 3]},
        "auxiliary": {"num_filters": 8},
        "norm_activation": {"use_sync_bn": False},
    }
    optimizer = {
        "learning_rate": {"polynomial": {"initial_learning_rate": 0.02}},
        "warmup": {"type": None},
    }
    params.override({"task": {"model": model}, "trainer": {"optimizer_config": optimizer}})
    return params


@pytest.fixture(scope="module")
def batch():
    """Eight standardised pictures and their masks."""
    images, masks = zip(*(segmentation_data.picture(seed) for seed in range(8)))
    images = (np.stack(images) / 255 - 0.45) / 0.23
    return tf.constant(images, tf.float32), {"masks": tf.constant(np.stack(masks)[..., None])}


@pytest.fixture(scope="module")
def trained(batch):
    """A few steps of a Swin transformer on one batch."""
    tf.keras.utils.set_random_seed(0)
    params = tiny(SWIN)
    task = quick_tasks.get_task(params.task)
    model = task.build_model()
    before = [variable.numpy() for variable in model.trainable_variables]
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    losses = [float(task.train_step(batch, model, optimizer)["loss"]) for _ in range(3)]
    return Run(task, model, before, losses)


def test_learns(trained):
    # The first loss is that of three equally likely classes, by the head and the auxiliary head.
    np.testing.assert_allclose(trained.losses[0], 1.4 * np.log(3), rtol=0.1)
    assert trained.losses[-1] < 0.9 * trained.losses[0]
    for variable, before in zip(trained.model.trainable_variables, trained.before):
        assert not np.array_equal(variable, before), variable.name


def test_auxiliary_head_works_in_training_alone(trained, batch):
    outputs = trained.model(batch[0], training=True)
    assert outputs["logits"].shape == (8, 16, 16, 3)
    assert outputs["auxiliary_logits"].shape == (8, 4, 4, 3)
    assert set(trained.model(batch[0], training=False)) == {"logits"}
    assert set(trained.model.checkpoint_items) == {"backbone", "head", "auxiliary"}


def test_loss_is_that_of_both_heads():
    labels = {"masks": tf.constant([[[[0], [1]], [[255], [1]]]])}
    task = quick_tasks.get_task(tiny({}).task)
    logits = tf.constant([[[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]] * 2])
    auxiliary = tf.constant([[[[1.0, 0.0, 0.0]]]])

    def cross_entropy(scores, label):
        return np.log(np.sum(np.exp(scores))) - scores[label]

    expected = (cross_entropy([0, 1, 0], 0) + 2 * cross_entropy([0, 2, 0], 1)) / 3
    np.testing.assert_allclose(task.build_losses(labels, {"logits": logits}), expected, rtol=1e-5)
    expected += 0.4 * (cross_entropy([1, 0, 0], 0) + 2 * cross_entropy([1, 0, 0], 1)) / 3
    outputs = {"logits": logits, "auxiliary_logits": auxiliary}
    np.testing.assert_allclose(task.build_losses(labels, outputs), expected, rtol=1e-5)


def test_optimiser_is_swins():
    params = segmentation.vito_upernet_ade20k()
    task = quick_tasks.get_task(params.task)
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    rate = optimizer.learning_rate
    for step in (1500, 20000, 75788):
        np.testing.assert_allclose(rate(step), 6e-5 * (1 - step / 75788), rtol=1e-5)
    np.testing.assert_allclose(rate(500), rate(1500) / 3, rtol=1e-5)
    assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.9, 0.999, 1e-8)
    assert optimizer.gradient_clip_norm == 0


def test_decay_spares_layer_norms_and_relative_positions(trained):
    """Without a gradient, AdamW moves a variable by its decay alone."""
    optimizer = trained.task.create_optimizer(tiny(SWIN).trainer.optimizer_config)
    # One of each kind: "norm/gamma", "conv2d_/kernel", ...
    kinds = {
        re.sub(r"\d+", "", "/".join(v.name.split("/")[-2:])): v
        for v in trained.model.trainable_variables
    }
    variables = list(kinds.values())
    assert sum("relative_position" in kind for kind in kinds) == 1
    starts = [variable.numpy() for variable in variables]
    optimizer.apply_gradients([(tf.zeros_like(variable), variable) for variable in variables])
    for variable, start in zip(variables, starts):
        spared = "relative_position" in variable.name or "/norm" in variable.name
        factor = 1 if spared else 1 - 0.02 * 0.01
        np.testing.assert_allclose(variable, factor * start, rtol=1e-6, err_msg=variable.name)
        variable.assign(start)


def test_resnet_with_fewer_levels(batch):
    task = quick_tasks.get_task(tiny({}).task)
    backbone = networks.up_to(resnet.build(encoders.TINY), "4")
    model = task.add_heads(backbone)
    with tf.GradientTape() as tape:
        outputs = model(batch[0][:2], training=True)
        loss = task.build_losses({"masks": batch[1]["masks"][:2]}, outputs)
    assert outputs["logits"].shape == (2, 16, 16, 3)
    assert all(gradient is not None for gradient in tape.gradient(loss, model.trainable_variables))
    task.task_config.model.auxiliary.level = 5
    with pytest.raises(ValueError, match=r"^task\.model\.auxiliary\.level is 5, but .* 2, 3, 4"):
        task.add_heads(backbone)
