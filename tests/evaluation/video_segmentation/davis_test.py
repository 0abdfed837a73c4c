# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The whole benchmark on tiny videos, with average colours as features."""

import dataclasses
import json
import os
from typing import Any

import av
import gin
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.evaluation import colours
from tests.evaluation.video_segmentation import data_set
from vito_tf.evaluation import benchmark, data_errors, extraction
from vito_tf.evaluation.encoders import encoder
from vito_tf.evaluation.video_segmentation import davis, region_and_boundary, sequences


@dataclasses.dataclass(frozen=True)
class Colours(colours.Colours):
    """Averages of 8x8 pixels; NaN for frames with a white first pixel."""

    def dense_features(self, images):
        cells = tf.nn.avg_pool2d(images, 8, 8, "SAME") - 0.4
        return tf.where(tf.reduce_min(images[:, :1, :1]) > 0.9, np.nan, cells)


COLOURS = Colours("colours", "ab12", "", 64, frozenset({encoder.DENSE_FEATURES}))
EXTRACTOR = extraction.Extractor("", 1)  # not used
SMALL = {"short_side": 48, "radius": 4.0, "context": 3}


def run(data, folder, by=COLOURS, **parameters):
    os.makedirs(folder, exist_ok=True)
    evaluation = davis.Davis(**{**SMALL, **parameters})
    return evaluation.run(by, str(data), benchmark.Context(str(folder), EXTRACTOR))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("davis"))
    data_set.write_sequence(folder, "cat")
    data_set.write_sequence(folder, "ant", frames=5, objects=1)
    data_set.write_list(folder, ["cat", "ant"])
    return folder


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("out"))
    return benchmark.Finished(run(data, folder), folder)


def test_figures_are_those_of_the_masks_that_it_writes(data, finished):
    result, folder = finished
    rows = []
    for sequence in sequences.find(data, "val").sequences:
        pairs = []
        for true_path in map(str, sequence.masks):
            path = f"{folder}/masks/{sequence.name}/{os.path.basename(true_path)}"
            with Image.open(path) as image:
                assert image.mode == "P"
                pairs.append((sequences.read_mask(true_path, 2017), np.asarray(image)))
        np.testing.assert_array_equal(*pairs[0])
        objects = pairs[0][0].max()
        scores = [region_and_boundary.of_objects(*pair, objects) for pair in pairs[1:-1]]
        rows += [np.mean(scores, 0)[index] for index in range(objects)]
    assert [(row["sequence"], row["object"]) for row in result.items] == [
        ("cat", 1), ("cat", 2), ("ant", 1),
    ]  # fmt: skip
    ours = [(row["j_mean"], row["f_mean"]) for row in result.items]
    np.testing.assert_allclose(ours, rows, atol=1e-12)
    j, f = np.mean(rows, 0)
    assert result.figures["j_and_f"] == pytest.approx((j + f) / 2)
    assert result.figures["j_mean"] == pytest.approx(j)
    assert result.figures["f_mean"] == pytest.approx(f)
    assert 0.6 < j < 1  # squares of two cells' width, propagated in cells
    assert result.partial == "2 sequences of the 30 of DAVIS 2017 val"
    assert not result.left_out
    json.dumps([result.details, result.items], allow_nan=False)


def test_videos_and_strips(finished):
    with av.open(f"{finished.folder}/videos/cat.mp4") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 6
    assert frames[0].shape == (48, 2 * 72, 3)
    red = frames[2][10:22, 10:22].astype(int).mean((0, 1))
    assert red[0] > 180 > 60 > red[2]
    for part in ("strips", "true_strips"):
        with Image.open(f"{finished.folder}/{part}/cat.jpg") as image:
            assert image.size == (5 * 240, 160)


def test_the_report_shows_paper_and_ours(finished):
    evaluation = davis.Davis()
    one = benchmark.Finished(
        benchmark.Result(**json.loads(json.dumps(dataclasses.asdict(finished.result)))),
        finished.folder,
    )
    html = "".join(part.html(finished.folder) for part in evaluation.show({"A&B": one}))
    for text in (
        "Table B.4",
        "68.2",
        "A&amp;B",
        "ours those of a part of DAVIS 2017 val",
        "cat.mp4",
    ):
        assert text in html
    assert html.count("part of the data") == 2  # in both of the paper's tables
    assert html.count("<img") == 5  # the plot and two strips of each sequence


def test_a_finished_sequence_is_not_propagated_again(data, tmp_path):
    first = run(data, tmp_path, sequences=("ant",))
    path = f"{tmp_path}/masks/ant/00002.png"
    before = os.stat(path).st_mtime_ns
    assert run(data, tmp_path, sequences=("ant",)) == first
    assert os.stat(path).st_mtime_ns == before
    other = dataclasses.replace(COLOURS, identity="cd34")
    run(data, tmp_path, other, sequences=("ant",))
    assert os.stat(path).st_mtime_ns > before


