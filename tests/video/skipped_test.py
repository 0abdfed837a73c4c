# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the list of skipped clips."""

import concurrent.futures

import pytest

from vito_tf.video.skipped import SkipLog, TooManySkippedError


def read_list(path):
    return [tuple(line.split("\t")) for line in path.read_text().splitlines()]


def test_lists_each_name_once_also_after_a_restart(tmp_path, caplog):
    path = tmp_path / "model" / "skipped.tsv"
    log = SkipLog(str(path))
    log.skip("a.mp4", "broken\tin\ntwo")
    log.skip("a.mp4", "broken again")
    log.skip("b.mp4", "short")
    assert read_list(path) == [("a.mp4", "broken in two"), ("b.mp4", "short")]
    assert log.reasons == {"a.mp4": "broken in two", "b.mp4": "short"}
    assert [record.getMessage() for record in caplog.records] == [
        "Skipped a.mp4: broken in two",
        "Skipped b.mp4: short",
    ]

    restarted = SkipLog(str(path))
    assert restarted.reasons == {}
    restarted.skip("b.mp4", "short")
    restarted.skip("c.mp4", "empty")
    assert [name for name, _ in read_list(path)] == ["a.mp4", "b.mp4", "c.mp4"]
    assert list(restarted.reasons) == ["b.mp4", "c.mp4"]


def test_no_file_without_failures(tmp_path):
    log = SkipLog(str(tmp_path / "skipped.tsv"))
    log.use()
    log.check(final=True)
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_unicode(tmp_path):
    path = tmp_path / "skipped.tsv"
    name = b"caf\xe9.mp4".decode(errors="surrogateescape")
    SkipLog(str(path)).skip(name, "broken")
    SkipLog(str(path)).skip(name, "broken")
    assert path.read_bytes() == b"caf\xe9.mp4\tbroken\n"


@pytest.mark.parametrize(
    ("used", "failed", "final", "stops"),
    [
        (9, 10, False, False),  # too few to tell
        (9, 11, False, True),
        (10, 10, False, False),  # exactly the share
        (2, 3, False, False),
        (2, 3, True, True),
        (3, 2, True, False),
        (0, 1, True, True),
        (0, 0, True, False),
    ],
)
def test_stops_when_the_share_is_too_large(tmp_path, used, failed, final, stops):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=0.5, min_attempts=20, binding="train.share")
    log.use(used)
    for index in range(failed):
        log.skip(f"{index}.mp4", "broken")
    if not stops:
        log.check(final)
        return
    with pytest.raises(TooManySkippedError, match=rf"train.share = 0.5.*{failed - 1}.mp4: broken"):
        log.check(final)


def test_epochs_do_not_change_the_share(tmp_path):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=0.5)
    for _ in range(100):
        log.use(6)
        for name in "abcd":
            log.skip(name, "broken")
        log.check()
    assert len(log.reasons) == 4


def test_nothing_left_is_an_error_whatever_the_share(tmp_path):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=1.0)
    log.skip("a", "broken")
    log.check()
    with pytest.raises(TooManySkippedError):
        log.check(final=True)


def test_share_outside_range(tmp_path):
    with pytest.raises(ValueError, match=r"train.share must be in \[0, 1\], got 2"):
        SkipLog(str(tmp_path / "s.tsv"), max_share=2, binding="train.share")


def test_threads(tmp_path):
    path = tmp_path / "skipped.tsv"
    log = SkipLog(str(path))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: log.skip(f"{i % 50}.mp4", "broken"), range(1000)))
    assert sorted(read_list(path)) == sorted((f"{i}.mp4", "broken") for i in range(50))
