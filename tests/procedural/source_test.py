# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of procedural videos as a data source."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.procedural import objects, source, video_writer


def test_clips_are_cut_from_the_videos_and_labelled(tmp_path):
    clips = source.procedural_videos(str(tmp_path), split="held_out", held_out_per_class=1)
    assert clips.num_clips == 12
    assert clips.class_names == tuple(sorted(kind.name for kind in objects.CLASSES))
    masks = video_writer.load_held_out_masks(str(tmp_path / "procedural"))
    seen = set()
    for clip in clips.read():
        name = clip["name"].numpy().decode()
        class_name = clips.class_names[int(clip["label"])]
        assert name.startswith(f"{class_name}/0000.mp4")
        assert f"{class_name}/0000.mp4" in masks["names"]
        np.testing.assert_array_equal(clip["timestamps"], np.arange(75) * 40_000)
        assert int(clip["end_timestamp"]) == 3_000_000
        assert tf.io.decode_jpeg(clip["images"][0]).shape == (84, 112, 3)
        seen.add(class_name)
    assert seen == set(clips.class_names)


def test_unknown_split_names_the_binding(tmp_path):
    with pytest.raises(ValueError, match=r"procedural_videos\.split"):
        source.procedural_videos(str(tmp_path), split="test")
