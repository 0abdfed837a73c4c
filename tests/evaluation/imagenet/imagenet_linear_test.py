# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Accuracy on ImageNet's validation set."""

import pytest

from tests.evaluation.imagenet import colours
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.encoders import encoder
from vito_tf.evaluation.imagenet import classes, imagenet_linear, labelled_images


def test_top_1_and_top_5_of_a_subset(tmp_path):
    # Class 300 is taken for its neighbour in green, then for one that is 3 and one that is 8 away.
    for number, seen in enumerate((300, 301, 303, 308)):
        colours.write(tmp_path / "val" / classes.wnid(300) / f"{number}.JPEG", seen)
    colours.write(tmp_path / "val" / classes.wnid(999) / "4.JPEG", 999)
    (tmp_path / "val" / classes.wnid(999) / "5.JPEG").write_bytes(b"no picture")
    bench = imagenet_linear.ImagenetLinear()
    result = bench.run(colours.ColourClassifier(), str(tmp_path), colours.context(tmp_path))
    # 301's five nearest are 301, 300, 302, 299, 303 and 269, 333, ...; of those one step away,
    # there are four; 300 is among them. 303's and 308's five nearest leave 300 out.
    assert result.figures == {"top_1": 0.4, "top_5": 0.6}
    assert [(row["wnid"], row["images"], row["top_1"]) for row in result.items] == [
        (classes.wnid(300), 4, 0.25),
        (classes.wnid(999), 1, 1.0),
    ]
    assert [one.name for one in result.left_out] == [f"{classes.wnid(999)}/5.JPEG"]
    assert result.partial == "5 of 50000 images"
    paper, ours = bench.show(colours.finished({"mine": result}))
    assert "66.2" in paper.html("")
    assert "mine</td><td>part of the data</td><td class=number>40.0<" in paper.html("")
    assert "11.76 to 76.93" in ours.html("")


def test_an_encoder_needs_a_classifier():
    with pytest.raises(encoder.UnsupportedError, match="no ImageNet classifier"):
        imagenet_linear.ImagenetLinear().check(colours.ColourClassifier(capabilities=frozenset()))


def test_unknown_preprocessing_is_refused():
    with pytest.raises(ValueError, match=r"ImagenetLinear\.crop must be one of .*, not sqaure"):
        imagenet_linear.ImagenetLinear(crop="sqaure")


def test_labels_that_imagenet_does_not_have_are_refused(tmp_path, monkeypatch):
    colours.write(tmp_path / "a.png", 0)
    images = labelled_images.image_sets.of_files("a set", [str(tmp_path / "a.png")], [1000])
    monkeypatch.setattr(labelled_images, "validation", lambda *_: images)
    with pytest.raises(data_errors.DataError, match=r"a.png has the label 1000"):
        imagenet_linear.ImagenetLinear().run(
            colours.ColourClassifier(), "", colours.context(tmp_path)
        )


def test_data_that_are_not_there_are_described(tmp_path):
    with pytest.raises(data_errors.DataError, match=r"ILSVRC2012_img_val\.tar .*imagenet2012\.$"):
        imagenet_linear.ImagenetLinear().run(
            colours.ColourClassifier(), str(tmp_path), colours.context(tmp_path)
        )
