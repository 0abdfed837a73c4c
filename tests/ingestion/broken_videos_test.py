# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Whatever is in a file, it ends as valid clips or as a reason; `tests.fuzz_ingest` goes on."""

import collections
import os

import pytest

from tests.ingestion import broken_videos
from tests.ingestion.outcomes import SETTINGS, outcome
from vito_tf.ingestion.limits import Limits
from vito_tf.ingestion.sandbox import Sandbox

NUM_FILES = 300


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return broken_videos.valid_videos(str(tmp_path_factory.mktemp("valid")))


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(max_seconds=10, max_frames=5000)) as sandbox:
        yield sandbox


def test_the_seed_decides_and_files_differ(videos):
    files = [broken_videos.break_video(videos, seed) for seed in range(50)]
    assert files == [broken_videos.break_video(videos, seed) for seed in range(50)]
    assert len({data for _, data in files}) > 45
    assert len({name for name, _ in files}) > 8


@pytest.mark.parametrize("settings", SETTINGS)
def test_valid_files_give_clips(tmp_path, sandbox, videos, settings):
    for data in videos:
        (tmp_path / "video").write_bytes(data)
        assert outcome(sandbox, str(tmp_path / "video"), settings) == "clips"


def test_broken_files_end_as_clips_or_as_a_reason(tmp_path, sandbox, videos):
    outcomes: collections.Counter = collections.Counter()
    path = tmp_path / "video"
    for seed in range(NUM_FILES):
        _, data = broken_videos.break_video(videos, seed)
        path.write_bytes(data)
        outcomes[outcome(sandbox, str(path), SETTINGS[seed % len(SETTINGS)])] += 1
    assert os.listdir(tmp_path) == ["video"]
    assert sum(outcomes.values()) == NUM_FILES
    assert outcomes["clips"] > NUM_FILES / 5
    assert len(outcomes) > 5
    assert not outcomes["out_of_time"]
