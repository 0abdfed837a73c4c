# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet-A's restriction to its own classes."""

import pytest

from tests.evaluation.imagenet import colours
from vito_tf.evaluation import data_errors
from vito_tf.evaluation.imagenet import classes, imagenet_a


def test_the_answer_is_the_best_of_200_classes(tmp_path):
    # 972, 980 and 981 are classes of ImageNet-A; 973 and 982 are not.
    for label, seen in ((972, 972), (972, 973), (980, 980), (980, 982)):
        colours.write(tmp_path / "data" / classes.wnid(label) / f"{seen}.jpg", seen)
    bench = imagenet_a.ImagenetA()
    result = bench.run(
        colours.ColourClassifier(), str(tmp_path / "data"), colours.context(tmp_path)
    )
    assert result.figures == {"top_1": 0.75}
    assert [(row["name"], row["top_1"]) for row in result.items] == [
        (classes.name(972), 1.0),
        (classes.name(980), 0.5),
    ]
    assert result.partial == "4 of 7500 images"
    paper, ours = bench.show(colours.finished({"mine": result}))
    assert ">5.4<" in paper.html("")
    assert ">75.0<" in paper.html("")
    assert "pm10" not in paper.html("")
    assert ">75.00<" in ours.html("")


def test_classes_that_the_set_does_not_have_are_refused(tmp_path):
    colours.write(tmp_path / classes.wnid(7) / "0.jpg", 7)
    with pytest.raises(data_errors.DataError, match=f"{classes.wnid(7)} is no class of ImageNet-A"):
        imagenet_a.ImagenetA().run(
            colours.ColourClassifier(), str(tmp_path), colours.context(tmp_path)
        )
