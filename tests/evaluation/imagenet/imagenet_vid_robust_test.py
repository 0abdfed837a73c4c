# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""pm0 and pm10 of a set whose answers are known."""

import numpy as np
import pytest

from tests.evaluation.imagenet import colours, video_frames_test
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import imagenet_vid_robust

ZEBRA, LION = 340, 291


def frame(video, number):
    return f"val/{video}/{number:06d}.JPEG"


@pytest.fixture
def data(tmp_path):
    """Anchors are number 10 of each video; what frames show, and what they should."""
    seen: dict[str, dict] = {
        "right": {10: ZEBRA, 9: ZEBRA, 14: ZEBRA},
        "wrong_at_4": {10: ZEBRA, 9: ZEBRA, 14: LION},
        "wrong_anchor": {10: LION, 9: ZEBRA},
        "either": {10: LION, 11: ZEBRA},
        "alone": {10: LION},
        "missing": {10: ZEBRA, 11: None, 12: None},
        "broken": {10: ZEBRA, 11: "broken"},
    }
    classes_of = {"either": [15, 29], "alone": [15]}
    pm_sets, labels = {}, {}
    for video, frames in seen.items():
        names = {number: frame(video, number) for number in frames}
        pm_sets[names.pop(10)] = list(names.values())
        for number, shown in frames.items():
            labels[frame(video, number)] = classes_of.get(video, [29])
            if isinstance(shown, int):
                colours.write(tmp_path / "data" / frame(video, number), shown)
            elif shown:
                (tmp_path / "data" / frame(video, number)).write_bytes(b"no picture")
    video_frames_test.write(tmp_path / "data", pm_sets, labels)
    return str(tmp_path / "data")


def test_an_anchor_counts_with_all_of_its_set(data, tmp_path):
    bench = imagenet_vid_robust.ImagenetVidRobust()
    result = bench.run(colours.ColourClassifier(), data, colours.context(tmp_path))
    # Of right, wrong_at_4, wrong_anchor, either, alone.
    assert result.figures == {"pm0": 0.8, "pm10": 0.6}
    assert result.details["accuracy_within"] == [0.8] * 4 + [0.6] * 7
    by_video = {row["anchor"].split("/")[1]: row for row in result.items}
    assert {name: (row["pm0"], row["pm10"]) for name, row in by_video.items()} == {
        "right": (1, 1),
        "wrong_at_4": (1, 0),
        "wrong_anchor": (0, 0),
        "either": (1, 1),
        "alone": (1, 1),
    }
    assert by_video["either"]["classes"] == "lion, zebra"
    assert by_video["wrong_anchor"]["answer"] == "lion"
    assert by_video["wrong_at_4"]["wrong_neighbours"] == 1
    missing, broken = result.left_out
    assert missing == (frame("missing", 10), f"{frame('missing', 11)} is missing and 1 more")
    assert broken.name == frame("broken", 10)
    assert frame("broken", 11) in broken.reason
    assert result.partial == "5 of 1109 anchors"
    paper, ours, chart = bench.show(colours.finished({"mine": result, "again": result}))
    assert ">57.2<" in paper.html("")
    assert ">60.0<" in paper.html("")
    assert ">60.00<" in ours.html("")
    assert "pm-k" in chart.html("")


def test_pm_k_is_drawn_for_each_encoder():
    figure = imagenet_vid_robust.accuracy_within({"a": [0.5] * 11, "b": [1.0] * 11})
    (axis,) = figure.axes
    assert [np.asarray(line.get_xydata()).tolist()[10] for line in axis.lines] == [
        [10, 50],
        [10, 100],
    ]
    assert axis.get_legend_handles_labels()[1] == ["a", "b"]


def test_without_frames_there_is_nothing_to_run(tmp_path):
    video_frames_test.write(tmp_path, {frame("a", 1): []}, {frame("a", 1): [0]})
    bench = imagenet_vid_robust.ImagenetVidRobust()
    with pytest.raises(data_errors.DataError, match=r"holds none of the frames .*ytbb_robust"):
        bench.run(colours.ColourClassifier(), str(tmp_path), colours.context(tmp_path))
    colours.write(tmp_path / frame("a", 1), 0)
    two = {frame("a", 1): [frame("a", 2)]}
    video_frames_test.write(tmp_path, two, {frame("a", 1): [0], frame("a", 2): [0]})
    with pytest.raises(data_errors.DataError, match=r"no anchor with all frames .*is missing"):
        bench.run(colours.ColourClassifier(), str(tmp_path), colours.context(tmp_path))
