# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Layers of the detector's heads in float64 numpy, one image [h, w, C] at a time."""

import numpy as np


def convolution(image, kernel, bias=0.0):
    """Convolution that pads with zeros to keep the size."""
    height, width, _ = image.shape
    reach = kernel.shape[0] // 2
    padded = np.pad(image, [(reach, reach), (reach, reach), (0, 0)])
    output = np.zeros([height, width, kernel.shape[-1]])
    for row in range(height):
        for column in range(width):
            patch = padded[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            output[row, column] = np.tensordot(patch, kernel, 3) + bias
    return output


def group_norm(image, scale, offset, groups=32):
    """Group norm with PyTorch's epsilon; single channels if there are fewer than groups."""
    output = np.zeros_like(image)
    size = image.shape[-1] // min(groups, image.shape[-1])
    for first in range(0, image.shape[-1], size):
        group = image[..., first : first + size]
        output[..., first : first + size] = (group - group.mean()) / np.sqrt(group.var() + 1e-5)
    return output * scale + offset


def relu(values):
    """Negative values become 0."""
    return np.maximum(values, 0)


def sigmoid(values):
    """Probabilities of logits."""
    return 1 / (1 + np.exp(-values))


def sample(values, row, column):
    """Bilinear interpolation of [h, w] between its corners; 0 outside the map."""
    total = 0.0
    for corner_row in (np.floor(row), np.floor(row) + 1):
        for corner_column in (np.floor(column), np.floor(column) + 1):
            if 0 <= corner_row < values.shape[0] and 0 <= corner_column < values.shape[1]:
                weight = (1 - abs(row - corner_row)) * (1 - abs(column - corner_column))
                total += weight * values[int(corner_row), int(corner_column)]
    return total


def boxes(distances, stride):
    """Boxes of distances [h, w, 4] (up, left, down, right) from the centres of the cells."""
    output = np.zeros_like(distances)
    for row, column in np.ndindex(distances.shape[:2]):
        up, left, down, right = distances[row, column]
        y, x = (row + 0.5) * stride, (column + 0.5) * stride
        output[row, column] = y - up, x - left, y + down, x + right
    return output


def randomise(layer, seed=0, scale=0.3):
    """Gives every weight a value of its own; returns them in their order, as float64."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        is_positive = "gamma" in weight.name or "scale" in weight.name
        value = rng.uniform(0.5, 1.5, weight.shape) if is_positive else None
        weight.assign(rng.normal(size=weight.shape, scale=scale) if value is None else value)
    return [weight.numpy().astype(np.float64) for weight in layer.trainable_weights]
