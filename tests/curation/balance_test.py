# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the balance of classes, against a slow loop."""

from __future__ import annotations

import dataclasses

import gin
import numpy as np
import pytest

from tests.curation import rows as rows_lib
from vito_tf.curation.balance import Balance
from vito_tf.curation.name_order import place_in_order
from vito_tf.video.video_rows import ClipFigures, VideoRow


def _row(name, label, num_clips):
    clips = tuple(ClipFigures(100 + index, 250 - index, 10.0) for index in range(num_clips))
    return VideoRow(name, "", label=label, clips=clips)


def _rows(count, seed=0):
    rng = np.random.default_rng(seed)
    return [
        _row(f"{index}\udcff.mp4", int(label), int(num_clips))
        for index, (label, num_clips) in enumerate(
            zip(rng.choice([-1, 0, 1, 2, 2, 2], count), rng.integers(1, 9, count))
        )
    ]


def _slow(rows, max_clips):
    room = dict.fromkeys({row.label for row in rows}, max_clips)
    kept = {}
    for row in sorted(rows, key=lambda row: place_in_order(row.name, "balance")):
        kept[row.name] = row.num_clips if row.label == -1 else min(row.num_clips, room[row.label])
        room[row.label] -= kept[row.name]
    return kept


@pytest.mark.parametrize("max_clips", [1, 55, 10_000])
def test_classes_get_their_first_clips(max_clips):
    rows = _rows(100)
    expected = _slow(rows, max_clips)
    chosen = rows_lib.choose(Balance(max_clips).transform(), rows, num_workers=4)
    for row in rows:
        found = chosen[row.name]
        assert (found.num_clips if found.is_kept else 0) == expected[row.name]
        if not found.is_kept:
            assert found == row.drop("class_is_full", found.detail)
            assert (
                found.detail == f"Balance.max_clips_per_class = {max_clips} are reached without it"
            )
        elif found.num_clips == row.num_clips:
            assert found == row


def test_a_video_with_too_many_clips_is_shortened():
    row = _row("a", 0, 8)
    damaged = dataclasses.replace(row, name="b", label=1, reason="damaged", detail="it ends early")
    chosen = rows_lib.choose(Balance(3).transform(), [row, damaged])
    assert chosen["a"] == dataclasses.replace(
        row,
        reason="class_is_full",
        detail="the class has room for 3 of its 8 clips",
        clips=(
            ClipFigures(100, 250, 10.0),
            ClipFigures(101, 249, 10.0),
            ClipFigures(102, 248, 10.0),
        ),
    )
    assert (chosen["a"].num_clips, chosen["a"].num_frames, chosen["a"].clip_seconds) == (3, 747, 30)
    assert chosen["b"].reason == "damaged"
    assert chosen["b"].detail == "it ends early; the class has room for 3 of its 8 clips"


def test_the_outcome_does_not_depend_on_order_or_bundles():
    rows = _rows(60, seed=1)
    expected = rows_lib.choose(Balance(17).transform(), rows)
    shuffled = [rows[index] for index in np.random.default_rng(2).permutation(len(rows))]
    assert rows_lib.choose(Balance(17).transform(), shuffled, num_workers=7) == expected


def test_dropped_rows_pass_and_take_no_room():
    rows = [_row(str(index), 0, 2).drop("damaged", "x") for index in range(5)]
    rows.append(_row("a", 0, 3))
    assert rows_lib.choose(Balance(3).transform(), rows) == {row.name: row for row in rows}


def test_the_limit_is_checked_and_must_be_given():
    with pytest.raises(ValueError, match=r"Balance\.max_clips_per_class must be at least 1, got 0"):
        Balance(0)
    with pytest.raises(RuntimeError, match="max_clips_per_class"):
        gin.get_configurable("Balance")()
