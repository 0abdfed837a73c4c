# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Attention on the object, measured on real rendered clips."""

import numpy as np
import pytest
import tensorflow as tf

from vito_tf.pretraining import monitors, run_directory
from vito_tf.procedural import attention_on_object, source
from vito_tf.video import skipped


class _Attender:
    """Stands where the trained model would: attends to given masks."""

    def __init__(self, masks):
        self._masks = masks
        self.distribute_strategy = tf.distribute.get_strategy()

    def __call__(self, images, training):
        assert not training
        return {"masks": self._masks}


@pytest.fixture(scope="module")
def monitor(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("run"))

    def held_out(work_dir):
        return source.procedural_videos(work_dir, "held_out", held_out_per_class=1)

    run = monitors.Run(
        directory=run_directory.RunDirectory(folder),
        data_dir=folder,
        writer=tf.summary.create_noop_writer(),
        image_size=32,
        skip_log=skipped.SkipLog(folder + "/skipped.tsv"),
        batches=lambda: tf.data.Dataset.from_tensors(0),
        total_steps=10,
    )
    return attention_on_object.AttentionOnObject(run, held_out)


def _measure(monitor, masks):
    monitor.set_model(_Attender(masks))
    return monitor.measure()


def test_uniform_attention_falls_on_the_object_by_its_area(monitor):
    figures = _measure(monitor, {"3": tf.fill([12, 4, 4], 1 / 16), "4": tf.fill([12, 2, 2], 0.25)})
    assert 0.03 < figures["object_area"] < 0.5
    for name in ("attention_on_object", "attention_on_object_3", "attention_on_object_4"):
        assert figures[name] == pytest.approx(figures["object_area"], rel=1e-4)


def test_attention_to_the_object_alone_is_all_on_it(monitor):
    objects = tf.cast(monitor._objects, tf.float32)
    masks = objects / tf.reduce_sum(objects, axis=[1, 2], keepdims=True)
    assert _measure(monitor, {"3": masks})["attention_on_object"] == pytest.approx(1.0, abs=1e-5)
    away = (1 - objects) / tf.reduce_sum(1 - objects, axis=[1, 2], keepdims=True)
    assert _measure(monitor, {"3": away})["attention_on_object"] == pytest.approx(0.0, abs=1e-5)


def test_the_objects_are_where_the_picture_shows_them(monitor):
    """Objects are more colourful than the muted backgrounds."""
    images, objects = monitor._images.numpy(), monitor._objects.numpy()
    saturation = images.max(-1) - images.min(-1)
    inside = np.mean([s[o].mean() for s, o in zip(saturation, objects)])
    outside = np.mean([s[~o].mean() for s, o in zip(saturation, objects)])
    assert inside > 1.5 * outside


def test_without_attention_nothing_is_measured(monitor):
    assert _measure(monitor, {}) == {}
