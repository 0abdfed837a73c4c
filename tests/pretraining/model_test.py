# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The train step: against a slow transcription, on two replicas, under XLA, in bfloat16."""

import functools
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.pretraining import models
from vito_tf.pretraining import contrastive_loss, optimizers, schedules


def _one_step(model, batch):
    """Trains one step of a batch, split in order over the replicas of the model's strategy."""
    strategy = model.distribute_strategy
    replicas = strategy.num_replicas_in_sync
    dataset = tf.data.Dataset.from_tensor_slices(batch)
    size = len(batch["label"]) // replicas
    batches = strategy.distribute_datasets_from_function(
        lambda context: dataset.repeat().batch(size, drop_remainder=True)
    )
    function = model.make_train_function()
    return {name: float(value) for name, value in function(iter(batches)).items()}


def _weights(model):
    return [weight.numpy() for weight in model.weights]


def _embed(network, batch):
    views = tf.unstack(batch["views"], axis=1)
    outputs = [network(view, training=True)["embedding"] for view in views]
    return contrastive_loss.normalise_embeddings(tf.stack(outputs, axis=1))


def _assert_moved(actual, expected, before):
    """The step is right to a thousandth of its length (float32 gradients through batch norms)."""
    length = np.linalg.norm(expected - before)
    assert np.linalg.norm(actual - expected) <= 1e-3 * length + 1e-6 * np.sqrt(before.size)


@pytest.fixture(scope="module")
def trained():
    """A model, its batch, and its scalars and weights before and after each of three steps."""
    model, batch = models.tiny_model(), models.random_batch()
    scalars, states = [], [_state(model)]
    for _ in range(3):
        scalars.append(_one_step(model, batch))
        states.append(_state(model))
    return types.SimpleNamespace(model=model, batch=batch, scalars=scalars, states=states)


def _state(model):
    """Weights of the networks and momenta, by name of the list."""
    lists = {
        "online": model.online.learnt_weights,
        "target": model.target.learnt_weights,
        "momentum": model.optimizer.momentums,
        "online_statistics": _statistics(model.online),
        "target_statistics": _statistics(model.target),
    }
    return {name: [weight.numpy() for weight in weights] for name, weights in lists.items()}


def _statistics(network):
    return [weight for weight in network.non_trainable_weights if "moving" in weight.name]


def test_one_step_is_loss_then_lars_then_ema(trained):
    model, batch, scalars = trained.model, trained.batch, trained.scalars[2]
    before, after = trained.states[2:]
    for name in ("online", "target"):
        for weight, value in zip(getattr(model, name).learnt_weights, before[name]):
            weight.assign(value)

    targets = _embed(model.target, batch)
    with tf.GradientTape() as tape:
        embeddings = _embed(model.online, batch)
        losses = []
        for video in range(8):
            for i, j in ((0, 1), (1, 0)):
                logits = tf.einsum("d,nwd->nw", embeddings[video, i], targets) / 0.1
                others = tf.reshape(tf.boolean_mask(logits, np.arange(8) != video), [-1])
                candidates = tf.concat([logits[video, j][None], others], axis=0)
                losses.append(tf.reduce_logsumexp(candidates) - logits[video, j])
        loss = tf.add_n(losses) / 8
    gradients = tape.gradient(loss, model.online.learnt_weights)
    assert scalars["loss"] == pytest.approx(float(loss), rel=1e-5)
    norm = float(tf.linalg.global_norm(gradients))
    assert scalars["gradient_norm"] == pytest.approx(norm, rel=1e-4)
    rate = float(schedules.WarmupCosine(0.3 * 8 / 256, 2, 20)(2))
    assert scalars["learning_rate"] == pytest.approx(rate)
    ema = float(schedules.ema_rate(2, 0.99, 20))
    assert scalars["ema_rate"] == pytest.approx(ema)
    for n, gradient in enumerate(gradients):
        update = gradient.numpy().astype(np.float64)
        weight = before["online"][n].astype(np.float64)
        if weight.ndim > 1:
            update += 1e-4 * weight
            if np.linalg.norm(weight) > 0:
                update *= 0.05 * np.linalg.norm(weight) / np.linalg.norm(update)
        expected = weight - rate * (0.9 * before["momentum"][n] + update)
        _assert_moved(after["online"][n], expected, weight)
        theta = before["target"][n]
        _assert_moved(after["target"][n], theta + (1 - ema) * (expected - theta), theta)
    first = trained.states[0]["online"]
    assert any(np.abs(a - b).max() > 0 for a, b in zip(first, after["online"]))
    assert int(model.position) == 8


def test_the_target_keeps_batch_statistics_of_its_own(trained):
    _, first, _, last = ([s["online_statistics"], s["target_statistics"]] for s in trained.states)
    # Equal weights saw equal views in the first step, so the statistics agree; then they part.
    for a, b in zip(*first):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-7 for a, b in zip(*last))
    assert any(np.abs(a - b).max() > 1e-7 for a, b in zip(first[1], last[1]))


