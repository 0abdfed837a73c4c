# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Decodes the sampled frames of clips in the tf.data graph: JPEG frames, or videos.

Videos are decoded by tensorflow-io. What its op does, found by comparing it with PyAV over many
codecs and containers: it decodes the first video stream as a whole, in one thread, into frames in
presentation order, B-frames and the delayed last frames included, odd sizes as they are. Frames
that a damaged file lacks are left out without an error. Colours are converted by the BT.601 matrix,
also where the file asks for BT.709 (most HD video): a mean difference of 1 to 4 grey levels. It
needs twice the memory of the decoded frames, and ignores the display rotation that phones write.
The rotation is applied here; long or large videos are better cut into clips first (source
`cut_videos`).
"""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from vito_tf import augmentation
from vito_tf.video import ffmpeg, probing, skipped

MAX_DECODED_BYTES = 2**30
"""Default limit to the decoded size of one video, in bytes: 15 s of 1280x720 at 25 fps."""


def decode_video(contents: tf.Tensor) -> tf.Tensor:
    """Decodes all frames of a video, eagerly or in a graph.

    Args:
      contents: string scalar, bytes of an encoded video file.

    Returns:
      uint8 [F, H, W, 3] RGB frames in presentation order, as stored (not rotated for display).

    Raises:
      FFmpegUnavailableError: if tensorflow-io cannot decode on this machine.
      tf.errors.InvalidArgumentError: when run, if the contents are no video that FFmpeg 4 decodes.
    """
    frames = ffmpeg.load_ffmpeg_op().decode_video(contents)
    return tf.ensure_shape(frames, [None, None, None, 3])


def decode_frames(
    clip: dict[str, tf.Tensor],
    indices: tf.Tensor,
    skip_log: skipped.SkipLog,
    max_decoded_bytes: int = MAX_DECODED_BYTES,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes some frames of an undecoded clip as a whole; for use in `tf.data.Dataset.map`.

    A video that cannot be used never is an error of the data set: it goes to the skip log, with the
    reason, and is flagged here. Only the log's own limit ends the data set.

    Args:
      clip: undecoded clip, see `clips.CLIP_SPEC`.
      indices: int32 [V] indices of the wanted frames.
      skip_log: counts the videos that fail and those that do not.
      max_decoded_bytes: a video fails when its frames (uint8) take more memory.

    Returns:
      frames: uint8 [V, H, W, 3], videos turned upright; a black [V, 1, 1, 3] if the video failed.
      decoded: bool scalar, False if the video failed.

    Raises:
      tf.errors.OpError: when run, for a damaged JPEG frame, when the skip log's limit is passed
        (its `check` then gives the plain error), or if tensorflow-io cannot decode videos here.
    """

    def from_jpegs():
        frames = tf.map_fn(
            lambda jpeg: tf.io.decode_jpeg(jpeg, channels=3),
            tf.gather(clip["images"], indices),
            fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8),
        )
        return frames, tf.constant(True)

    frames, decoded = tf.cond(
        tf.size(clip["images"]) == 0,
        lambda: _frames_of_video(clip, indices, skip_log, max_decoded_bytes),
        from_jpegs,
    )
    return tf.ensure_shape(frames, [indices.shape[0], None, None, 3]), decoded


