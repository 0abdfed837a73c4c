# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""One clip as a `tf.train.SequenceExample`, with the keys of Model Garden, DMVR and MediaSequence.

`CONTEXT_KEYS` and `LIST_KEYS` give their types. In detail:

    clip/label/index     class; absent when the clip is unlabelled
    clip/label/text      name of the class; absent when the clip is unlabelled
    clip/media_id        the source video
    clip/start/timestamp start of the first frame in the source, µs
    clip/end/timestamp   end of the last frame in the source, µs
    image/height         pixels
    image/width          pixels
    image/frame_rate     mean number of frames per second
    video/encoded        an mp4 file, in place of image/encoded
    image/encoded        one JPEG a frame
    image/timestamp      start of each frame in the source, µs, ascending
"""

from __future__ import annotations

import tensorflow as tf

from vito_tf.video.clips import UNLABELLED
from vito_tf.video.cutter import EncodedClip

_MICROSECONDS = 1_000_000

CONTEXT_KEYS = {
    "clip/label/index": "int64",
    "clip/label/text": "bytes",
    "clip/media_id": "bytes",
    "clip/start/timestamp": "int64",
    "clip/end/timestamp": "int64",
    "image/height": "int64",
    "image/width": "int64",
    "image/frame_rate": "float",
    "video/encoded": "bytes",
}
"""Features of the context, one value each, and their types."""

LIST_KEYS = {"image/encoded": "bytes", "image/timestamp": "int64"}
"""Feature lists, one value a frame, and their types."""


def build_clip(
    clip: EncodedClip, source: str, label: int = UNLABELLED, class_name: str = ""
) -> bytes:
    """Serialises a clip; the same clip always gives the same bytes.

    Args:
        clip: JPEG frames or an mp4 file, with timestamps.
        source: name of the video it was cut from.
        label: class index, or `UNLABELLED`.
        class_name: name of the class.

    Returns:
        A serialised `tf.train.SequenceExample`.
    """
    context = {
        "clip/media_id": _bytes([_path_bytes(source)]),
        "clip/start/timestamp": _integers(clip.timestamps[:1]),
        "clip/end/timestamp": _integers([clip.end_timestamp]),
        "image/height": _integers([clip.height]),
        "image/width": _integers([clip.width]),
        "image/frame_rate": tf.train.Feature(
            float_list=tf.train.FloatList(value=[clip.frame_rate])
        ),
    }
    if label != UNLABELLED:
        context["clip/label/index"] = _integers([label])
        context["clip/label/text"] = _bytes([_path_bytes(class_name)])
    lists = {"image/timestamp": [_integers([timestamp]) for timestamp in clip.timestamps]}
    if clip.video:
        context["video/encoded"] = _bytes([clip.video])
    else:
        lists["image/encoded"] = [_bytes([image]) for image in clip.images]
    example = tf.train.SequenceExample(
        context=tf.train.Features(feature=context),
        feature_lists=tf.train.FeatureLists(
            feature_list={key: tf.train.FeatureList(feature=steps) for key, steps in lists.items()}
        ),
    )
    return example.SerializeToString(deterministic=True)


def parse_clip(serialized: tf.Tensor, frame_rate: float = 25.0) -> dict[str, tf.Tensor]:
    """Parses a record into an undecoded clip (`vito_tf.video.clips.CLIP_SPEC`).

    Records of other makers may lack `image/timestamp`. The frames are then taken to be evenly
    spaced from `clip/start/timestamp` to `clip/end/timestamp`, as DMVR's `generate_from_file`
    writes them, or, if these are missing or empty too, at `frame_rate`.

    Args:
        serialized: string scalar, a `tf.train.SequenceExample` as described above.
        frame_rate: frames per second of records that do not say anything about time.

    Returns:
        The undecoded clip; its name is the source and, as a media fragment, the start in seconds:
        `/data/dog.mp4#t=10.24`.
    """
    context, lists = tf.io.parse_single_sequence_example(
        serialized,
        context_features={
            "clip/label/index": tf.io.VarLenFeature(tf.int64),
            "clip/media_id": tf.io.FixedLenFeature([], tf.string, ""),
            "clip/start/timestamp": tf.io.FixedLenFeature([], tf.int64, 0),
            "clip/end/timestamp": tf.io.FixedLenFeature([], tf.int64, 0),
            "video/encoded": tf.io.FixedLenFeature([], tf.string, ""),
        },
        sequence_features={
            "image/encoded": tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
            "image/timestamp": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
        },
    )
    images = lists["image/encoded"]
    start, end = context["clip/start/timestamp"], context["clip/end/timestamp"]
    timestamps, end = _timestamps(lists["image/timestamp"], tf.size(images), start, end, frame_rate)
    labels = context["clip/label/index"].values
    seconds = tf.strings.as_string(
        tf.cast(timestamps[0], tf.float64) / _MICROSECONDS, shortest=True
    )
    return {
        "name": tf.strings.join([context["clip/media_id"], "#t=", seconds]),
        "label": tf.concat([labels, [UNLABELLED]], 0)[0],
        "timestamps": timestamps,
        "end_timestamp": end,
        "images": images,
        "video": context["video/encoded"],
    }


def _timestamps(
    stored: tf.Tensor, num_images: tf.Tensor, start: tf.Tensor, end: tf.Tensor, frame_rate: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Timestamps int64 [F] and the end of the last frame, from what the record says of them."""
    count = tf.maximum(tf.cast(num_images, tf.float64), 1.0)
    nominal = tf.cast(count * (_MICROSECONDS / frame_rate), tf.int64)
    length = tf.cast(tf.where(end > start, end - start, nominal), tf.float64)
    even = start + tf.cast(tf.range(count, dtype=tf.float64) * length / count, tf.int64)
    timestamps = tf.cond(tf.size(stored) > 0, lambda: stored, lambda: even)
    mean_gap = tf.cast(length / count, tf.int64)
    return timestamps, tf.where(end > timestamps[-1], end, timestamps[-1] + mean_gap)


def _path_bytes(path: str) -> bytes:
    """File names need not be valid UTF-8."""
    return path.encode("utf-8", "surrogateescape")


def _bytes(values: list[bytes]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _integers(values: list[int] | tuple[int, ...]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
