# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The conversion command: flags, and errors in one line."""

import numpy as np
import pytest
from absl import flags
from PIL import Image

from tests import commands
from tests.transfer import coco_data
from vito_tf.transfer import convert_dataset


@pytest.fixture
def command():
    with commands.only_flags_of(convert_dataset.define_flags):
        yield lambda *words: convert_dataset.main(flags.FLAGS(["convert_dataset", *words]))


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 3), ("val", 1)):
        for name in ("cat", "dog"):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, [8, 8, 3], np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


def test_a_folder_becomes_records_and_a_summary(command, photos, tmp_path, capsys):
    command("--dataset=image_folder", f"--source={photos}", f"--output={tmp_path / 'out'}")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        ["classes", "2"],
        ["train", "6 examples, 0 left out"],
        ["val", "2 examples, 0 left out"],
    ]
    assert (tmp_path / "out" / "train-00000-of-00001.tfrecord").exists()


def test_boxes_are_counted(command, tmp_path, capsys):
    annotations = [coco_data.annotation(1, 1), coco_data.annotation(2, 1, bbox=(1, 1, 0, 3))]
    contents = coco_data.document([coco_data.image(1)], annotations)
    source = coco_data.write_format(tmp_path, dict.fromkeys(("train", "val"), contents))
    command("--dataset=coco_format", f"--source={source}", f"--output={tmp_path / 'out'}")
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["train", "1", "examples, 0 left out"]
    assert lines[2] == ["train", "boxes", "1, 1 left out; bbox without area: 1"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source=/no"], "--source=/no is no folder"),
        (["--fold=2"], "--fold is not for --dataset=image_folder"),
        (["--subset_list=a.txt"], "--subset_list is not for --dataset=image_folder"),
        (["--dataset=imagenet"], "/photos"),
        (["--dataset=pascal_voc"], "/photos"),
        (["--dataset=ade20k"], "/photos"),
        (["--dataset=coco"], "/photos/annotations/instances_train2017.json cannot be read"),
        (["--dataset=coco_format"], "/photos/annotations/instances_train.json cannot be read"),
        (["--dataset=lvis"], "/photos/annotations/lvis_v1_train.json cannot be read"),
        (["--dataset=ucf101"], "/photos"),
        (["--output=/dev/null/out"], "--output = '/dev/null/out' cannot be written"),
    ],
)
def test_what_the_user_can_mend_is_one_line(command, photos, tmp_path, words, message):
    with pytest.raises(SystemExit) as caught:
        command(
            *("--dataset=image_folder", f"--source={photos}", f"--output={tmp_path / 'out'}"),
            *words,
        )
    assert str(caught.value).startswith("error: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["alpha", "empty", "text"])
def test_a_picture_that_cannot_be_used_is_named(command, photos, tmp_path, kind):
    path = photos / "train" / "cat" / "bad.png"
    if kind == "alpha":
        Image.new("RGBA", (8, 8)).save(path)
    else:
        path.write_bytes(b"" if kind == "empty" else b"no picture")
    words = ("--dataset=image_folder", f"--source={photos}", f"--output={tmp_path / 'out'}")
    with pytest.raises(SystemExit, match=r"error: .*bad\.png"):
        command(*words)
    command(*words, "--allow_partial")
    assert "bad.png" in (tmp_path / "out" / "skipped.tsv").read_text()
