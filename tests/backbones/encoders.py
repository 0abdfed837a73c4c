# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny encoders for tests."""

import numpy as np

from vito_tf.backbones import encoder_files, networks, resnet, swin

TINY = resnet.Architecture(model_id=10, depth_multiplier=0.125)
TINY_SWIN = swin.Architecture(4, depths=(1, 2, 1, 1), num_heads=(1, 1, 2, 2), window_size=4)


def randomise(backbone, seed=0):
    """Gives every weight a value of its own: running statistics and scales are not 0 and 1."""
    rng = np.random.default_rng(seed)
    for weight in backbone.weights:
        shape = weight.shape
        if "kernel" in weight.name:
            value = rng.normal(size=shape, scale=np.sqrt(2 / np.prod(shape[:-1])))
        elif "gamma" in weight.name or "variance" in weight.name:
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(size=shape, scale=0.1)
        weight.assign(value)
    return backbone


def write_encoder(folder, seed=0, architecture=TINY, **options):
    """Writes an encoder of random weights; returns its backbone."""
    backbone = randomise(networks.build(architecture, **options), seed)
    encoder_files.write(str(folder), backbone, architecture, source="a test")
    return backbone
