# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What an encoder is known by: its content, not its place."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation.encoders import identity

WEIGHTS = [("a", np.arange(4, dtype=np.float32)), ("b", np.zeros([2, 2], np.float32))]


def test_everything_counts():
    renamed, reshaped = [("c", WEIGHTS[0][1])], [("b", np.zeros([4, 1], np.float32))]
    typed = [("a", WEIGHTS[0][1].astype(np.float64))]
    changed = [("a", np.array([0, 1, 2, 3.5], np.float32))]
    found = [
        identity.digest("kind", {"x": 1}, WEIGHTS),
        identity.digest("other", {"x": 1}, WEIGHTS),
        identity.digest("kind", {"x": 2}, WEIGHTS),
        identity.digest("kind", {"x": 1}, WEIGHTS[:1]),
        identity.digest("kind", {"x": 1}, WEIGHTS[::-1]),
        *(
            identity.digest("kind", {"x": 1}, first + WEIGHTS[1:])
            for first in (renamed, typed, changed)
        ),
        identity.digest("kind", {"x": 1}, WEIGHTS[:1] + reshaped),
    ]
    assert len(set(found)) == len(found)
    assert all(len(digest) == 64 for digest in found)


def test_the_same_content_is_the_same():
    one = identity.digest("kind", {"x": 1, "y": [2.5]}, WEIGHTS)
    variables = [(name, tf.Variable(value)) for name, value in WEIGHTS]
    assert one == identity.digest("kind", {"y": [2.5], "x": 1}, variables)


def test_names_do_not_depend_on_what_was_built_before():
    layers = [tf.keras.layers.Dense(2) for _ in range(2)]
    for layer in layers:
        layer.build([None, 3])
    assert layers[0].weights[0].name == layers[1].weights[0].name  # Built outside a model.
    models = [
        tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(2)]) for _ in range(2)
    ]
    assert models[0].weights[0].name != models[1].weights[0].name
    names = [[name for name, _ in identity.numbered(model.weights)] for model in models]
    assert names[0] == names[1] == ["0 kernel:0", "1 bias:0"]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_not_finite(wrong):
    with pytest.raises(ValueError, match="damaged: b is not finite"):
        identity.digest("kind", {}, [WEIGHTS[0], ("b", np.array([1, wrong]))])
