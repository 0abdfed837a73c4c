# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Frames of clips: the right moment, and the centre of the picture."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.evaluation import frames
from vito_tf.video import clips as clips_lib
from vito_tf.video import skipped


class _GreyClips(clips_lib.Clips):
    """Two clips of ten frames at 10 fps, frame i of grey level 20 i, one of them starting late."""

    num_clips = 2
    class_names = ("only",)

    def read(self, seed=None, num_shards=1, shard=0):
        images = [tf.io.encode_jpeg(np.full([16, 24, 3], 20 * i, np.uint8)) for i in range(10)]
        starts = tf.constant([0, 5_000_000], tf.int64)

        def clip(start):
            return {
                "name": tf.strings.as_string(start),
                "label": tf.zeros([], tf.int64),
                "timestamps": start + tf.range(10, dtype=tf.int64) * 100_000,
                "end_timestamp": start + 1_000_000,
                "images": tf.stack(images),
                "video": tf.constant(""),
            }

        return tf.data.Dataset.from_tensor_slices(starts).map(clip)


@pytest.mark.parametrize(("microseconds", "frame"), [(None, 5), (0, 0), (310_000, 3), (10**7, 9)])
def test_takes_the_frame_on_display(tmp_path, microseconds, frame):
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    dataset = frames.central_frames(_GreyClips(), 8, log, microseconds=microseconds)
    images = [example["image"].numpy() for example in dataset]
    assert len(images) == 2
    for image in images:
        assert image.shape == (8, 8, 3)
        np.testing.assert_allclose(image, 20 * frame / 255, atol=0.02)


def test_reads_no_more_clips_than_asked(tmp_path):
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"))
    assert len(list(frames.central_frames(_GreyClips(), 8, log, max_clips=1))) == 1


def test_the_square_is_central_and_byols_share_of_the_shorter_side():
    image = np.zeros([40, 60, 3], np.uint8)
    image[:, :, 0] = 200
    image[3:38, 13:48, 1] = 100  # the 35 x 35 centre: 0.875 of 40
    square = frames.central_square(tf.constant(image), 35).numpy()
    np.testing.assert_allclose(square[..., 0], 200 / 255, atol=1e-5)
    # 40 - 35 = 5 and 60 - 35 = 25: offsets 2 and 12, one short of the marked centre.
    np.testing.assert_allclose(square[1:, 1:, 1], 100 / 255, atol=1e-5)
    np.testing.assert_allclose(square[0, :, 1], 0, atol=1e-5)
