# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the record format."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from official.vision.configs import video_classification
from official.vision.dataloaders import video_input
from PIL import Image

from vito_tf.video.clip_examples import CONTEXT_KEYS, LIST_KEYS, build_clip, parse_clip
from vito_tf.video.clips import CLIP_SPEC, UNLABELLED
from vito_tf.video.cutter import EncodedClip


def _jpeg(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (level, level, level)).save(file, "JPEG")
    return file.getvalue()


JPEG_CLIP = EncodedClip(
    timestamps=(10_240_000, 10_280_000, 10_325_000, 10_360_000),
    end_timestamp=10_400_000,
    height=24,
    width=32,
    images=tuple(_jpeg(50 * i) for i in range(4)),
)
MP4_CLIP = EncodedClip((0, 40_000), 80_000, 24, 32, video=b"mp4 bytes")


def _parsed(serialized: bytes, frame_rate: float = 25.0) -> dict:
    dataset = tf.data.Dataset.from_tensors(serialized).map(lambda s: parse_clip(s, frame_rate))
    assert dataset.element_spec == CLIP_SPEC
    return next(dataset.as_numpy_iterator())


def test_jpeg_clip_round_trip():
    clip = _parsed(build_clip(JPEG_CLIP, "cats/a b\udcff.mp4", 7, "cats"))
    assert clip["name"] == b"cats/a b\xff.mp4#t=10.24"
    assert clip["label"] == 7
    assert tuple(clip["timestamps"]) == JPEG_CLIP.timestamps
    assert clip["end_timestamp"] == 10_400_000
    assert tuple(clip["images"]) == JPEG_CLIP.images
    assert clip["video"] == b""


def test_mp4_clip_round_trip():
    clip = _parsed(build_clip(MP4_CLIP, "a.mp4"))
    assert clip["name"] == b"a.mp4#t=0"
    assert clip["label"] == UNLABELLED
    assert tuple(clip["timestamps"]) == MP4_CLIP.timestamps
    assert clip["end_timestamp"] == 80_000
    assert clip["images"].shape == (0,)
    assert clip["video"] == b"mp4 bytes"


def test_keys_are_those_of_dmvr_and_mediasequence():
    example = tf.train.SequenceExample.FromString(build_clip(JPEG_CLIP, "a.mp4", 7, "cats"))
    context = example.context.feature
    assert context["clip/label/index"].int64_list.value == [7]
    assert context["clip/label/text"].bytes_list.value == [b"cats"]
    assert context["clip/media_id"].bytes_list.value == [b"a.mp4"]
    assert context["clip/start/timestamp"].int64_list.value == [10_240_000]
    assert context["clip/end/timestamp"].int64_list.value == [10_400_000]
    assert context["image/height"].int64_list.value == [24]
    assert context["image/width"].int64_list.value == [32]
    assert context["image/frame_rate"].float_list.value == [25.0]
    assert set(example.feature_lists.feature_list) == {"image/encoded", "image/timestamp"}
    unlabelled = tf.train.SequenceExample.FromString(build_clip(JPEG_CLIP, "a.mp4"))
    assert not [key for key in unlabelled.context.feature if "label" in key]


def test_every_key_has_its_type():
    found = {}
    for clip in (JPEG_CLIP, MP4_CLIP):
        example = tf.train.SequenceExample.FromString(build_clip(clip, "a.mp4", 7, "cats"))
        features = dict(example.context.feature)
        for key, steps in example.feature_lists.feature_list.items():
            features[key] = steps.feature[0]
        found.update({k: f.WhichOneof("kind").split("_")[0] for k, f in features.items()})
    assert found == {**CONTEXT_KEYS, **LIST_KEYS}


def test_the_same_clip_gives_the_same_bytes():
    assert len({build_clip(JPEG_CLIP, "a.mp4", 7, "cats") for _ in range(20)}) == 1


def _foreign_record(start=None, end=None):
    """A record as DMVR's generate_from_file writes them, without image/timestamp."""
    example = tf.train.SequenceExample()
    for image in JPEG_CLIP.images:
        frame = example.feature_lists.feature_list["image/encoded"].feature.add()
        frame.bytes_list.value.append(image)
    if end is not None:
        example.context.feature["clip/start/timestamp"].int64_list.value.append(start)
        example.context.feature["clip/end/timestamp"].int64_list.value.append(end)
    return example.SerializeToString()


@pytest.mark.parametrize(
    ("start", "end", "frame_rate", "timestamps", "end_timestamp"),
    [
        (1_000_000, 3_000_000, 25, [1_000_000, 1_500_000, 2_000_000, 2_500_000], 3_000_000),
        (None, None, 25, [0, 40_000, 80_000, 120_000], 160_000),
        (None, None, 10, [0, 100_000, 200_000, 300_000], 400_000),
        (5, 5, 25, [5, 40_005, 80_005, 120_005], 160_005),
    ],
)
def test_foreign_records_get_even_timestamps(start, end, frame_rate, timestamps, end_timestamp):
    clip = _parsed(_foreign_record(start, end), frame_rate)
    assert clip["timestamps"].tolist() == timestamps
    assert clip["end_timestamp"] == end_timestamp
    assert clip["label"] == UNLABELLED
    assert tuple(clip["images"]) == JPEG_CLIP.images


def test_model_garden_reads_the_records():
    serialized = build_clip(JPEG_CLIP, "a.mp4", 7, "cats")
    decoded = video_input.Decoder().decode(tf.constant(serialized))
    params = video_classification.DataConfig(feature_shape=(4, 24, 24, 3), num_classes=10)
    params = params.replace(min_image_size=24, temporal_stride=1)
    parser = video_input.Parser(params)
    features, label = parser.parse_fn(is_training=False)(decoded)
    assert label.numpy().argmax() == 7
    levels = features["image"].numpy().mean((1, 2, 3)) * 255
    np.testing.assert_allclose(levels, [0, 50, 100, 150], atol=1.5)