def decode_crops(
    clip: dict[str, tf.Tensor],
    indices: tf.Tensor,
    crop_seeds: tf.Tensor,
    min_crop_area: float,
    image_size: int,
    skip_log: skipped.SkipLog,
    max_decoded_bytes: int = MAX_DECODED_BYTES,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes a random crop of each of some frames of an undecoded clip.

    Of JPEG frames only the crop is decoded. Otherwise as `decode_frames`.

    Args:
      clip: undecoded clip, see `clips.CLIP_SPEC`.
      indices: int32 [V] indices of the wanted frames.
      crop_seeds: int32 [V, 2] seeds of the crops.
      min_crop_area: smallest share of the frame that a crop covers.
      image_size: S, side of the resized crops in pixels.
      skip_log: counts the videos that fail and those that do not.
      max_decoded_bytes: a video fails when its frames (uint8) take more memory.

    Returns:
      views: float32 [V, S, S, 3] in [0, 1]; black if the video failed.
      decoded: bool scalar, False if the video failed.

    Raises:
      tf.errors.OpError: as `decode_frames`.
    """

    def from_video():
        frames, decoded = _frames_of_video(clip, indices, skip_log, max_decoded_bytes)
        height, width = tf.unstack(tf.shape(frames)[1:3])

        def crop(args):
            frame, seed = args
            box = augmentation.random_crop_box(seed, height, width, min_crop_area)
            return augmentation.crop_and_resize(frame, box, image_size)

        return tf.map_fn(crop, (frames, crop_seeds), fn_output_signature=view_spec), decoded

    def from_jpegs():
        def crop(args):
            index, seed = args
            jpeg = clip["images"][index]
            height, width, _ = tf.unstack(tf.io.extract_jpeg_shape(jpeg))
            box = augmentation.random_crop_box(seed, height, width, min_crop_area)
            return augmentation.decode_crop_and_resize(jpeg, box, image_size)

        views = tf.map_fn(crop, (indices, crop_seeds), fn_output_signature=view_spec)
        return views, tf.constant(True)

    view_spec = tf.TensorSpec([image_size, image_size, 3], tf.float32)
    views, decoded = tf.cond(tf.size(clip["images"]) == 0, from_video, from_jpegs)
    return tf.ensure_shape(views, [indices.shape[0], image_size, image_size, 3]), decoded


def check_decoded_bytes(num_bytes: int, max_decoded_bytes: int) -> None:
    """Raises `VideoError` if the frames of a video take more memory than allowed."""
    if num_bytes > max_decoded_bytes:
        raise probing.VideoError(
            f"decoding it whole takes {num_bytes / 2**30:.2f} GiB, more than max_decoded_bytes = "
            f"{max_decoded_bytes}; cut it into clips (source cut_videos) or raise the limit"
        )


def _frames_of_video(
    clip: dict[str, tf.Tensor],
    indices: tf.Tensor,
    skip_log: skipped.SkipLog,
    max_decoded_bytes: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    def decode(
        name: tf.Tensor, video: tf.Tensor, wanted: tf.Tensor, num_frames: tf.Tensor
    ) -> tuple[np.ndarray, bool]:
        try:
            frames = _decode_upright(video, wanted, num_frames, max_decoded_bytes)
        except probing.VideoError as error:
            skip_log.skip(os.fsdecode(name.numpy()), str(error))
            skip_log.check()
            return np.zeros([len(wanted), 1, 1, 3], np.uint8), False
        skip_log.use()
        return frames, True

    frames, decoded = tf.py_function(
        decode,
        [clip["name"], clip["video"], indices, tf.size(clip["timestamps"])],
        [tf.uint8, tf.bool],
    )
    return tf.ensure_shape(frames, [indices.shape[0], None, None, 3]), tf.ensure_shape(decoded, [])


def _decode_upright(
    video: tf.Tensor, indices: tf.Tensor, num_frames: tf.Tensor, max_decoded_bytes: int
) -> np.ndarray:
    """Returns frames uint8 [V, H, W, 3] of a video that announces `num_frames` (all eager)."""
    contents, num_frames = video.numpy(), int(num_frames)
    if not contents:
        raise probing.VideoError("it is empty or can no longer be read")
    with probing.open_video(contents) as container:
        stream = container.streams.video[0]
        size = stream.codec_context.width * stream.codec_context.height * 3
        check_decoded_bytes(size * num_frames, max_decoded_bytes)
        first = next(container.decode(stream), None)
        if first is None:
            raise probing.VideoError("no frame of it can be decoded")
    try:
        with tf.device("/CPU:0"):
            frames = decode_video(video).numpy()
    except tf.errors.OpError as error:
        reason = error.message.split("}} ")[-1].split(" [Op:")[0]
        raise probing.VideoError(f"tensorflow-io cannot decode it ({reason})") from error
    if len(frames) < num_frames:
        raise probing.VideoError(f"it decodes to {len(frames)} frames instead of {num_frames}")
    quarter_turns = round(first.rotation / 90)
    return np.rot90(frames[indices.numpy()], k=quarter_turns, axes=(1, 2))
