# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""UperNet's head in slow numpy, after its reference's definition, in float64."""

import math

import numpy as np


def adaptive_average_pool(features, bins):
    """Means over bins of [B, h, w, D]."""
    batch, height, width, channels = features.shape
    pooled = np.zeros([batch, bins, bins, channels])
    for i in range(bins):
        top, bottom = math.floor(i * height / bins), math.ceil((i + 1) * height / bins)
        for j in range(bins):
            left, right = math.floor(j * width / bins), math.ceil((j + 1) * width / bins)
            pooled[:, i, j] = features[:, top:bottom, left:right].mean((1, 2))
    return pooled


def resize(features, size):
    """Bilinear, with half-pixel centres and without smoothing."""
    for axis in (1, 2):
        before, after = features.shape[axis], size[axis - 1]
        lines = []
        for i in range(after):
            place = min(max((i + 0.5) * before / after - 0.5, 0), before - 1)
            low = math.floor(place)
            high = min(low + 1, before - 1)
            line = (low + 1 - place) * features.take(low, axis) + (place - low) * features.take(
                high, axis
            )
            lines.append(line)
        features = np.stack(lines, axis)
    return features


def convolve(features, kernel):
    """An odd kernel [k, k, D, E] on [B, h, w, D], zeros around."""
    reach = kernel.shape[0] // 2
    _, height, width, _ = features.shape
    padded = np.pad(features, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    total = 0
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            total = (
                total
                + padded[:, row : row + height, column : column + width] @ (kernel[row, column])
            )
    return total


def block(features, weights, epsilon):
    """A convolution, batch norm with running statistics, ReLU."""
    kernel, gamma, beta, mean, variance = weights
    convolved = convolve(features, kernel)
    return np.maximum(gamma * (convolved - mean) / np.sqrt(variance + epsilon) + beta, 0)


def head(maps, weights, pool_scales, epsilon):
    """Logits for maps from the largest to the smallest.

    `weights` has those of blocks in `pooled`, `laterals` and `outputs` (lists), `bottleneck` and
    `fusion`; `kernel` and `bias` of the classifier.
    """
    *below, top = maps
    pooled = [top]
    for bins, own in zip(pool_scales, weights["pooled"]):
        means = block(adaptive_average_pool(top, bins), own, epsilon)
        pooled.append(resize(means, top.shape[1:3]))
    laterals = [block(m, own, epsilon) for m, own in zip(below, weights["laterals"])]
    laterals.append(block(np.concatenate(pooled, -1), weights["bottleneck"], epsilon))
    for i in range(len(laterals) - 1, 0, -1):
        laterals[i - 1] = laterals[i - 1] + resize(laterals[i], laterals[i - 1].shape[1:3])
    outputs = [block(m, own, epsilon) for m, own in zip(laterals, weights["outputs"])]
    outputs.append(laterals[-1])
    outputs = [resize(m, outputs[0].shape[1:3]) for m in outputs]
    fused = block(np.concatenate(outputs, -1), weights["fusion"], epsilon)
    return fused @ weights["kernel"][0, 0] + weights["bias"]
