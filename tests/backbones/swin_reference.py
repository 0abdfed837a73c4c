# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Swin transformers in float64 numpy: the names of Microsoft's tensors, and what they compute.

`architecture` is (embed_dim, depths, num_heads, window_size).
"""

import math

import numpy as np

TINY = (4, (2, 1, 1, 1), (1, 2, 2, 4), 3)


def shapes(architecture, norms=("norm",)):
    """Shapes of all tensors by name, in Microsoft's order, without masks and the classifier."""
    width, depths, heads, window = architecture
    found: dict[str, tuple[int, ...]] = {}

    def affine(name, *shape):
        found[f"{name}.weight"] = shape
        found[f"{name}.bias"] = shape[:1]

    affine("patch_embed.proj", width, 3, 4, 4)
    affine("patch_embed.norm", width)
    for stage, depth in enumerate(depths):
        channels = width * 2**stage
        for block in range(depth):
            name = f"layers.{stage}.blocks.{block}"
            affine(f"{name}.norm1", channels)
            table = (2 * window - 1) ** 2, heads[stage]
            found[f"{name}.attn.relative_position_bias_table"] = table
            found[f"{name}.attn.relative_position_index"] = (window**2, window**2)
            affine(f"{name}.attn.qkv", 3 * channels, channels)
            affine(f"{name}.attn.proj", channels, channels)
            affine(f"{name}.norm2", channels)
            affine(f"{name}.mlp.fc1", 4 * channels, channels)
            affine(f"{name}.mlp.fc2", channels, 4 * channels)
        if stage < 3:
            found[f"layers.{stage}.downsample.reduction.weight"] = (2 * channels, 4 * channels)
            affine(f"layers.{stage}.downsample.norm", 4 * channels)
    for norm in norms:
        affine(norm, width * 2 ** (int(norm[4:]) if norm != "norm" else 3))
    return found


def random_state(architecture, norms=("norm",), seed=0):
    """Tensors that leave nothing out: attention is uneven, and biases of positions matter."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, shape in shapes(architecture, norms).items():
        if name.endswith("relative_position_index"):
            state[name] = _positions(architecture[3])
        elif "norm" in name and name.endswith("weight"):
            state[name] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
        elif name.endswith("weight"):
            scale = np.sqrt(1 / np.prod(shape[1:]))
            state[name] = rng.normal(size=shape, scale=scale).astype(np.float32)
        else:
            state[name] = rng.normal(size=shape, scale=0.5).astype(np.float32)
    return state


def _positions(window):
    """Rows of the table, one pair of positions after the other."""
    positions = [(row, column) for row in range(window) for column in range(window)]
    return np.array(
        [
            [
                (a[0] - b[0] + window - 1) * (2 * window - 1) + (a[1] - b[1] + window - 1)
                for b in positions
            ]
            for a in positions
        ]
    )


def features(state, images, architecture):
    """{'2', '3', '4', '5'}: maps [N, H, W, C] of images [N, H, W, 3]."""
    _, depths, heads, window = architecture
    state = {name: value.astype(np.float64) for name, value in state.items()}
    x = np.stack([_embed(state, image.astype(np.float64)) for image in images])
    found = {}
    for stage, depth in enumerate(depths):
        for block in range(depth):
            shifted = block % 2 == 1 and min(x.shape[1:3]) > window
            name = f"layers.{stage}.blocks.{block}"
            x = np.stack([_block(state, name, y, heads[stage], window, shifted) for y in x])
        if f"norm{stage}.weight" in state:
            found[str(stage + 2)] = _norm(state, f"norm{stage}", x)
        else:
            found[str(stage + 2)] = _norm(state, "norm", x) if stage == 3 else _standardise(x)
        if stage < 3:
            x = np.stack([_merge(state, f"layers.{stage}.downsample", y) for y in x])
    return found


def _embed(state, image):
    height, width = (math.ceil(length / 4) for length in image.shape[:2])
    padded = np.zeros((4 * height, 4 * width, 3))
    padded[: image.shape[0], : image.shape[1]] = image
    kernel, bias = state["patch_embed.proj.weight"], state["patch_embed.proj.bias"]
    result = np.zeros((height, width, len(bias)))
    for row in range(height):
        for column in range(width):
            patch = padded[4 * row : 4 * row + 4, 4 * column : 4 * column + 4].transpose(2, 0, 1)
            result[row, column] = [(weights * patch).sum() for weights in kernel] + bias
    return _norm(state, "patch_embed.norm", result)


def _merge(state, name, x):
    height, width, channels = x.shape
    result = np.zeros((math.ceil(height / 2), math.ceil(width / 2), 4 * channels))
    for row in range(height):
        for column in range(width):
            start = channels * (row % 2 + 2 * (column % 2))
            result[row // 2, column // 2, start : start + channels] = x[row, column]
    return _norm(state, f"{name}.norm", result) @ state[f"{name}.reduction.weight"].T


def _block(state, name, x, heads, window, shifted):
    x = x + _attend(state, name, _norm(state, f"{name}.norm1", x), heads, window, shifted)
    hidden = _linear(state, f"{name}.mlp.fc1", _norm(state, f"{name}.norm2", x))
    erf = np.vectorize(math.erf)(hidden / math.sqrt(2))
    return x + _linear(state, f"{name}.mlp.fc2", hidden * (1 + erf) / 2)


def _attend(state, name, x, heads, window, shifted):
    height, width, channels = x.shape
    size = [math.ceil(length / window) * window for length in (height, width)]
    padded = np.zeros((*size, channels))
    padded[:height, :width] = x
    shift = window // 2 if shifted else 0
    qkv = _linear(state, f"{name}.attn.qkv", padded)
    attended = np.zeros_like(padded)
    for top in range(0, size[0], window):
        for left in range(0, size[1], window):
            inside = [
                ((top + i + shift) % size[0], (left + j + shift) % size[1])
                for i in range(window)
                for j in range(window)
            ]
            outputs = _attend_within(state, f"{name}.attn", qkv, inside, heads, window)
            for (row, column), output in zip(inside, outputs):
                attended[row, column] = output
    return _linear(state, f"{name}.attn.proj", attended)[:height, :width]


def _attend_within(state, name, qkv, inside, heads, window):
    table = state[f"{name}.relative_position_bias_table"]
    positions = _positions(window)
    vectors = np.stack([qkv[position] for position in inside])
    query, key, value = (part.reshape(len(inside), heads, -1) for part in np.split(vectors, 3, 1))
    result = np.zeros_like(value)
    for head in range(heads):
        logits = query[:, head] @ key[:, head].T / math.sqrt(query.shape[-1])
        logits += table[positions, head]
        for i, first in enumerate(inside):
            for j, second in enumerate(inside):  # Neighbours only by the map's being cyclic.
                if any(abs(a - b) >= window for a, b in zip(first, second)):
                    logits[i, j] -= 100
        weights = np.exp(logits - logits.max(1, keepdims=True))
        result[:, head] = weights / weights.sum(1, keepdims=True) @ value[:, head]
    return result.reshape(len(inside), -1)


def _linear(state, name, x):
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def _standardise(x):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5)


def _norm(state, name, x):
    return _standardise(x) * state[f"{name}.weight"] + state[f"{name}.bias"]
