# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The network of Figure 1: eq. 2, the heads and the backbone, against slow transcriptions."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.pretraining import models
from vito_tf.backbones import normalisation, resnet
from vito_tf.pretraining import attention_pooling, network, projector, target_network


def test_attention_pooling_equals_equation_2():
    rng = np.random.default_rng(0)
    layer = attention_pooling.AttentionPooling(hidden_units=6)
    features = rng.normal(size=[2, 3, 5, 4])
    pooled, masks = layer(tf.constant(features, tf.float32))
    w1, b1, w2, b2 = (weight.numpy().astype(np.float64) for weight in layer.weights)
    for n in range(2):
        scores = np.zeros([3, 5])
        for i in range(3):
            for j in range(5):
                hidden = np.maximum(features[n, i, j] @ w1 + b1, 0)
                scores[i, j] = (hidden @ w2 + b2).item()
        mask = np.exp(scores) / np.exp(scores).sum()
        expected = sum(mask[i, j] * features[n, i, j] for i in range(3) for j in range(5))
        np.testing.assert_allclose(masks[n], mask, rtol=1e-5)
        np.testing.assert_allclose(pooled[n], expected, rtol=1e-4, atol=1e-6)


def test_attention_pooling_from_its_configuration():
    layer = attention_pooling.AttentionPooling(hidden_units=7)
    copy = attention_pooling.AttentionPooling.from_config(layer.get_config())
    assert copy.hidden.units == 7


def test_projector_is_dense_norm_relu_dense():
    rng = np.random.default_rng(1)
    layer = projector.Projector(hidden_units=5, output_units=3)
    inputs = rng.normal(size=[16, 4])
    outputs = layer(tf.constant(inputs, tf.float32), training=True)
    assert outputs.dtype == tf.float32
    kernel, bias, gamma, beta, out = (w.numpy() for w in layer.trainable_weights)
    hidden = inputs @ kernel + bias
    normed = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-5) * gamma + beta
    np.testing.assert_allclose(outputs, np.maximum(normed, 0) @ out, rtol=1e-3, atol=1e-5)


def test_input_normalisation_is_imagenets():
    images = np.random.default_rng(2).uniform(size=[2, 3, 3, 3])
    expected = (images - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(
        normalisation.normalise(tf.constant(images, tf.float32)), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("pooling", ["attention", "average", "max"])
def test_pooled_features_are_those_of_the_scales_side_by_side(pooling):
    gin.parse_config(models.TINY)
    net = network.VitoNetwork(pooling=pooling)
    images = tf.random.stateless_uniform([2, 32, 32, 3], [0, 1])
    outputs = net(images)
    endpoints = net.backbone(normalisation.normalise(images))
    vectors = []
    for level in ("3", "4"):
        features = endpoints[level].numpy()
        np.testing.assert_allclose(outputs["endpoints"][level], features, rtol=1e-5, atol=1e-6)
        if pooling == "attention":
            mask = outputs["masks"][level].numpy()
            np.testing.assert_allclose(mask.sum(axis=(1, 2)), 1.0, rtol=1e-5)
            vectors.append((mask[..., None] * features).sum(axis=(1, 2)))
        else:
            reduce = np.mean if pooling == "average" else np.max
            vectors.append(reduce(features, axis=(1, 2)))
    np.testing.assert_allclose(
        outputs["pooled"], np.concatenate(vectors, axis=1), rtol=1e-4, atol=1e-5
    )


def test_the_paper_s_network_has_the_paper_s_sizes():
    gin.parse_config("VitoNetwork.backbone = @resnet")
    net = network.VitoNetwork()
    outputs = net(tf.zeros([1, 64, 64, 3]))
    assert {level: x.shape[-1] for level, x in outputs["endpoints"].items()} == {
        "4": 1024,
        "5": 2048,
    }
    assert outputs["pooled"].shape == [1, 3072]
    assert outputs["embedding"].shape == [1, 256]
    assert net.backbone.count_params() == 23_561_152
    norms = [w for w in net.learnt_weights if w.shape.rank <= 1]
    assert len(net.learnt_weights) > len(norms) > 100


@pytest.mark.parametrize("sync", [False, True])
def test_a_resnet_takes_batch_statistics_over_all_replicas_when_asked(sync):
    gin.parse_config(models.TINY)
    layers = network.VitoNetwork(sync_batch_norm=sync).backbone.layers
    norms = [
        layer
        for block in layers
        for layer in block._flatten_layers()
        if isinstance(layer, tf.keras.layers.BatchNormalization)
    ]
    assert {layer.synchronized for layer in norms} == {sync}


def test_only_what_the_pooled_levels_need_is_learnt():
    gin.parse_config(models.TINY)
    net = network.VitoNetwork(levels=(3,))
    net(tf.zeros([1, 32, 32, 3]))
    learnt = {id(weight) for weight in net.learnt_weights}
    unused = [w for w in net.backbone.trainable_weights if id(w) not in learnt]
    assert unused
    assert len(learnt) == len(net.learnt_weights)


def test_backbone_weights_load_into_model_gardens_own(tmp_path):
    from official.vision.modeling.backbones import resnet as model_garden

    ours = resnet.resnet(model_id=18, depth_multiplier=0.25)
    path = tf.train.Checkpoint(backbone=ours).write(str(tmp_path / "backbone"))
    stock = model_garden.ResNet(
        18,
        tf.keras.layers.InputSpec(shape=[None, None, None, 3]),
        depth_multiplier=0.25,
        scale_stem=True,
    )
    tf.train.Checkpoint(backbone=stock).read(
        path
    ).expect_partial().assert_existing_objects_matched()
    for a, b in zip(ours.weights, stock.weights):
        np.testing.assert_array_equal(a, b)


def test_unknown_choices_are_named():
    gin.parse_config(models.TINY)
    with pytest.raises(ValueError, match=r"VitoNetwork\.pooling"):
        network.VitoNetwork(pooling="median")
    with pytest.raises(ValueError, match=r"resnet\.model_id"):
        resnet.resnet(model_id=51)


def test_the_target_moves_by_one_minus_the_rate():
    target = [tf.Variable([1.0, 2.0]), tf.Variable([[3.0]])]
    online = [tf.Variable([2.0, 0.0]), tf.Variable([[-1.0]])]
    target_network.update_target(target, online, tf.constant(0.75))
    np.testing.assert_allclose(target[0], [1.25, 1.5])
    np.testing.assert_allclose(target[1], [[2.0]])
