# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The choice between assigners, and all of them compiled."""

import numpy as np
import pytest
import tensorflow as tf

from tests.transfer.detection import assignment_cases
from vito_tf.transfer.detection import (
    assigners,
    atss_assigner,
    config,
    fcos_assigner,
    structures,
    task_aligned_assigner,
)


@pytest.fixture(scope="module")
def case():
    """A few images, whose boxes are fewer."""
    places = assignment_cases.places()
    truth = assignment_cases.truth(assignment_cases.images()[:-1])
    return places, truth, assignment_cases.predictions(truth)


def same(found, wanted):
    np.testing.assert_array_equal(found.box, wanted.box)
    np.testing.assert_allclose(found.score, wanted.score, rtol=1e-5)


def test_switches_from_atss_to_alignment(case):
    params = config.Assignment(
        type="task_aligned", atss_steps=7, atss_candidates=4, alpha=0.5, beta=2.0, top_k=3
    )
    places, truth, predictions = case
    before = atss_assigner.assign(places, truth, 4)
    after = task_aligned_assigner.assign(places, truth, predictions, 0.5, 2.0, 3)
    assert (before.box.numpy() != after.box.numpy()).any()
    for step, wanted in [(0, before), (6, before), (7, after), (10**10, after)]:
        step = tf.constant(step, tf.int64)
        same(assigners.assign(params, places, truth, predictions, step), wanted)
        assert assigners.is_aligned(params, step).numpy() == (wanted is after)


@pytest.mark.parametrize("kind", ["fcos", "atss"])
def test_others_do_not_switch(case, kind):
    params = config.Assignment(type=kind, atss_steps=0, atss_candidates=4)
    step = tf.constant(9)
    places, truth, predictions = case
    wanted = (
        fcos_assigner.assign(places, truth)
        if kind == "fcos"
        else atss_assigner.assign(places, truth, 4)
    )
    same(assigners.assign(params, places, truth, predictions, step), wanted)
    assert not assigners.is_aligned(params, step).numpy()


@pytest.mark.parametrize("kind", config.ASSIGNERS)
def test_boxes_of_no_class_are_not_there(case, kind):
    places, truth, predictions = case
    params = config.Assignment(type=kind)
    is_even = np.arange(truth.classes.shape[1]) % 2 == 0
    marked = truth._replace(classes=tf.where(is_even, -1, truth.classes))
    emptied = marked._replace(boxes=tf.where(is_even[:, np.newaxis], 0.0, truth.boxes))
    found, wanted = (
        assigners.assign(params, places, one, predictions, tf.constant(0))
        for one in (marked, emptied)
    )
    same(found, wanted)
    assert (found.box.numpy() % 2 == 1).any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "simota"}, r"assignment\.type must be one of .*, not 'simota'"),
        ({"atss_candidates": 0}, "atss_candidates and top_k must be 1 or more"),
        ({"top_k": 0}, "atss_candidates and top_k must be 1 or more"),
    ],
)
def test_what_assigns_nothing_is_refused(case, fields, message):
    places, truth, predictions = case
    params = config.Assignment(**fields)
    with pytest.raises(ValueError, match=message):
        assigners.assign(params, places, truth, predictions, tf.constant(0))


def test_all_compile_to_the_same_results(case):
    places, truth, predictions = case
    params = config.Assignment(type="task_aligned", atss_steps=1)

    @tf.function(jit_compile=True, autograph=False)
    def compiled(boxes, classes, probabilities, predicted, step):
        truth = structures.Truth(boxes, classes, None)
        predictions = structures.Predictions(probabilities, predicted, None)
        switching = assigners.assign(params, places, truth, predictions, step)
        return fcos_assigner.assign(places, truth), switching

    for step, wanted in enumerate(
        [atss_assigner.assign(places, truth), task_aligned_assigner.assign(*case)]
    ):
        fcos, switching = compiled(*truth[:2], *predictions[:2], tf.constant(step))
        same(fcos, fcos_assigner.assign(places, truth))
        same(switching, wanted)