def test_starts_with_equal_networks():
    model = models.tiny_model(bindings=models.SMALL_NET)
    for a, b in zip(model.online.weights, model.target.weights):
        np.testing.assert_array_equal(a, b)


def _augmenting_model(bindings=models.SMALL_NET, **execution):
    """Three views, augmented in the step, which contains the step that does not."""
    return models.tiny_model(num_views=3, augment_on="device", bindings=bindings, **execution)


def test_two_replicas_equal_one():
    batch = models.random_batch(num_views=3)
    one = _augmenting_model()
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        two = _augmenting_model()
    for a, b in zip(one.weights, two.weights):
        a.assign(b)
    scalars = {name: _one_step(model, batch) for name, model in (("one", one), ("two", two))}
    for name, value in scalars["one"].items():
        if name != "input_wait":
            assert scalars["two"][name] == pytest.approx(value, rel=1e-5, abs=1e-6), name
    for a, b in zip(one.weights, two.weights):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=a.name)
    assert one.position.numpy() == two.position.numpy() == 8


def test_xla_gives_the_same_step_of_a_resnet():
    batch = models.random_batch(num_views=3)
    plain, compiled = _augmenting_model(""), _augmenting_model("", jit_compile=True)
    expected, scalars = plain.train_step(batch), _one_step(compiled, batch)
    for name in ("loss", "gradient_norm", "positive_cosine", "attention_entropy_4"):
        assert scalars[name] == pytest.approx(float(expected[name]), rel=1e-4), name
    for a, b in zip(plain.weights, compiled.weights):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4, err_msg=a.name)


def test_bfloat16_stays_near_float32_and_keeps_its_weights_in_it(trained):
    batch, expected = trained.batch, trained.scalars[0]["loss"]
    model = models.tiny_model(precision="mixed_bfloat16")
    outputs = model(batch["views"][:, 0])
    assert outputs["pooled"].dtype == tf.bfloat16
    assert outputs["embedding"].dtype == outputs["masks"]["3"].dtype == tf.float32
    assert all(weight.dtype == tf.float32 for weight in model.online.learnt_weights)
    assert float(model.train_step(batch)["loss"]) == pytest.approx(expected, rel=0.05)


def test_several_steps_an_execution_equal_single_ones(trained):
    several = models.tiny_model(steps_per_execution=3)
    scalars = _one_step(several, trained.batch)
    assert scalars["loss"] == pytest.approx(trained.scalars[2]["loss"], rel=1e-5)
    assert int(several.optimizer.iterations) == 3


@pytest.mark.parametrize("pooling", ["attention", "average", "max"])
def test_learns_to_tell_videos_apart(pooling):
    bindings = models.SMALL_NET + f"VitoNetwork.pooling = '{pooling}'"
    model = models.tiny_model(bindings=bindings, steps=40)
    batch = models.random_batch()
    losses = [_one_step(model, batch)["loss"] for _ in range(15)]
    assert losses[-1] < 0.7 * losses[0]
    assert bool(model(batch["views"][:, 0])["masks"]) == (pooling == "attention")


def test_an_image_too_small_for_the_scales_is_refused():
    with pytest.raises(ValueError, match=r"ViewPipeline.image_size = 32 .* level 5"):
        models.tiny_model(bindings="VitoNetwork.levels = (4, 5)")


def test_levels_the_backbone_lacks_are_refused():
    with pytest.raises(ValueError, match=r"VitoNetwork.levels is \[4, 6\]"):
        models.tiny_model(bindings="VitoNetwork.levels = (4, 6)")


def test_the_online_network_alone_drops_paths():
    adamw = functools.partial(optimizers.adamw, clip_norm=5.0)
    model = models.tiny_model(bindings=models.SWIN, optimizer=adamw)
    batch = models.random_batch()
    pairs = list(zip(model.online.learnt_weights, model.target.learnt_weights))
    assert all(np.array_equal(online, target) for online, target in pairs)
    view = batch["views"][:, 0]
    maps = {
        network.name: [network.features(view, training=True)["4"] for _ in range(2)]
        for network in (model.online, model.target)
    }
    np.testing.assert_array_equal(*maps["target"])
    assert np.abs(maps["online"][0] - maps["online"][1]).max() > 0.1

    norms = [model.online.backbone.get_layer(f"stage_{level}").norm for level in "234"]
    unused, *used = [norm.gamma.numpy() for norm in norms]
    model.optimizer.iterations.assign(1)  # The first one's learning rate is 0.
    assert np.isfinite(model.train_step(batch)["loss"])
    np.testing.assert_array_equal(norms[0].gamma, unused)  # Of a level that is not pooled.
    for norm, before in zip(norms[1:], used):
        assert (norm.gamma.numpy() != before).all()
