# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Clips of labelled videos: constants and steps, against a slow transcription in float64."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ingestion import data_sets
from tests.transfer import labelled_videos
from vito_tf.ingestion import dataset_info
from vito_tf.transfer import clip_augmentation, reading
from vito_tf.transfer import video_classification_input as video_input
from vito_tf.video import clip_encoders, clip_examples, cutter, tfds_clips

MEAN, STDDEV = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def record(frames, rate=25, label=1, with_times=True):
    times = [round(number * 1e6 / rate) for number in range(len(frames))]
    images = tuple(clip_encoders.encode_jpeg(frame, 95) for frame in frames)
    clip = cutter.EncodedClip(tuple(times), round(len(frames) * 1e6 / rate), 32, 48, images)
    serialized = clip_examples.build_clip(clip, "dog.mp4", label, "dog")
    if with_times:
        return serialized
    example = tf.train.SequenceExample.FromString(serialized)
    del example.feature_lists.feature_list["image/timestamp"]
    for key in ("clip/start/timestamp", "clip/end/timestamp"):
        del example.context.feature[key]
    return example.SerializeToString()


def params(**changes):
    small = {"num_classes": 3, "feature_shape": (8, 24, 24, 3), "short_side": 30, "seed": 5}
    return video_input.DataConfig(**{**small, "is_training": False, **changes})


def parse_all(serialized, config, count):
    """The same record read again and again, as the pipeline would."""
    records = tf.data.Dataset.from_tensors(serialized).repeat(count)
    records = records.map(lambda x: video_input.decode_record(x, config.record_frame_rate))
    return list(records.apply(reading.numbered(None)).map(video_input.Parser(config)))


def parse(serialized, config):
    return parse_all(serialized, config, 1)[0]


def bilinear(frame, sides):
    """Resizes by half-pixel centres, without a filter."""
    for axis, side in enumerate(sides):
        size = frame.shape[axis]
        at = np.clip((np.arange(side) + 0.5) * size / side - 0.5, 0, size - 1)
        low = np.floor(at).astype(int)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        low_values, high_values = (
            np.take(frame, np.minimum(low + step, size - 1), axis) for step in (0, 1)
        )
        frame = (1 - share) * low_values + share * high_values
    return frame


def decoded_frames(serialized):
    lists = tf.train.SequenceExample.FromString(serialized).feature_lists.feature_list
    images = [f.bytes_list.value[0] for f in lists["image/encoded"].feature]
    return [tf.io.decode_jpeg(image).numpy() / 255.0 for image in images]


def pictures(num_frames, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, [num_frames, 4, 6, 3], np.uint8)
    return small.repeat(8, axis=1).repeat(8, axis=2)


def test_defaults_are_the_protocols():
    config = video_input.DataConfig()
    assert config.feature_shape == (24, 224, 224, 3)
    assert config.feature_shape[0] / config.frame_rate == 2.0
    assert config.short_side == int(224 / 0.875)
    assert config.num_test_clips == 10
    assert config.crop_area == (0.08, 1.0)
    assert config.crop_aspect == (3 / 4, 4 / 3)
    assert config.colour_jitter == (0.4, 0.4, 0.4, 0.2)


def test_evaluation_takes_centres_of_clips_spread_over_the_video():
    serialized = record(pictures(60))
    image, label = parse(serialized, params(num_test_clips=3))
    frames = decoded_frames(serialized)
    assert label == 1
    assert image.shape == (3, 8, 24, 24, 3)
    # 2.4 s at 25 frames per second; clips of 8 / 12 s begin at 0, 13/15 and 26/15 s.
    for clip, start in zip(image.numpy(), (0, 13 / 15, 26 / 15)):
        for number, found in enumerate(clip):
            frame = frames[int((start + number / 12) * 25 + 1e-4)]
            resized = bilinear(frame, (30, 45))[3:27, 10:34]
            np.testing.assert_allclose(found, (resized - MEAN) / STDDEV, atol=1e-4)


def test_training_crops_flips_and_jitters_a_clip_alike():
    serialized = record(pictures(40, seed=1))
    frames = decoded_frames(serialized)
    config = params(is_training=True)
    flips = set()
    for number, (image, _) in enumerate(parse_all(serialized, config, 6)):
        assert image.shape == (1, 8, 24, 24, 3)
        seeds = tf.random.experimental.stateless_split(tf.constant([5, number], tf.int64), 4)
        place = tf.random.stateless_uniform([1], seeds[0], dtype=tf.float64).numpy()[0]
        top, left, height, width = clip_augmentation.random_resized_crop_box(
            seeds[1], tf.constant(32), tf.constant(48), (0.08, 1.0), (3 / 4, 4 / 3)
        ).numpy()
        is_flipped = tf.random.stateless_uniform([], seeds[2]).numpy() < 0.5
        flips.add(bool(is_flipped))
        crops = []
        for step in range(8):
            time = place * (1.6 - 8 / 12) + step / 12
            crop = frames[int(time * 25)][top : top + height, left : left + width]
            crop = bilinear(crop, (24, 24))
            crops.append(crop[:, ::-1] if is_flipped else crop)
        jittered = clip_augmentation.colour_jitter(
            seeds[3], tf.constant(crops, tf.float32), (0.4, 0.4, 0.4, 0.2)
        )
        np.testing.assert_allclose(image[0], (jittered - MEAN) / STDDEV, atol=2e-3)
    assert flips == {False, True}


