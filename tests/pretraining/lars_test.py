# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""LARS against a float64 transcription of BYOL's order of operations."""

import numpy as np
import tensorflow as tf

from vito_tf.pretraining import lars, optimizers, schedules


def _slow_lars(parameters, gradients, rates, weight_decay, momentum, eta):
    parameters = [p.astype(np.float64) for p in parameters]
    buffers = [np.zeros_like(p) for p in parameters]
    for step, rate in enumerate(rates):
        for n, parameter in enumerate(parameters):
            update = gradients[step][n].astype(np.float64)
            if parameter.ndim > 1:
                update = update + weight_decay * parameter
                parameter_norm, update_norm = np.linalg.norm(parameter), np.linalg.norm(update)
                if parameter_norm > 0 and update_norm > 0:
                    update = update * eta * parameter_norm / update_norm
            buffers[n] = momentum * buffers[n] + update
            parameters[n] = parameter - rate * buffers[n]
    return parameters


def _run(optimizer, parameters, gradients):
    variables = [tf.Variable(p) for p in parameters]
    for step_gradients in gradients:
        optimizer.apply_gradients(zip([tf.constant(g) for g in step_gradients], variables))
    return variables


def test_follows_byol_through_a_changing_schedule():
    rng = np.random.default_rng(0)
    shapes = [(3, 3, 4, 8), (8,), (8, 5), (5,), (2, 2)]
    parameters = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    parameters[-1][:] = 0  # a norm of zero: no adaptation
    gradients = [[rng.normal(size=shape).astype(np.float32) for shape in shapes] for _ in range(12)]
    schedule = schedules.WarmupCosine(0.7, 4, 12)
    rates = [float(schedule(step)) for step in range(12)]
    variables = _run(lars.LARS(schedule, 1e-2, 0.9, 1e-3), parameters, gradients)
    expected = _slow_lars(parameters, gradients, rates, 1e-2, 0.9, 1e-3)
    for variable, parameter in zip(variables, expected):
        np.testing.assert_allclose(variable, parameter, rtol=2e-5, atol=1e-6)


def test_zero_gradients_move_nothing_without_decay():
    parameters = [np.ones((2, 3), np.float32), np.ones(3, np.float32)]
    gradients = [[np.zeros((2, 3), np.float32), np.zeros(3, np.float32)]]
    for variable, parameter in zip(_run(lars.LARS(1.0, 0.0), parameters, gradients), parameters):
        np.testing.assert_array_equal(variable, parameter)


def test_configuration_round_trip():
    optimizer = lars.LARS(0.25, 1e-5, 0.8, 2e-3)
    copy = lars.LARS.from_config(optimizer.get_config())
    assert copy.get_config() == optimizer.get_config()


def test_decoupled_decay_of_the_others_spares_vectors():
    for build in (optimizers.sgd, optimizers.adamw):
        matrix, vector = tf.Variable(tf.ones([2, 2])), tf.Variable(tf.ones([2]))
        optimizer = build(schedules.WarmupCosine(0.1, 0, 10), [matrix, vector], weight_decay=0.5)
        optimizer.apply_gradients([(tf.zeros([2, 2]), matrix), (tf.zeros([2]), vector)])
        np.testing.assert_allclose(matrix, np.full([2, 2], 1 - 0.1 * 0.5), rtol=1e-6)
        np.testing.assert_array_equal(vector, [1.0, 1.0])


def test_decoupled_decay_spares_biases_of_relative_positions():
    for build in (optimizers.sgd, optimizers.adamw):
        table, matrix = (
            tf.Variable(tf.ones([4, 2]), name=name)
            for name in ("stage_2/block_0/attention/relative_position_bias_table", "qkv/kernel")
        )
        optimizer = build(schedules.WarmupCosine(0.1, 0, 10), [table, matrix], weight_decay=0.5)
        optimizer.apply_gradients([(tf.zeros([4, 2]), table), (tf.zeros([4, 2]), matrix)])
        np.testing.assert_array_equal(table, np.ones([4, 2]))
        np.testing.assert_allclose(matrix, np.full([4, 2], 1 - 0.1 * 0.5), rtol=1e-6)


def test_adamw_shortens_gradients_together():
    """Adam's first step tells lengths apart only by epsilon, so that is made large.

    Keras adds it to the root of a mean that is not corrected yet, sqrt(1 - beta_2) times as long.
    """
    rate, epsilon, gradients = 0.1, np.sqrt(0.001), ([3.0, 0.0], [0.0, 4.0])
    variables = [tf.Variable([1.0, 1.0]) for _ in gradients]
    optimizer = optimizers.adamw(rate, variables, 0.0, epsilon=epsilon, clip_norm=2.5)
    optimizer.apply_gradients(zip(map(tf.constant, gradients), variables))
    for gradient, variable in zip(gradients, variables):
        clipped = np.array(gradient) * 2.5 / 5
        np.testing.assert_allclose(variable, 1 - rate * clipped / (np.abs(clipped) + 1), rtol=1e-4)
