# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Features of images: order, cache, what cannot be used."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation import colours
from vito_tf.evaluation import data_errors, extraction, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder


@dataclasses.dataclass(frozen=True)
class Counting(colours.Colours):
    """Counts the images that pass through it."""

    passed: list = dataclasses.field(default_factory=list, hash=False)

    def __call__(self, images):
        def count(number):
            self.passed.append(int(number))
            return number

        number = tf.py_function(count, [tf.shape(images)[0]], tf.int32)
        with tf.control_dependencies([number]):
            return super().__call__(tf.identity(images))


@pytest.fixture
def images(tmp_path):
    paths = []
    for k in range(7):
        path = str(tmp_path / f"{k}.png")
        tf.io.write_file(path, tf.io.encode_png(tf.fill([16, 16, 3], tf.constant(k % 6, tf.uint8))))
        paths.append(path)
    (tmp_path / "none.png").symlink_to(tmp_path / "no_such_file")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG but no more")
    alpha = tf.io.encode_png(tf.zeros([16, 16, 4], tf.uint8))
    tf.io.write_file(str(tmp_path / "alpha.png"), alpha)
    paths[3:3] = [str(tmp_path / name) for name in ("bad.png", "alpha.png")]
    paths.append(str(tmp_path / "none.png"))
    return image_sets.of_files("seven", paths, range(10), [f"n{k}" for k in range(10)])


def counting(name="counting"):
    return Counting(name, name, "", 16, frozenset())


def test_values_are_in_order_and_each_content_is_computed_once(images, tmp_path):
    subject = counting()
    first = extraction.Extractor(str(tmp_path / "cache"), batch_size=3)
    extracted = first.extract(subject, images, preprocessing.AS_IS)
    levels = np.array([0, 1, 2, 3, 4, 5, 0]) / 255
    np.testing.assert_allclose(extracted.values, np.stack([levels] * 3, 1), atol=1e-7)
    np.testing.assert_array_equal(extracted.labels, [0, 1, 2, 5, 6, 7, 8])
    assert list(extracted.names) == [f"n{k}" for k in (0, 1, 2, 5, 6, 7, 8)]
    assert subject.passed == [3, 3]  # the seventh has the content of the first
    names = [one.name for one in extracted.left_out]
    assert names == ["n3", "n4", "n9"]
    assert "channels" in extracted.left_out[1].reason
    again = extraction.Extractor(str(tmp_path / "cache")).extract(
        subject, images, preprocessing.AS_IS
    )
    np.testing.assert_array_equal(again.values, extracted.values)
    assert again.left_out == extracted.left_out
    assert subject.passed == [3, 3]


def test_another_encoder_preprocessing_or_size_is_computed_anew(images, tmp_path):
    extractor = extraction.Extractor(str(tmp_path / "cache"))
    subject = counting()
    extractor.extract(subject, images, preprocessing.AS_IS)
    extractor.extract(subject, images, preprocessing.WHOLE)
    extractor.extract(subject, images, preprocessing.WHOLE, image_size=8)
    assert subject.passed == [6, 6, 6]
    other = counting("other")
    extractor.extract(other, images, preprocessing.AS_IS)
    assert other.passed == [6]


def test_what_cannot_be_had_is_one_clear_error(images, tmp_path):
    extractor = extraction.Extractor(str(tmp_path / "cache"))
    with pytest.raises(
        encoder.UnsupportedError, match="colours cannot be used: it has no ImageNet"
    ):
        extractor.extract(colours.colours(), images, preprocessing.WHOLE, encoder.LOGITS)
    with pytest.raises(data_errors.DataError, match=r"seven: .* can be used .n0: .*16,16,3"):
        extractor.extract(colours.colours(image_size=24), images, preprocessing.AS_IS)
    gone = image_sets.of_files("lost", [str(tmp_path / "gone.png")])
    with pytest.raises(data_errors.DataError, match=r"^lost: .*gone\.png: .*empty"):
        extractor.extract(colours.colours(), gone, preprocessing.WHOLE)

    class Broken(colours.Colours):
        def __call__(self, images):
            return encoder.Outputs(
                tf.math.log(super().__call__(images).features - 0.01), None, None
            )

    broken = Broken("broken", "broken", "", 16, frozenset())
    with pytest.raises(data_errors.DataError, match=r"broken gives features .* not finite, .*n0"):
        extractor.extract(broken, images, preprocessing.AS_IS)


def test_what_was_computed_before_an_interruption_is_kept(images, tmp_path):
    def interrupted():
        for number, row in enumerate(images.read().as_numpy_iterator()):
            if number == 6:
                raise KeyboardInterrupt
            yield row

    class Stream:
        def prefetch(self, _):
            return self

        def as_numpy_iterator(self):
            return interrupted()

    extractor = extraction.Extractor(str(tmp_path / "cache"), batch_size=1)
    subject = counting()
    with pytest.raises(KeyboardInterrupt):
        extractor.extract(subject, images._replace(read=Stream), preprocessing.AS_IS)
    before = len(subject.passed)
    assert before >= 1
    extractor.extract(subject, images, preprocessing.AS_IS)
    assert len(subject.passed) == 6


def test_batches_name_what_they_hold(images, tmp_path):
    extractor = extraction.Extractor(str(tmp_path / "cache"), batch_size=4)
    left_out: list[data_errors.LeftOut] = []
    batches = list(extractor.batches(images, preprocessing.WHOLE, 8, left_out))
    assert [batch.images.shape for batch in batches] == [(4, 8, 8, 3), (3, 8, 8, 3)]
    assert [name for batch in batches for name in batch.names][3] == "n5"
    assert [one.name for one in left_out] == ["n3", "n4", "n9"]