def test_records_that_say_nothing_of_time_have_the_rate_they_are_said_to_have():
    frames = pictures(40)
    timed = parse(record(frames, rate=20), params(num_test_clips=2))
    untimed = parse(
        record(frames, with_times=False), params(num_test_clips=2, record_frame_rate=20.0)
    )
    np.testing.assert_array_equal(timed[0], untimed[0])


@pytest.mark.parametrize("encoded", [False, True])
def test_tfds_examples_are_taken_as_they_are(encoded):
    frames = pictures(40)
    serialized = record(frames, rate=20)
    jpegs = video_input.decode_record(tf.constant(serialized), 25.0)["frames"]
    video = jpegs if encoded else tf.stack([tf.io.decode_jpeg(jpeg) for jpeg in jpegs])
    example = {"video": video, "label": tf.constant(1, tf.int32)}
    config = params(num_test_clips=2)
    clips, label = video_input.Parser(config)(
        {"number": tf.constant(0, tf.int64), **video_input.decode_tfds(example, 20.0)}
    )
    expected, expected_label = parse(serialized, config)
    np.testing.assert_allclose(clips, expected, atol=1e-5)
    assert label == expected_label == 1


def test_ingested_data_sets_are_read_as_they_are_and_through_tfds(tmp_path):
    data = data_sets.write_data_set(str(tmp_path))
    tfds_clips.write_tfds(
        data.folder, dataset_info.describe(data.shards, data.summary, data.cut, {})
    )
    ways = (
        {"input_path": f"{data.folder}/clips-train*"},
        {
            "input_path": "train*.tfrecord",
            "tfds_name": "clips",
            "tfds_data_dir": f"{data.folder}/tfds",
            "tfds_split": "train",
        },
    )
    found = []
    for way in ways:
        config = params(**way, num_test_clips=2, global_batch_size=2, drop_remainder=False)
        batches = list(video_input.read(config))
        assert [labels.shape for _, labels in batches] == [2, 2]
        clips = np.concatenate([features["image"] for features, _ in batches])
        assert clips.shape == (8, 8, 24, 24, 3)
        found.append(clips)
        assert sorted(np.concatenate([labels for _, labels in batches])) == [-1, 0, 0, 1]
    records, through_tfds = (np.sort(clips.mean((2, 3)).ravel()) for clips in found)
    np.testing.assert_allclose(records, through_tfds, atol=1e-4)


def test_clips_join_the_batch_video_by_video():
    image = tf.random.normal([2, 3, 4, 5, 5, 3])
    features, labels = video_input.clips_as_batch(image, tf.constant([0, 1]))
    np.testing.assert_array_equal(features["image"][4], image[1, 1])
    assert features["image"].shape == (6, 4, 5, 5, 3)
    assert labels.numpy().tolist() == [0, 1]


@pytest.mark.parametrize("label", [3, -1])
def test_labels_out_of_range_name_the_record(label):
    serialized = record(labelled_videos.frames(0), label=label)
    message = rf"dog\.mp4#t=0.* has the label {label}; with num_classes = 3, labels are 0 to 2"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        parse(serialized, params())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 0}, "num_classes must be above 0"),
        ({"frame_rate": -1.0}, "frame_rate must be above 0"),
        ({"feature_shape": (8, 24, 24)}, "feature_shape must be"),
        ({"short_side": 20}, "short_side = 20 is less than"),
        ({"crop_area": (0.5, 0.1)}, "crop_area must be two positive numbers in order"),
        ({"crop_area": (0.5, 1.5)}, "crop_area must not exceed 1"),
        ({"crop_aspect": (0.0, 1.0)}, "crop_aspect must be"),
        ({"colour_jitter": (0.4,)}, "colour_jitter must be four numbers"),
    ],
)
def test_values_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        video_input.Parser(params(**changes))


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        (None, None, "cannot be read"),
        (None, b"no clip", "does not begin with a SequenceExample"),
        ("image/encoded", None, "lack image/encoded .mp4"),
        ("clip/label/index", None, "is not labelled"),
    ],
)
def test_files_without_labelled_clips_are_named(tmp_path, key, content, message):
    path = str(tmp_path / "train.tfrecord")
    if key:
        example = tf.train.SequenceExample.FromString(record(pictures(1)))
        example.feature_lists.feature_list.pop(key, None)
        example.context.feature.pop(key, None)
        content = example.SerializeToString()
    if content:
        with tf.io.TFRecordWriter(path) as writer:
            writer.write(content)
    with pytest.raises(ValueError, match=f"{path} .*{message}"):
        video_input.check_first_record(path)
