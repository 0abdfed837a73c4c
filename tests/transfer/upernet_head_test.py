# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""UperNet's head against its definition."""

import numpy as np
import pytest
import tensorflow as tf

from tests.backbones import encoders
from tests.transfer import slow_upernet
from vito_tf.transfer import fcn_head, upernet_head

CHANNELS = {"2": 3, "3": 4, "4": 5, "5": 6}
SIZES = {"2": (13, 18), "3": (7, 9), "4": (4, 5), "5": (2, 3)}


def feature_maps(levels="2345", batch=2):
    rng = np.random.default_rng(0)
    return {level: rng.normal(size=[batch, *SIZES[level], CHANNELS[level]]) for level in levels}


def on(head, maps, training=False):
    maps = {level: tf.constant(value, tf.float32) for level, value in maps.items()}
    return head((maps, maps), training=training)


def sorted_weights(head, num_pooled, num_below):
    """What `slow_upernet.head` takes, told apart by shape and order of creation."""
    trained, running = (
        iter([w.numpy().astype(np.float64) for w in weights])
        for weights in (head.trainable_weights, head.non_trainable_weights)
    )

    def block():
        return [next(trained) for _ in range(3)] + [next(running) for _ in range(2)]

    weights = {"pooled": [block() for _ in range(num_pooled)], "bottleneck": block()}
    weights["laterals"] = [block() for _ in range(num_below)]
    weights["outputs"] = [block() for _ in range(num_below)]
    weights["fusion"] = block()
    weights["kernel"], weights["bias"] = next(trained), next(trained)
    assert not list(trained)
    assert not list(running)
    return weights


@pytest.fixture(scope="module")
def heads():
    """UperNet's, and the auxiliary one."""
    built = (
        upernet_head.UperNetHead(4, num_filters=8, norm_epsilon=1e-3),
        fcn_head.FcnHead(4, level=4, num_convs=1, num_filters=16, dilation=1, dropout=0.1),
    )
    for head in built:
        on(head, feature_maps())
    return built


@pytest.mark.parametrize("levels", ["2345", "234"])
def test_is_the_references(heads, levels):
    head = (
        heads[0] if levels == "2345" else upernet_head.UperNetHead(4, levels, 8, norm_epsilon=1e-3)
    )
    maps = feature_maps(levels)
    on(head, maps)
    encoders.randomise(head)
    weights = sorted_weights(head, 4, len(levels) - 1)
    expected = slow_upernet.head(list(maps.values()), weights, (1, 2, 3, 6), 1e-3)
    actual = on(head, maps)
    assert actual.shape == (2, 13, 18, 4)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def num_params(channels, num_filters, num_classes, num_auxiliary):
    """Of both heads, in the reference."""

    def block(size, inputs, filters):
        return size**2 * inputs * filters + 2 * filters

    below, top = channels[:-1], channels[-1]
    head = 4 * block(1, top, num_filters) + block(3, top + 4 * num_filters, num_filters)
    head += sum(block(1, inputs, num_filters) for inputs in below)
    head += len(below) * block(3, num_filters, num_filters)
    head += block(3, len(channels) * num_filters, num_filters)
    head += (num_filters + 1) * num_classes
    auxiliary = block(3, channels[-2], num_auxiliary) + (num_auxiliary + 1) * num_classes
    return head + auxiliary


def test_size_is_the_references(heads):
    """Swin-T, S and B with both heads are published as of 60, 81 and 121 million parameters."""
    trainable = sum(np.prod(w.shape) for head in heads for w in head.trainable_weights)
    assert trainable == num_params(list(CHANNELS.values()), 8, 4, 16)
    # The backbones have their classifiers' 768 or 1024 weights of 1000 classes and norm less, and
    # a norm for each of four levels.
    for dim, published, backbone in ((96, 60, 28.288), (96, 81, 49.606), (128, 121, 87.768)):
        channels = [dim * 2**level for level in range(4)]
        backbone += (-1001 * channels[-1] + 2 * sum(channels[:-1])) / 1e6
        assert round(backbone + num_params(channels, 512, 150, 256) / 1e6) == published


def test_training_normalises_by_the_batch():
    head = upernet_head.UperNetHead(
        2, "45", num_filters=4, pool_scales=[2], dropout=0.0, sync_batch_norm=False
    )
    maps = feature_maps("45", batch=4)
    on(head, maps, training=True)
    means = [w for w in head.non_trainable_weights if "moving_mean" in w.name]
    assert len(means) == 5
    kernel = head.trainable_weights[0].numpy()[0, 0]
    pooled = slow_upernet.adaptive_average_pool(maps["5"], 2) @ kernel
    np.testing.assert_allclose(means[0], 0.1 * pooled.mean((0, 1, 2)), rtol=1e-3, atol=1e-5)


def test_classifier_gets_no_dropped_channel(heads):
    """The auxiliary head's, whose classifier shows a single channel each."""
    head = fcn_head.FcnHead(64, 5, num_convs=0, dropout=0.5)
    maps = {"5": np.ones([3, 2, 2, 64])}
    on(head, maps)
    head.trainable_weights[0].assign(np.eye(64)[np.newaxis, np.newaxis])
    np.testing.assert_array_equal(on(head, maps), maps["5"])
    dropped = on(head, maps, training=True).numpy()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped[:, :1, :1], dropped.shape))


def test_round_trip_of_the_configuration():
    head = upernet_head.UperNetHead(3, ["3", "4"], 8, [1, 2], 0.2, norm_epsilon=1e-3)
    again = upernet_head.UperNetHead.from_config(head.get_config())
    assert again.get_config() == head.get_config()
