# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Schedules against their formulas and the paper's numbers."""

import numpy as np
import pytest

from vito_tf.pretraining import schedule, schedules


def test_the_papers_run_in_steps():
    paper = schedule.Schedule()
    assert paper.total_steps == 93_835
    assert paper.total_warmup_steps == 3_127
    assert paper.learning_rate.peak == pytest.approx(4.8)


@pytest.mark.parametrize("step", [0, 1, 9, 10, 11, 55, 99, 100])
def test_warmup_and_cosine(step):
    expected = 2.0 * step / 10 if step < 10 else 2.0 * (1 + np.cos(np.pi * (step - 10) / 90)) / 2
    assert float(schedules.WarmupCosine(2.0, 10, 100)(step)) == pytest.approx(expected, abs=1e-6)


def test_no_warmup_starts_at_the_peak():
    assert float(schedules.WarmupCosine(0.5, 0, 10)(0)) == pytest.approx(0.5)


@pytest.mark.parametrize("step", [0, 1, 50, 99, 100, 200])
def test_ema_rate(step):
    expected = 1 - (1 - 0.99) * (1 + np.cos(np.pi * min(step, 100) / 100)) / 2
    assert float(schedules.ema_rate(step, 0.99, 100)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("binding", "settings"),
    [
        ("Schedule.batch_size", {"batch_size": 1}),
        ("Schedule.epochs", {"steps": 10, "warmup_steps": 10}),
        ("Schedule.epochs", {"epochs": 0}),
    ],
)
def test_impossible_schedules_are_named(binding, settings):
    with pytest.raises(ValueError, match=binding):
        schedule.Schedule(**settings)
