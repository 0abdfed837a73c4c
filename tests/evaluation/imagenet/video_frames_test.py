# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""pm-sets: the files that name them, and what they count."""

import json

import numpy as np
import pytest

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import classes, video_frames

ANCHOR = "val/a/000010.JPEG"
NEAR = "val/a/000011.JPEG"


def write(folder, pm_sets, labels):
    (folder / "metadata").mkdir(exist_ok=True)
    for path, content in ((video_frames.PM_SETS, pm_sets), (video_frames.LABELS, labels)):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / path).write_text(text)


def test_each_frame_is_needed_once(tmp_path):
    other = "val/a/000012.JPEG"
    write(tmp_path, {NEAR: [ANCHOR, other], ANCHOR: [NEAR]}, {ANCHOR: [3], NEAR: [3], other: [3]})
    assert video_frames.read(str(tmp_path), "").needed() == [ANCHOR, NEAR, other]


@pytest.mark.parametrize(
    ("pm_sets", "labels", "message"),
    [
        ("{", {}, "pmsets.json is damaged"),
        ("[" * 100_000, {}, "pmsets.json is damaged"),
        ([], {}, "pmsets.json holds no JSON object"),
        ({}, {}, "pmsets.json names no anchor. Wanted"),
        ({ANCHOR: NEAR}, {}, "has no list of str"),
        (f'{{"{ANCHOR}": [], "{ANCHOR}": []}}', {}, "a name occurs twice"),
        ({ANCHOR: []}, {ANCHOR: ["3"]}, "has no list of int"),
        ({ANCHOR: []}, {ANCHOR: [True]}, "has no list of int"),
        ({ANCHOR: [NEAR]}, {ANCHOR: [3]}, f"{NEAR} has the classes None"),
        ({ANCHOR: []}, {ANCHOR: []}, "has the classes \\[\\]"),
        (
            {ANCHOR: []},
            {ANCHOR: [30]},
            "has the classes \\[30\\]; wanted are one or more of 0 to 29",
        ),
        ({ANCHOR: []}, {ANCHOR: [-1]}, "has the classes \\[-1\\]"),
        ({"/etc/1.JPEG": []}, {"/etc/1.JPEG": [3]}, "is no path val/"),
        ({"val/../../1.JPEG": []}, {"val/../../1.JPEG": [3]}, "is no path val/"),
        ({"val/a/cat.JPEG": []}, {"val/a/cat.JPEG": [3]}, "is no path val/"),
    ],
)
def test_files_that_are_not_as_published_are_refused(tmp_path, pm_sets, labels, message):
    write(tmp_path, pm_sets, labels)
    with pytest.raises(data_errors.DataError, match=message):
        video_frames.read(str(tmp_path), "Wanted: better ones.")


def test_missing_files_are_described(tmp_path):
    with pytest.raises(data_errors.DataError, match=r"pmsets.json cannot be read\. Wanted"):
        video_frames.read(str(tmp_path), "Wanted: better ones.")


def test_a_video_class_stands_with_the_best_of_its_kinds():
    logits = np.random.default_rng(0).normal(size=[5, 1000])
    slow = np.full([5, 30], -np.inf)
    for image in range(5):
        for number, one in enumerate(classes.video_classes()):
            for label in one.labels:
                slow[image, number] = max(slow[image, number], logits[image, label])
    np.testing.assert_array_equal(video_frames.video_logits(logits), slow)


def test_logits_of_other_classes_do_not_count():
    logits = np.zeros([1, 1000])
    logits[0, 0] = 9  # tench, which no video shows
    logits[0, 340] = 1
    assert np.argmax(video_frames.video_logits(logits)) == 29  # zebra


def test_robustness_is_that_of_the_definition():
    rng = np.random.default_rng(1)
    for _ in range(50):
        numbers = sorted({*rng.integers(0, 21, 12).tolist()} - {10})
        neighbours = [f"val/a/{number:06d}.JPEG" for number in numbers]
        correct = {frame: bool(rng.random() < 0.9) for frame in (ANCHOR, *neighbours)}
        for k in range(11):
            right = int(correct[ANCHOR])
            inside = [one for one, n in zip(neighbours, numbers) if 10 - k <= n <= 10 + k]
            right += sum(correct[frame] for frame in inside)
            found = video_frames.robust_within(ANCHOR, neighbours, correct, k)
            assert found == (right == len(inside) + 1)


def test_neighbours_beyond_ten_frames_count_for_pm10():
    far = "val/a/000021.JPEG"
    correct = {ANCHOR: True, far: False}
    assert video_frames.robust_within(ANCHOR, [far], correct, 9)
    assert not video_frames.robust_within(ANCHOR, [far], correct, 10)
