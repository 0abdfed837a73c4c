# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""torchvision's ResNets in float64 numpy: the names of their tensors, and what they compute."""

import numpy as np

RESNET_10 = ("basic", (1, 1, 1, 1))
RESNET_18 = ("basic", (2, 2, 2, 2))
RESNET_34 = ("basic", (3, 4, 6, 3))
RESNET_50 = ("bottleneck", (3, 4, 6, 3))


def shapes(layout, width=64, stem=None):
    """Shapes of all tensors by name, without the classifier's, in torchvision's order."""
    kind, repeats = layout
    found: dict[str, tuple[int, ...]] = {}

    def conv(name, outputs, inputs, size):
        found[f"{name}.weight"] = (outputs, inputs, size, size)

    def norm(name, channels):
        for tensor in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{tensor}"] = (channels,)
        found[f"{name}.num_batches_tracked"] = ()

    channels = stem or width
    conv("conv1", channels, 3, 7)
    norm("bn1", channels)
    for layer, count in enumerate(repeats, 1):
        planes = width * 2 ** (layer - 1)
        outputs = planes * (4 if kind == "bottleneck" else 1)
        for index in range(count):
            block = f"layer{layer}.{index}"
            if kind == "bottleneck":
                sizes = [(channels, planes, 1), (planes, planes, 3), (planes, outputs, 1)]
            else:
                sizes = [(channels, planes, 3), (planes, planes, 3)]
            for number, (before, after, size) in enumerate(sizes, 1):
                conv(f"{block}.conv{number}", after, before, size)
                norm(f"{block}.bn{number}", after)
            if index == 0 and (layer > 1 or channels != outputs):
                conv(f"{block}.downsample.0", outputs, channels, 1)
                norm(f"{block}.downsample.1", outputs)
            channels = outputs
    return found


def random_state(layout, width=64, stem=None, seed=0):
    """Tensors that leave features of about the size of the inputs."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, shape in shapes(layout, width, stem).items():
        if name.endswith("num_batches_tracked"):
            state[name] = np.array(12, np.int64)
        elif len(shape) == 4:
            scale = np.sqrt(1 / np.prod(shape[1:]))
            state[name] = rng.normal(size=shape, scale=scale).astype(np.float32)
        elif name.endswith(("running_var", "weight")):
            state[name] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
        else:
            state[name] = rng.normal(size=shape, scale=0.1).astype(np.float32)
    return state


def features(state, images):
    """{'2', '3', '4', '5'}: maps [N, H, W, C] of images [N, H, W, 3]."""
    state = {name: value.astype(np.float64) for name, value in state.items()}
    x = images.astype(np.float64).transpose(0, 3, 1, 2)
    x = _relu(_norm(state, "bn1", _conv(state, "conv1", x, 2, 3)))
    x = _max_pool(x)
    result = {}
    for layer in (1, 2, 3, 4):
        index = 0
        while f"layer{layer}.{index}.conv1.weight" in state:
            x = _block(state, f"layer{layer}.{index}", x, 2 if layer > 1 and index == 0 else 1)
            index += 1
        result[str(layer + 1)] = x.transpose(0, 2, 3, 1)
    return result


def _block(state, name, x, stride):
    shortcut = x
    if f"{name}.downsample.0.weight" in state:
        shortcut = _conv(state, f"{name}.downsample.0", x, stride, 0)
        shortcut = _norm(state, f"{name}.downsample.1", shortcut)
    if f"{name}.conv3.weight" in state:
        settings = [(1, 0), (stride, 1), (1, 0)]
    else:
        settings = [(stride, 1), (1, 1)]
    for number, (stride, padding) in enumerate(settings, 1):
        x = _conv(state, f"{name}.conv{number}", x, stride, padding)
        x = _norm(state, f"{name}.bn{number}", x)
        if number < len(settings):
            x = _relu(x)
    return _relu(x + shortcut)


def _conv(state, name, x, stride, padding):
    kernel = state[f"{name}.weight"]
    size = kernel.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height, width = ((length - size) // stride + 1 for length in x.shape[2:])
    result = np.zeros((x.shape[0], kernel.shape[0], height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * stride, column * stride
            window = x[:, :, top : top + size, left : left + size]
            result[:, :, row, column] = np.tensordot(window, kernel, axes=((1, 2, 3), (1, 2, 3)))
    return result


def _norm(state, name, x):
    weight, bias, mean, variance = (
        state[f"{name}.{tensor}"][:, None, None]
        for tensor in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / np.sqrt(variance + 1e-5) * weight + bias


def _relu(x):
    return np.maximum(x, 0)


def _max_pool(x):
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    height, width = ((length - 3) // 2 + 1 for length in x.shape[2:])
    result = np.zeros((*x.shape[:2], height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * 2, column * 2
            result[:, :, row, column] = x[:, :, top : top + 3, left : left + 3].max(axis=(2, 3))
    return result
