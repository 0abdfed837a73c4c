# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Frames of clips as a frozen encoder should see them: no augmentation, a central crop."""

from __future__ import annotations

import tensorflow as tf

from vito_tf import augmentation
from vito_tf.video import clips as clips_lib
from vito_tf.video import decoding, frame_sampling, skipped


def central_frames(
    clips: clips_lib.Clips,
    image_size: int,
    skip_log: skipped.SkipLog,
    crop_share: float = 0.875,
    max_clips: int | None = None,
    microseconds: int | None = None,
) -> tf.data.Dataset:
    """One frame of each clip, its central square resized.

    Args:
      clips: what to read, in fixed order.
      image_size: S.
      skip_log: where clips that cannot be decoded are counted; they are passed over.
      crop_share: side of the square as a share of the frame's shorter side (BYOL: 224 / 256).
      max_clips: how many clips to read at the most.
      microseconds: when in the clip the frame is on display; None for the clip's middle.

    Returns:
      A dataset of `image` [S, S, 3] float32 in [0, 1], `label` int64 and `name` string.
    """

    def frame_of(clip):
        start = clip["timestamps"][0]
        time = (
            (start + clip["end_timestamp"]) // 2 if microseconds is None else start + microseconds
        )
        index = frame_sampling.frames_on_display(clip["timestamps"], time[None])
        frames, decoded = decoding.decode_frames(clip, index, skip_log)
        image = central_square(frames[0], image_size, crop_share)
        return {"image": image, "label": clip["label"], "name": clip["name"]}, decoded

    dataset = clips.read().take(-1 if max_clips is None else max_clips)
    dataset = dataset.map(
        tf.autograph.experimental.do_not_convert(frame_of), num_parallel_calls=tf.data.AUTOTUNE
    )
    return decoding.decoded_only(dataset)


def central_square(image: tf.Tensor, image_size: int, crop_share: float = 0.875) -> tf.Tensor:
    """Central square of a uint8 frame [H, W, 3], as float32 [S, S, 3] in [0, 1]."""
    height, width = tf.unstack(tf.shape(image)[:2])
    side = tf.cast(tf.round(crop_share * tf.cast(tf.minimum(height, width), tf.float32)), tf.int32)
    side = tf.maximum(side, 1)
    box = tf.stack([(height - side) // 2, (width - side) // 2, side, side])
    return augmentation.crop_and_resize(image, box, image_size)
