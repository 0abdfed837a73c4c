# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Source of clips: TFRecord files of `SequenceExample`s (see `vito_tf.video.clip_examples`)."""

from __future__ import annotations

from collections.abc import Sequence

import gin
import tensorflow as tf

from vito_tf.video import ffmpeg
from vito_tf.video.clip_examples import parse_clip
from vito_tf.video.clips import Clips
from vito_tf.video.record_files import TRAIN, RecordFiles


@gin.configurable
def clip_records(
    work_dir: str,
    file_pattern: str | Sequence[str] = gin.REQUIRED,
    shuffle_buffer: int | None = None,
    class_names: Sequence[str] | None = None,
    frame_rate: float = 25.0,
    split: str = TRAIN,
) -> Clips:
    """Clips from TFRecord files, our own (`cut_videos`, ingest) or those of Model Garden and DMVR.

    The number of clips and the names of the classes come from the `dataset_info.json` beside the
    files; files that it does not describe are counted once, which reads little.

    Args:
        work_dir: not used; reading leaves nothing behind.
        file_pattern: a folder, a glob, or a list of these. Of a folder, the files of the split are
            read or, if its `dataset_info.json` names no splits, all `*.tfrecord*` files.
        shuffle_buffer: number of clips held in memory to shuffle them, at least 1; None for as many
            as fit into 512 MiB. The order of the files is shuffled, too.
        class_names: names of the classes, by label, in place of those of `dataset_info.json`.
            Without either the clips count as unlabelled.
        frame_rate: frames per second of records that do not say when their frames were.
        split: which split of the folder is read, such as ingest's `train` and `held_out`.

    Returns:
        The clips. Sharded reading divides the files where every shard gets as many of them, and
        otherwise the clips one by one (each shard then reads all files).

    Raises:
        ValueError: no file matches, a file is damaged, there is no clip in them, the first record
            is no clip, there is no such split, or an argument is outside its range. The message
            names the file or binding.
        FFmpegUnavailableError: the first record is a video, and tensorflow-io cannot decode on this
            machine.
    """
    del work_dir
    if not frame_rate > 0:
        raise ValueError(f"clip_records.frame_rate must be above 0, got {frame_rate}.")
    clips = _ClipRecords("clip_records", file_pattern, class_names, shuffle_buffer, split)
    clips.frame_rate = frame_rate
    if _holds_video(clips.first_record, clips.first_path):
        ffmpeg.load_ffmpeg_op()
    return clips


def _holds_video(serialized: bytes, path: str) -> bool:
    """Whether a clip is a video, and not JPEG frames; a ValueError if it is no clip at all."""
    try:
        example = tf.train.SequenceExample.FromString(serialized)
    except Exception as error:
        raise ValueError(f"{path} does not begin with a SequenceExample: {error}") from error
    context, lists = example.context.feature, example.feature_lists.feature_list
    if "image/encoded" in lists:
        return False
    if "video/encoded" in context and "image/timestamp" in lists:
        return True
    raise ValueError(
        f"The records of {path} are no clips: neither the feature list image/encoded nor "
        f"video/encoded with the feature list image/timestamp is among their keys "
        f"({', '.join(sorted([*context, *lists])) or 'none'})."
    )


class _ClipRecords(RecordFiles):
    frame_rate: float

    def parse(self, serialized: tf.Tensor, record_id: tf.Tensor) -> dict[str, tf.Tensor]:
        return parse_clip(serialized, self.frame_rate)
