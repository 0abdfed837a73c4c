# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What corruptions cost, of a set whose answers are known."""

import pytest

from tests.evaluation.imagenet import colours
from vito_tf.evaluation import data_errors, page
from vito_tf.evaluation.imagenet import classes, imagenet_3dcc

WRONG = 999


def write_condition(folder, wrong, count=4):
    """Images 0 to 3 of class 5, of which the first `wrong` are taken for another class."""
    for number in range(count):
        seen = WRONG if number < wrong else 5
        colours.write(folder / classes.wnid(5) / f"{number}.JPEG", seen)


def run(bench, folder, tmp_path, image_size=8):
    encoder = colours.ColourClassifier(image_size=image_size)
    return bench.run(encoder, str(folder), colours.context(tmp_path))


def test_delta_is_the_drop_averaged_over_the_papers_corruptions(tmp_path):
    data = tmp_path / "data"
    write_condition(data / "clean", 1)
    for severity in (1, 2, 3, 4, 5):
        write_condition(data / "flash" / str(severity), 2)
    write_condition(data / "fog_3d" / "5", 4)
    write_condition(data / "iso_noise" / "1", 4)
    bench = imagenet_3dcc.Imagenet3dcc()
    result = run(bench, data, tmp_path)
    assert result.figures == {
        "clean_top_1": 0.75,
        "delta_severity_1": 0.25,
        "delta_severity_2": 0.25,
        "delta_severity_3": 0.25,
        "delta_severity_4": 0.25,
        "delta_severity_5": 0.5,
        "delta_mean": pytest.approx((5 * 0.25 + 0.75) / 6),
    }
    noise = [row for row in result.items if row["corruption"] == "iso_noise"]
    assert [(row["averaged"], row["delta"]) for row in noise] == [(False, 0.75)]
    assert result.partial == (
        "no far_focus; no near_focus; no fog_3d of severity 1, 2, 3, 4; no xy_motion_blur; "
        "no z_motion_blur; no view_jitter (not in the public set); "
        "4 of 50000 images in the smallest condition"
    )
    assert "view_jitter" in dict(result.left_out)
    assert "fog_3d/1" in dict(result.left_out)
    text, chart, summary, table = bench.show(colours.finished({"mine": result}))
    assert "without numbers" in text.html("")
    assert isinstance(chart, page.Chart)
    assert ">75.0<" in summary.html("")
    assert ">33.3<" in summary.html("")
    assert "fog_3d</td><td>yes</td><td>mine</td><td class=number>–" in table.html("")
    assert "iso_noise</td><td>no</td>" in table.html("")


def test_the_clean_accuracy_is_that_of_the_same_images(tmp_path):
    write_condition(tmp_path / "clean_images", 2)  # 0 and 1 are wrong
    data = tmp_path / "data"
    write_condition(data / "flash" / "1", 1, count=3)
    colours.write(data / "flash" / "1" / classes.wnid(5) / "7.JPEG", 5)  # has no original
    bench = imagenet_3dcc.Imagenet3dcc(clean=str(tmp_path / "clean_images"))
    result = run(bench, data, tmp_path)
    (row,) = result.items
    assert (row["images"], row["clean_top_1"], row["top_1"]) == (3, pytest.approx(1 / 3), 2 / 3)
    assert result.figures["delta_severity_1"] == pytest.approx(-1 / 3)
    assert result.figures["delta_severity_2"] is None
    assert any("1 corrupted images have no clean original" in note for note in result.notes)


def test_without_common_names_the_result_says_so(tmp_path):
    data = tmp_path / "data"
    colours.write(data / "val" / classes.wnid(5) / "clean.JPEG", 5)
    write_condition(data / "iso_noise" / "1", 3)
    result = run(imagenet_3dcc.Imagenet3dcc(), data, tmp_path)
    assert result.items[0]["delta"] == 0.75
    assert result.figures["delta_mean"] is None
    assert any("iso_noise" in note for note in result.notes)
    assert any("8 x 8 pixels" in note for note in result.notes)


@pytest.mark.parametrize(("names", "message"), [("flash", "flash"), ((), "list"), ((1,), "1")])
def test_corruptions_are_a_list_of_names(names, message):
    with pytest.raises(ValueError, match=f"Imagenet3dcc.corruptions must be .*{message}"):
        imagenet_3dcc.Imagenet3dcc(corruptions=names)


def test_unknown_preprocessing_is_refused():
    with pytest.raises(ValueError, match=r"Imagenet3dcc.corrupted_crop must be one of"):
        imagenet_3dcc.Imagenet3dcc(corrupted_crop="none")


def test_clean_images_are_needed(tmp_path):
    write_condition(tmp_path / "flash" / "1", 0)
    with pytest.raises(
        data_errors.DataError, match=r"no folder of clean images.*Imagenet3dcc.clean"
    ):
        run(imagenet_3dcc.Imagenet3dcc(), tmp_path, tmp_path)


def test_images_of_one_name_are_refused(tmp_path):
    write_condition(tmp_path / "flash" / "1", 0)
    write_condition(tmp_path / "clean", 0)
    colours.write(tmp_path / "clean" / classes.wnid(5) / "0.png", 5)
    with pytest.raises(data_errors.DataError, match="two images of a class have one name"):
        run(imagenet_3dcc.Imagenet3dcc(), tmp_path, tmp_path)


def test_whole_images_are_not_squeezed(tmp_path):
    write_condition(tmp_path / "clean", 0)
    colours.write(tmp_path / "flash" / "1" / classes.wnid(5) / "0.JPEG", 5, (16, 12))
    with pytest.raises(data_errors.DataError, match="is 16 x 12"):
        run(imagenet_3dcc.Imagenet3dcc(), tmp_path, tmp_path)
    bench = imagenet_3dcc.Imagenet3dcc(corrupted_crop="resize_and_crop")
    assert run(bench, tmp_path, tmp_path).figures["delta_mean"] == 0
