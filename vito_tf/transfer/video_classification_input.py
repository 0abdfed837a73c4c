# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Clips of labelled videos, from clip records or TensorFlow Datasets, for Model Garden's reader.

Records may have any frame rate: frames are chosen by their timestamps.
"""

import dataclasses
import functools
from typing import Optional

import tensorflow as tf
from official.core import config_definitions as cfg
from official.core import input_reader

from vito_tf.backbones import normalisation
from vito_tf.transfer import clip_augmentation, clip_sampling, padding, reading
from vito_tf.video import clip_examples

_MICROSECONDS = 1_000_000


@dataclasses.dataclass
class DataConfig(cfg.DataConfig):
    """What clips are made of labelled videos, and how.

    Augmentation and frame sizes are AVID-CMA's, whose implementation the paper says it adopts
    (A.5); the paper gives frame rate, length and number of clips only.

    Attributes:
      num_classes: labels are below it.
      feature_shape: T, H, W and 3 of a clip.
      frame_rate: of a clip, per second.
      record_frame_rate: of records that say nothing of time, such as TFDS's `ucf101`.
      crop_area: smallest and largest area of a training crop, relative to the frame's.
      crop_aspect: smallest and largest width / height of a training crop.
      colour_jitter: strengths for brightness, contrast, saturation and hue in training.
      short_side: of evaluation frames in pixels, of which the centre is taken.
      num_test_clips: spread evenly over a video in evaluation. In training, each reading of a
        video gives one clip at a random place.
      seed: of order, places and augmentation.
    """

    num_classes: int = 101
    feature_shape: tuple[int, ...] = (24, 224, 224, 3)
    frame_rate: float = 12.0
    record_frame_rate: float = 25.0
    crop_area: tuple[float, ...] = (0.08, 1.0)
    crop_aspect: tuple[float, ...] = (3 / 4, 4 / 3)
    colour_jitter: tuple[float, ...] = (0.4, 0.4, 0.4, 0.2)
    short_side: int = 256
    num_test_clips: int = 10
    seed: Optional[int] = 0
    shuffle_buffer_size: int = 128
    cycle_length: Optional[int] = 16


def read(
    params: DataConfig, input_context: Optional[tf.distribute.InputContext] = None
) -> tf.data.Dataset:
    """Builds the input pipeline of a task.

    Args:
      params: what to read.
      input_context: of a distribution strategy.

    Returns:
      A dataset of ({'image': float32 [B * N, T, H, W, 3], standardised}, labels int32 [B]); the N
      clips of a video follow one another. With `drop_remainder` unset the last batch is filled by
      `padding`. Iteration fails with InvalidArgumentError, naming record and label, at a label
      outside [0, num_classes).

    Raises:
      ValueError: no data are named or found, they are no labelled clips, or a parameter is outside
        its range; the message names the parameter or file.
    """
    name, params = reading.source(params)
    decode = decode_tfds if params.tfds_name else decode_record

    def batch(
        dataset: tf.data.Dataset, context: Optional[tf.distribute.InputContext]
    ) -> tf.data.Dataset:
        return padding.padded_batches(dataset, params.global_batch_size, context)

    try:
        parser = Parser(params)
        if params.input_path:
            check_first_record(input_reader.match_files(params.input_path)[0])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return reading.batches(
        name,
        params,
        input_context,
        decoder_fn=functools.partial(decode, record_frame_rate=params.record_frame_rate),
        parser_fn=parser,
        transform_and_batch_fn=None if params.drop_remainder else batch,
        postprocess_fn=clips_as_batch,
    )


def decode_record(serialized: tf.Tensor, record_frame_rate: float) -> dict[str, tf.Tensor]:
    """Parses a `SequenceExample` (`vito_tf.video.clip_examples`, Model Garden, DMVR).

    Args:
      serialized: string scalar.
      record_frame_rate: of records that say nothing of time.

    Returns:
      frames: string [F], encoded images.
      timestamps: int64 [F], in microseconds.
      end_timestamp: int64 scalar.
      label: int64 scalar, -1 if there is none.
      name: string scalar.
    """
    clip = clip_examples.parse_clip(serialized, record_frame_rate)
    return {
        "frames": clip["images"],
        **{key: clip[key] for key in ("timestamps", "end_timestamp", "label", "name")},
    }


def decode_tfds(example: dict[str, tf.Tensor], record_frame_rate: float) -> dict[str, tf.Tensor]:
    """Brings an example of a TFDS video data set into the form of `decode_record`.

    Args:
      example: `video`, uint8 [F, H, W, 3] or (`tfds_skip_decoding_feature: video`) encoded frames,
        string [F]; `label`; `timestamps` and `end_timestamp` where the data set has them.
      record_frame_rate: where it has not.

    Returns:
      As `decode_record`; `frames` may be pixels, uint8 [F, H, W, 3].
    """
    step = tf.constant(_MICROSECONDS / record_frame_rate, tf.float64)
    even = tf.range(tf.cast(tf.shape(example["video"])[0] + 1, tf.float64)) * step
    even = tf.cast(tf.round(even), tf.int64)
    return {
        "frames": example["video"],
        "timestamps": example.get("timestamps", even[:-1]),
        "end_timestamp": example.get("end_timestamp", even[-1]),
        "label": tf.cast(example["label"], tf.int64),
        "name": example.get("name", tf.constant("a video of the TFDS set")),
    }


class Parser:
    """Makes clips and labels of decoded records."""

    def __init__(self, params: DataConfig):
        """Takes the configuration.

        Args:
          params: what to make.

        Raises:
          ValueError: a parameter is outside its range; the message names it.
        """
        _check(params)
        self._params = params

    def __call__(self, record: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Makes the clips of one record.

        Args:
          record: as `decode_record` returns, and `number`, int64 scalar: with the configuration's
            seed, all that is random depends on it.

        Returns:
          Clips, float32 [N, T, H, W, 3], standardised; N is 1 in training, `num_test_clips`
          otherwise. The label, int32 scalar.
        """
        params = self._params
        seeds = tf.random.experimental.stateless_split(
            tf.stack([tf.constant(params.seed or 0, tf.int64), record["number"]]), 4
        )
        if params.is_training:
            places = tf.random.stateless_uniform([1], seeds[0], dtype=tf.float64)
        else:
            places = clip_sampling.linear_places(params.num_test_clips)
        indices = clip_sampling.clip_frames(
            record["timestamps"],
            record["end_timestamp"],
            places,
            params.feature_shape[0],
            params.frame_rate,
        )
        distinct, places_of = tf.unique(tf.reshape(indices, [-1]))
        frames = _pixels(tf.gather(record["frames"], distinct))
        frames = self._augment(frames, seeds[1:]) if params.is_training else self._centre(frames)
        frames = tf.gather(normalisation.normalise(frames), places_of)
        clips = tf.reshape(frames, [places.shape[0], *params.feature_shape])
        return clips, self._label(record)

    def _augment(self, frames: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """uint8 [F, h, w, 3] -> float32 [F, H, W, 3] in [0, 1]."""
        params = self._params
        _, height, width, _ = tf.unstack(tf.shape(frames))
        box = clip_augmentation.random_resized_crop_box(
            seeds[0], height, width, params.crop_area, params.crop_aspect
        )
        top, left, height, width = tf.unstack(box)
        frames = frames[:, top : top + height, left : left + width]
        frames = _resize(frames, params.feature_shape[1:3])
        frames = clip_augmentation.random_flip(seeds[1], frames)
        return clip_augmentation.colour_jitter(seeds[2], frames, params.colour_jitter)

    def _centre(self, frames: tf.Tensor) -> tf.Tensor:
        """uint8 [F, h, w, 3] -> float32 [F, H, W, 3] in [0, 1]."""
        sides = tf.shape(frames)[1:3]
        sides = self._params.short_side * sides // tf.reduce_min(sides)
        frames = _resize(frames, sides)
        target = self._params.feature_shape[1:3]
        top, left = tf.unstack(tf.cast(tf.round((sides - target) / 2), tf.int32))
        return frames[:, top : top + target[0], left : left + target[1]]

    def _label(self, record: dict[str, tf.Tensor]) -> tf.Tensor:
        label, num_classes = record["label"], self._params.num_classes
        message = tf.strings.join(
            [
                record["name"],
                " has the label ",
                tf.strings.as_string(label),
                f"; with num_classes = {num_classes}, labels are 0 to {num_classes - 1}.",
            ]
        )
        in_range = (label >= 0) & (label < num_classes)
        with tf.control_dependencies([tf.debugging.Assert(in_range, [message])]):
            return tf.cast(label, tf.int32)


def clips_as_batch(clips: tf.Tensor, labels: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Names and joins the clips of a batch of videos, [B, N, T, H, W, 3] -> [B * N, T, H, W, 3]."""
    return {"image": tf.reshape(clips, [-1, *clips.shape[2:]])}, labels


def check_first_record(path: str) -> None:
    """Looks whether a file begins with a labelled clip of encoded frames.

    Args:
      path: a TFRecord file.

    Raises:
      ValueError: it does not; the message names the file.
    """
    try:
        record = next(iter(tf.data.TFRecordDataset(path).take(1)), None)
        if record is None:
            raise ValueError(f"{path} has no records.")
        example = tf.train.SequenceExample.FromString(record.numpy())
    except tf.errors.OpError as error:
        raise ValueError(f"{path} cannot be read: {error.message}") from error
    except Exception as error:
        if isinstance(error, ValueError):
            raise
        raise ValueError(f"{path} does not begin with a SequenceExample: {error}") from error
    if "image/encoded" not in example.feature_lists.feature_list:
        raise ValueError(
            f"{path} has no frames: its records lack image/encoded (mp4 clips are not read here)."
        )
    if "clip/label/index" not in example.context.feature:
        raise ValueError(f"{path} is not labelled: its records lack clip/label/index.")


def _check(params: DataConfig) -> None:
    positive = ("num_classes", "frame_rate", "record_frame_rate", "num_test_clips")
    for name in positive:
        if not getattr(params, name) > 0:
            raise ValueError(f"{name} must be above 0, not {getattr(params, name)!r}.")
    shape = params.feature_shape
    if len(shape) != 4 or shape[3] != 3 or not all(size > 0 for size in shape):
        raise ValueError(f"feature_shape must be frames, height, width and 3, not {shape!r}.")
    if params.short_side < max(shape[1:3]):
        raise ValueError(
            f"short_side = {params.short_side} is less than the crop of feature_shape = {shape!r}."
        )
    for name in ("crop_area", "crop_aspect"):
        low, high = getattr(params, name)
        if not 0 < low <= high:
            raise ValueError(f"{name} must be two positive numbers in order, not {(low, high)!r}.")
    if params.crop_area[1] > 1:
        raise ValueError(f"crop_area must not exceed 1, got {params.crop_area!r}.")
    if len(params.colour_jitter) != 4 or min(params.colour_jitter) < 0:
        raise ValueError(
            f"colour_jitter must be four numbers, none negative, not {params.colour_jitter!r}."
        )


def _pixels(frames: tf.Tensor) -> tf.Tensor:
    """Decodes frames, string [F], that are not yet uint8 [F, H, W, 3]."""
    if frames.dtype == tf.uint8:
        return frames
    pixels = tf.TensorSpec([None, None, 3], tf.uint8)
    return tf.map_fn(reading.decode_image, frames, fn_output_signature=pixels)


def _resize(frames: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
    """Bilinear; without filter, as frames in records of short side 256 hardly shrink."""
    return tf.image.resize(tf.cast(frames, tf.float32) / 255.0, sides)
