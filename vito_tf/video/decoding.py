# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Decodes the sampled frames of clips in the tf.data graph: JPEG frames, or videos.

Videos are decoded by tensorflow-io. What its op does, found by comparing it with PyAV over many
codecs and containers: it decodes the first video stream as a whole, in one thread, into frames in
presentation order, B-frames and the delayed last frames included. Where the width is no multiple of
16 pixels, FFmpeg's colour conversion writes past the end of the last row and damages the memory of
the process; such videos are refused here. Frames that a damaged file lacks are left out without an
error. Colours are converted by the BT.601 matrix, also where the file asks for BT.709 (most HD
video): a mean difference of 1 to 4 grey levels. It needs twice the memory of the decoded frames,
and ignores the display rotation that phones write. The rotation is applied here; long, large and
oddly wide videos are better cut into clips first (source `cut_videos`).

Of JPEG frames, those that do not begin and end as JPEG images do (truncated, overwritten, of
another format) are found before they are decoded; damage between is decoded as far as it goes.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from vito_tf import augmentation
from vito_tf.video import ffmpeg, probing, skipped

MAX_DECODED_BYTES = 2**30
"""Default limit to the decoded size of one video, in bytes: 15 s of 1280x720 at 25 fps."""

_WIDTH_STEP = 16  # pixels that FFmpeg's colour conversion writes at once
_JPEG_START = (0xFF, 0xD8, 0xFF)
_JPEG_END = (0xFF, 0xD9)
_JPEG_TAIL = 64  # bytes in which the end is looked for; some writers pad their files


def decode_video(contents: tf.Tensor) -> tf.Tensor:
    """Decodes all frames of a video, eagerly or in a graph.

    Args:
      contents: string scalar, bytes of an encoded video file that passes `check_decodable`.

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

    A clip that cannot be used is no error of the data set: it goes to the skip log, with the
    reason, and is flagged here. Only the log's own limit ends the data set.

    Args:
      clip: undecoded clip, see `clips.CLIP_SPEC`.
      indices: int32 [V] indices of the wanted frames.
      skip_log: counts the clips that fail and those that do not.
      max_decoded_bytes: a video fails when its frames (uint8) take more memory.

    Returns:
      frames: uint8 [V, H, W, 3], videos turned upright; a black [V, 1, 1, 3] if the clip failed.
      decoded: bool scalar, False if the clip failed.

    Raises:
      tf.errors.OpError: when run, when the skip log's limit is passed, for a JPEG frame with a
        damaged header (`skipped.plain_errors` gives the plain errors of both), or if tensorflow-io
        cannot decode videos here.
    """

    def from_jpegs():
        frames = tf.map_fn(
            lambda jpeg: tf.io.decode_jpeg(jpeg, channels=3),
            tf.gather(clip["images"], indices),
            fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8),
        )
        return frames

    failed = tf.TensorSpec([1, 1, 3], tf.uint8)
    frames, decoded = tf.cond(
        tf.size(clip["images"]) == 0,
        lambda: _frames_of_video(clip, indices, skip_log, max_decoded_bytes),
        lambda: _if_intact(clip, indices, skip_log, from_jpegs, failed),
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
      skip_log: counts the clips that fail and those that do not.
      max_decoded_bytes: a video fails when its frames (uint8) take more memory.

    Returns:
      views: float32 [V, S, S, 3] in [0, 1]; black if the clip failed.
      decoded: bool scalar, False if the clip failed.

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

        return tf.map_fn(crop, (indices, crop_seeds), fn_output_signature=view_spec)

    view_spec = tf.TensorSpec([image_size, image_size, 3], tf.float32)
    views, decoded = tf.cond(
        tf.size(clip["images"]) == 0,
        from_video,
        lambda: _if_intact(clip, indices, skip_log, from_jpegs, view_spec),
    )
    return tf.ensure_shape(views, [indices.shape[0], image_size, image_size, 3]), decoded


def decoded_only(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Passes over the elements (example, decoded) that could not be decoded; drops the flag."""
    decoded = dataset.filter(lambda _, decoded: decoded)
    return decoded.map(lambda example, _: example)


def check_decodable(width: int, num_bytes: int, max_decoded_bytes: int) -> None:
    """Raises `VideoError` if tensorflow-io should not decode a video.

    Args:
      width: of the stored frames, in pixels; a multiple of 16 passes.
      num_bytes: size of all frames as uint8 RGB.
      max_decoded_bytes: largest size that passes.
    """
    if width % _WIDTH_STEP:
        raise probing.VideoError(
            f"it is {width} pixels wide, and tensorflow-io damages memory when it decodes widths "
            f"that are no multiple of {_WIDTH_STEP}; cut it into clips (source cut_videos)"
        )
    if num_bytes > max_decoded_bytes:
        raise probing.VideoError(
            f"decoding it whole takes {num_bytes / 2**30:.2f} GiB, more than max_decoded_bytes = "
            f"{max_decoded_bytes}; cut it into clips (source cut_videos) or raise the limit"
        )


def _if_intact(
    clip: dict[str, tf.Tensor],
    indices: tf.Tensor,
    skip_log: skipped.SkipLog,
    decode: Callable[[], tf.Tensor],
    failed: tf.TensorSpec,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Calls `decode` if the wanted JPEG frames seem whole; otherwise gives black ones, as `failed`.

    Python runs for damaged frames only.
    """
    intact = _are_jpegs(tf.gather(clip["images"], indices))

    def use():
        skip_log.use_in_graph()
        return decode(), tf.constant(True)

    def skip():
        def note(name: bytes, damaged: np.ndarray) -> np.bool_:
            skip_log.skip(os.fsdecode(name), f"its frame {damaged.min()} is no whole JPEG image")
            skip_log.check()
            return np.bool_(False)

        damaged = tf.boolean_mask(indices, tf.logical_not(intact))
        decoded = tf.numpy_function(note, [clip["name"], damaged], tf.bool)
        black = tf.zeros([indices.shape[0], *failed.shape], failed.dtype)
        return black, tf.ensure_shape(decoded, [])

    return tf.cond(tf.reduce_all(intact), use, skip)


def _are_jpegs(images: tf.Tensor) -> tf.Tensor:
    """Returns bool [V]: which of the images, string [V], begin and end as JPEG images do."""
    head = tf.io.decode_raw(images, tf.uint8, fixed_length=len(_JPEG_START))
    length = tf.minimum(tf.strings.length(images), _JPEG_TAIL)
    tail = tf.strings.substr(images, -length, length)
    tail = tf.io.decode_raw(tail, tf.uint8, fixed_length=_JPEG_TAIL)
    ends = (tail[:, :-1] == _JPEG_END[0]) & (tail[:, 1:] == _JPEG_END[1])
    return tf.reduce_all(head == _JPEG_START, 1) & tf.reduce_any(ends, 1)


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
        first = next(container.decode(container.streams.video[0]), None)
        if first is None:
            raise probing.VideoError("no frame of it can be decoded")
        num_bytes = first.width * first.height * 3 * num_frames
        check_decodable(first.width, num_bytes, max_decoded_bytes)
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
