# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Stateless uniform numbers from a batch of seeds: Threefry-2x32-20 (Salmon et al. 2011).

`tf.random.stateless_uniform` takes one seed at a time and gives other numbers under XLA than
without it, even if its algorithm is named. This one gives the same everywhere.
"""

from __future__ import annotations

import tensorflow as tf

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_KEY_PARITY = 0x1BD11BDA
_ROUNDS = 20
_MANTISSA_BITS = 24


def uniform(seeds: tf.Tensor, count: int) -> tf.Tensor:
    """Draws `count` independent numbers for each seed.

    Args:
        seeds: int32 [..., 2].
        count: number of draws D.

    Returns:
        float32 [..., D] in [0, 1), multiples of 2^-24.
    """
    keys = tf.bitcast(seeds, tf.uint32)[..., tf.newaxis, :]
    blocks = tf.range((count + 1) // 2)
    counters = tf.bitcast(tf.stack([blocks, tf.zeros_like(blocks)], axis=-1), tf.uint32)
    bits = threefry_2x32(keys, counters)
    bits = tf.reshape(bits, tf.concat([tf.shape(seeds)[:-1], [-1]], axis=0))[..., :count]
    bits = tf.bitwise.right_shift(bits, tf.constant(32 - _MANTISSA_BITS, tf.uint32))
    return tf.cast(tf.bitcast(bits, tf.int32), tf.float32) * 2.0**-_MANTISSA_BITS


def threefry_2x32(keys: tf.Tensor, counters: tf.Tensor) -> tf.Tensor:
    """Encrypts counters under keys with the 20 rounds of Threefry-2x32.

    Args:
        keys: uint32 [..., 2].
        counters: uint32 [..., 2], of a shape that broadcasts with that of `keys`.

    Returns:
        uint32 [..., 2], random bits.
    """
    key_0, key_1 = tf.unstack(keys, axis=-1)
    parity = tf.constant(_KEY_PARITY, tf.uint32)
    schedule = (key_0, key_1, tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(key_0, key_1), parity))
    left, right = tf.unstack(counters, axis=-1)
    left, right = left + key_0, right + key_1
    for group in range(_ROUNDS // 4):
        for rotation in _ROTATIONS[group % 2]:
            left += right
            right = tf.bitwise.bitwise_xor(_rotate(right, rotation), left)
        left += schedule[(group + 1) % 3]
        right += schedule[(group + 2) % 3] + tf.constant(group + 1, tf.uint32)
    return tf.stack([left, right], axis=-1)


def _rotate(bits: tf.Tensor, left_by: int) -> tf.Tensor:
    high = tf.bitwise.left_shift(bits, tf.constant(left_by, tf.uint32))
    low = tf.bitwise.right_shift(bits, tf.constant(32 - left_by, tf.uint32))
    return tf.bitwise.bitwise_or(high, low)
