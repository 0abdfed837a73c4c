# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The stream of batches: reproducible, resumable, and right in what each view shows."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf import augmentation
from vito_tf.video import clips as clips_lib
from vito_tf.video import frame_sampling, skipped, views

PLAIN = augmentation.ViewPolicy(blur=0.0, solarise=0.0, flip=0.0, jitter=0.0, grey=0.0)


class _NumberedClips(clips_lib.Clips):
    """Clip i shows the grey level 20 i in all frames; clip `damaged` has no whole JPEG frame."""

    def __init__(self, num_clips=7, damaged=None):
        self.num_clips = num_clips
        self._jpegs = [
            tf.io.encode_jpeg(np.full([40, 60, 3], 20 * i, np.uint8)).numpy()
            for i in range(num_clips)
        ]
        if damaged is not None:
            self._jpegs[damaged] = self._jpegs[damaged][:50]

    def read(self, seed=None, num_shards=1, shard=0):
        order = tf.range(self.num_clips)
        if seed is not None:
            order = tf.random.experimental.stateless_shuffle(order, tf.stack([seed, 0]))
        jpegs = tf.constant(self._jpegs)

        def clip(index):
            return {
                "name": tf.strings.as_string(index),
                "label": tf.cast(index, tf.int64),
                "timestamps": tf.range(75, dtype=tf.int64) * 40_000,
                "end_timestamp": tf.constant(3_000_000, tf.int64),
                "images": tf.repeat(jpegs[index], 75),
                "video": tf.constant(""),
            }

        return tf.data.Dataset.from_tensor_slices(order).shard(num_shards, shard).map(clip)


def _pipeline(image_size=16, augment_on="device", **settings):
    """By default without augmentation on the host, whose compilation takes seconds."""
    return views.ViewPipeline(
        frame_sampling.FrameSampler(), image_size, augment_on=augment_on, **settings
    )


def _batches(tmp_path, count, pipeline=None, clips=None, batch_size=4, seed=1, **place):
    log = skipped.SkipLog(str(tmp_path / "skipped.tsv"), max_share=0.9)
    dataset = (pipeline or _pipeline()).batches(
        clips or _NumberedClips(), batch_size, seed, log, **place
    )
    return [{k: v.numpy() for k, v in batch.items()} for batch in dataset.take(count)]


def _assert_equal(a, b):
    for one, other in zip(a, b):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_a_batch_has_the_shapes_and_ranges_that_it_says(tmp_path):
    (batch,) = _batches(tmp_path, 1)
    assert batch["views"].shape == (4, 2, 16, 16, 3)
    assert batch["views"].dtype == np.float32
    assert batch["views"].min() >= 0
    assert batch["views"].max() <= 1
    assert batch["seeds"].shape == (4, 2, 2)
    assert batch["seeds"].dtype == np.int32
    np.testing.assert_array_equal(batch["position"], np.arange(4))


def test_the_same_seed_gives_the_same_stream_and_another_another(tmp_path):
    stream = _batches(tmp_path, 5)
    _assert_equal(stream, _batches(tmp_path, 5))
    other = _batches(tmp_path, 5, seed=2)
    assert any(np.any(a["label"] != b["label"]) for a, b in zip(stream, other))
    assert not np.array_equal(stream[0]["views"], other[0]["views"])


def test_every_epoch_holds_every_clip_once_in_its_own_order(tmp_path):
    labels = np.concatenate([batch["label"] for batch in _batches(tmp_path, 7)])
    epochs = labels.reshape(4, 7)
    for epoch in epochs:
        assert sorted(epoch) == list(range(7))
    assert len({tuple(epoch) for epoch in epochs}) > 1


@pytest.mark.parametrize("done", [1, 2, 4])
def test_a_stream_goes_on_from_any_position(tmp_path, done):
    stream = _batches(tmp_path, done + 3)
    position = int(stream[done - 1]["position"].max()) + 1
    _assert_equal(stream[done:], _batches(tmp_path, 3, position=position))


def test_a_clip_that_cannot_be_decoded_is_passed_over_and_noted(tmp_path):
    stream = _batches(tmp_path, 6, clips=_NumberedClips(damaged=3))
    labels = np.concatenate([batch["label"] for batch in stream])
    assert len(labels) == 24
    assert 3 not in labels
    assert (tmp_path / "skipped.tsv").read_text().startswith("3\t")
    position = int(stream[2]["position"].max()) + 1
    resumed = _batches(tmp_path, 3, clips=_NumberedClips(damaged=3), position=position)
    _assert_equal(stream[3:], resumed)


def test_shards_share_the_clips_out(tmp_path):
    labels = [
        np.concatenate(
            [b["label"] for b in _batches(tmp_path, 3, batch_size=1, num_shards=2, shard=shard)]
        )
        for shard in range(2)
    ]
    # Each shard's first pass: 4 and 3 of the 7 clips.
    assert not set(labels[0][:3]) & set(labels[1][:3])


def test_views_show_their_own_clip(tmp_path):
    pipeline = _pipeline(policies=(PLAIN, PLAIN))
    for batch in _batches(tmp_path, 2, pipeline=pipeline):
        for label, clip_views in zip(batch["label"], batch["views"]):
            np.testing.assert_allclose(clip_views, 20 * label / 255, atol=0.01)


def test_the_device_gets_what_the_host_would_have_augmented(tmp_path):
    host = _batches(tmp_path, 2, pipeline=_pipeline(augment_on="host"))
    device = _batches(tmp_path, 2)
    for a, b in zip(host, device):
        augmented = augmentation.augment_views(
            tf.constant(b["views"]), tf.constant(b["seeds"]), (augmentation.A1, augmentation.A2)
        )
        np.testing.assert_allclose(a["views"], augmented, atol=1e-4)


def test_groups_divide_the_batch_and_stay_small():
    assert _pipeline(64)._group_size(128) == 32
    assert _pipeline(224)._group_size(64) == 4
    assert _pipeline(224)._group_size(7) == 1
    assert _pipeline(500)._group_size(3) == 1


def test_the_third_view_is_drawn_as_the_first():
    sampler = frame_sampling.FrameSampler(num_views=3)
    policies = views.ViewPipeline(sampler).view_policies
    assert policies == (augmentation.A1, augmentation.A2, augmentation.A1)


@pytest.mark.parametrize(
    ("binding", "settings"),
    [
        ("ViewPipeline.augment_on", {"augment_on": "moon"}),
        ("ViewPipeline.min_crop_area", {"min_crop_area": 0.0}),
        ("ViewPipeline.image_size", {"image_size": 0}),
        ("ViewPipeline.policies", {"policies": (PLAIN,)}),
    ],
)
def test_impossible_settings_are_named(binding, settings):
    with pytest.raises(ValueError, match=binding):
        _pipeline(**settings)


def test_four_views_need_policies():
    with pytest.raises(ValueError, match=r"ViewPipeline\.policies"):
        views.ViewPipeline(frame_sampling.FrameSampler(num_views=4))
