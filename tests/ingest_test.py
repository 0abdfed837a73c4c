# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The ingestion command: flags, and errors in one line."""

from __future__ import annotations

import pytest
from absl import flags

from tests import commands
from tests.video import fake_videos
from vito_tf import ingest

CLIPS = "--gin_file=gin_configs/ingestion/clips.gin"
RESNET = "--gin_file=gin_configs/ingestion/videonet_resnet50.gin"


@pytest.fixture
def command():
    """Runs the command's main function with flags, in this process."""
    with commands.only_flags_of(ingest.define_flags):
        yield lambda *words: ingest.main(flags.FLAGS(["ingest", *words], known_only=True))


@pytest.fixture
def videos(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "king crab.mp4"):
        fake_videos.write_video(folder / name, 50)
    return f"--videos={folder}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gin_file=no.gin"], "--gin_file names 'no.gin'"),
        (
            [CLIPS, "--gin_params=CutSettings.short_sides = 3"],
            "have a parameter named 'short_sides'",
        ),
        ([CLIPS, "--gin_params=CutSettings.short_side = 'a'"], "short_side must be of type int"),
        ([CLIPS, "--gin_params=CutSettings.short_side = 0"], "CutSettings.short_side must be at"),
        ([CLIPS, "--gin_params=Balance.max_clips_per_class = 3"], "binds what this run does not"),
        ([CLIPS, "--gin_params=Ingestion.balance = @Balance()"], "Balance"),
        ([CLIPS, "--flink_mater=a"], "Unknown flag --flink_mater"),
        ([CLIPS, "--runner=NoRunner"], "NoRunner"),
        ([CLIPS, "--videos=/no/*.mp4"], "--videos"),
        ([CLIPS, "--output=/tmp/[a]"], "must not hold any of the characters"),
        ([CLIPS, "--output=nowhere://a"], "is on a file system that Beam lacks here"),
        ([RESNET], "WEIGHTS must be given"),
        ([RESNET, "--gin_params=WEIGHTS = '/no.h5'"], "KerasResNet50.weights"),
    ],
)
def test_what_the_user_can_mend_is_one_line(command, videos, tmp_path, words, message):
    with pytest.raises(SystemExit) as caught:
        command(videos, f"--output={tmp_path / 'out'}", "--num_workers=1", *words)
    assert str(caught.value).startswith("error: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_videos_become_a_data_set(command, videos, tmp_path, capsys):
    command(CLIPS, videos, f"--output={tmp_path / 'out'}", "--num_workers=1")
    shown = capsys.readouterr()
    assert "clips (train)" in shown.out
    assert "2/2" in shown.err
    config = (tmp_path / "out" / "operative_config.gin").read_text()
    assert "CutSettings.short_side = 256" in config


def test_a_failure_of_the_pipeline_is_one_line(command, videos, tmp_path):
    """A file lies where a folder of intermediate clips should be."""
    work = tmp_path / "out" / "work"
    work.mkdir(parents=True)
    (work / "videos").touch()
    with pytest.raises(SystemExit, match=r"error: the pipeline failed; .*videos") as caught:
        command(CLIPS, videos, f"--output={tmp_path / 'out'}", "--num_workers=1")
    assert "\n" not in str(caught.value)