@pytest.mark.parametrize("lost", ["sequences/ant.json", "masks/ant/00003.png", "videos/ant.mp4"])
def test_a_half_written_sequence_is_done_again(data, tmp_path, lost):
    first = run(data, tmp_path, sequences=("ant",))
    os.remove(f"{tmp_path}/{lost}")
    os.remove(f"{tmp_path}/masks/ant/00001.png")
    data_set.write_mask(np.zeros([9, 9], np.uint8), f"{tmp_path}/masks/ant/00077.png")
    assert run(data, tmp_path, sequences=("ant",)) == first
    assert sorted(os.listdir(f"{tmp_path}/masks/ant")) == [f"{i:05d}.png" for i in range(5)]


def test_what_an_interruption_leaves_is_not_taken_for_an_earlier_result(data, tmp_path):
    class Interrupted(Colours):
        def dense_features(self, images):
            raise KeyboardInterrupt

    run(data, tmp_path, sequences=("ant",))
    stopped = Interrupted(**{**vars(COLOURS), "identity": "cd34"})
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path, stopped, sequences=("ant",))
    assert not os.listdir(tmp_path / "sequences")


def test_without_true_masks_it_propagates_but_does_not_score(tmp_path):
    folder = data_set.write_sequence(str(tmp_path / "data"), "dog", masks=1)
    data_set.write_list(folder, ["dog"], "2017/test-dev.txt")
    result = run(folder, tmp_path / "out", split="test-dev")
    assert set(result.figures.values()) == {None}
    assert result.left_out == [
        ("dog", "5 of 6 true masks are missing: propagated, not scored"),
    ]
    assert result.partial == "sequences without a score: 1"
    assert len(os.listdir(tmp_path / "out" / "masks" / "dog")) == 6
    one = benchmark.Finished(result, str(tmp_path / "out"))
    html = "".join(part.html(str(tmp_path)) for part in davis.Davis().show({"x": one}))
    assert "dog.mp4" in html


def test_2016_is_one_object(tmp_path):
    folder = data_set.write_sequence(str(tmp_path / "data"), "cat", frames=4, year=2016)
    result = run(folder, tmp_path / "out")
    assert [row["object"] for row in result.items] == [1]
    assert result.notes[1].startswith("DAVIS 2016: everything that is not background is one object")


def test_unusable_sequences_are_left_out(tmp_path):
    folder = str(tmp_path / "data")
    for name in ("good", "size", "mask", "broken", "white", "empty"):
        data_set.write_sequence(folder, name, frames=4)
    frames, masks = (f"{folder}/{part}/480p" for part in ("JPEGImages", "Annotations"))
    Image.new("RGB", (70, 48)).save(f"{frames}/size/00002.jpg")
    data_set.write_mask(np.ones([40, 72], np.uint8), f"{masks}/mask/00001.png")
    with open(f"{frames}/broken/00003.jpg", "wb") as file:
        file.write(b"\xff\xd8 no picture")
    Image.new("RGB", (72, 48), "white").save(f"{frames}/white/00001.jpg")
    data_set.write_mask(np.zeros([48, 72], np.uint8), f"{masks}/empty/00000.png")
    result = run(folder, tmp_path / "out")
    reasons = dict(result.left_out)
    assert "00002.jpg is 70 x 48, the sequence's first frame 72 x 48" in reasons["size"]
    assert "00001.png is 72 x 40, the sequence's first frame 72 x 48" in reasons["mask"]
    assert "00003.jpg cannot be read" in reasons["broken"]
    assert reasons["white"].endswith("white/00001.jpg are not finite")
    assert reasons["empty"].endswith("00000.png shows no object")
    assert {row["sequence"] for row in result.items} == {"good"}
    assert "sequences without a score: 5" in result.partial
    for part in ("masks", "videos", "strips", "true_strips", "sequences"):
        assert [name.split(".")[0] for name in os.listdir(tmp_path / "out" / part)] == ["good"]
    with pytest.raises(data_errors.DataError, match=r"No sequence of .* size: .*00002\.jpg is"):
        run(folder, tmp_path / "other", sequences=("size",))


def test_a_quick_look_is_partial(data, tmp_path):
    result = run(data, tmp_path, sequences=("cat",), max_frames=3)
    assert result.partial.endswith("at most 3 frames of each sequence")
    assert len(os.listdir(tmp_path / "masks" / "cat")) == 3


def test_impossible_parameters_are_named():
    for name, value in [
        ("top_k", 0), ("radius", -1.0), ("context", 0), ("temperature", 0.0), ("short_side", 0),
        ("max_frames", 2), ("sequences", "cat"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=rf"Davis\.{name} must be"):
            davis.Davis(**dict[str, Any]({name: value}))


def test_encoders_without_dense_features_are_refused():
    other = dataclasses.replace(COLOURS, capabilities=frozenset())
    with pytest.raises(encoder.UnsupportedError, match="colours cannot be used: no feature map"):
        davis.Davis().check(other)


def test_the_configuration_is_that_of_vfs():
    with gin.unlock_config(), open("gin_configs/evaluation/davis.gin") as file:
        bindings = dict(line.split(" = ") for line in file.read().splitlines() if " = " in line)
    assert {name: eval(value) for name, value in bindings.items() if name[0] == "D"} == {
        "Davis.top_k": 10, "Davis.temperature": 0.07, "Davis.radius": 36 / 2, "Davis.context": 20,
        "Davis.short_side": 480, "Davis.split": "val",
    }  # fmt: skip
