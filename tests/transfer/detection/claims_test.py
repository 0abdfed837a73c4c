# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""By hand."""

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import claims

# Two images, two boxes with three candidates each, of five locations.
CANDIDATES = tf.constant([[[0, 2, 4], [4, 2, 1]], [[3, 1, 0], [0, 1, 2]]])
IOU = tf.constant([[[0.5, 0.25, 0.5], [0.75, 0.25, 1.0]], [[1.0, 1.0, 0.5], [0.25, 0.5, 1.0]]])
IS_POSITIVE = tf.constant([[[1, 1, 1], [1, 1, 0]], [[0, 0, 0], [1, 1, 1]]]) > 0
SETTLED = [[0, -1, 0, -1, 1], [1, 1, 1, -1, -1]]


def test_the_highest_iou_has_it_then_the_first_box():
    np.testing.assert_array_equal(claims.settle(CANDIDATES, IS_POSITIVE, IOU, 5), SETTLED)


def test_batches_may_be_of_any_size():
    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, 2, 3], tf.int32)])
    def settle(candidates):
        size = tf.shape(candidates)[0]
        box = claims.settle(candidates, IS_POSITIVE[:size], IOU[:size], 5)
        assert box.shape[1:] == [5]
        return box

    np.testing.assert_array_equal(settle(CANDIDATES), SETTLED)
    np.testing.assert_array_equal(settle(CANDIDATES[:1]), SETTLED[:1])


def test_values_are_put_at_their_locations():
    spread = claims.spread(CANDIDATES, IOU, 5)
    np.testing.assert_array_equal(spread[0], [[0.5, 0, 0.25, 0, 0.5], [0, 1, 0.25, 0, 0.75]])
    np.testing.assert_array_equal(spread[1], [[0.5, 1, 0, 1, 0], [0.25, 0.5, 1, 0, 0]])
