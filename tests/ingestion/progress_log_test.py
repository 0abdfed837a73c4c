# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the progress of an ingestion."""

from __future__ import annotations

from vito_tf.ingestion import progress_log


def test_the_bars_show_what_was_noted(tmp_path, capsys):
    with progress_log.shown(str(tmp_path), num_videos=4):
        log = progress_log.ProgressLog(str(tmp_path))
        for outcome in ("kept", "too_short", "kept"):
            log.note_video(outcome)
        log.note_shard("train", 2)
        log.note_shard("held_out", 1)
    shown = capsys.readouterr().err.replace("\r", "\n")
    assert "3/4" in shown
    assert "kept 2, too_short 1" in shown
    assert "Writing shards" in shown
    assert "2/3" in shown


def test_notes_of_an_earlier_run_do_not_count(tmp_path, capsys):
    for _ in range(2):
        with progress_log.shown(str(tmp_path), num_videos=4):
            progress_log.ProgressLog(str(tmp_path)).note_video("kept")
    assert "kept 2" not in capsys.readouterr().err


def test_nothing_is_noted_where_nobody_reads(tmp_path):
    progress_log.ProgressLog(str(tmp_path)).note_video("kept")
    progress_log.ProgressLog("gs://bucket/set").note_video("kept")
    assert not list(tmp_path.iterdir())
