# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Source `video_files`: video files of the user, decoded in the input pipeline as they are.

Made for short videos: each file is one clip and is decoded as a whole. Long ones, and those whose
width is no multiple of 16 pixels, are better cut into clip records once (source `cut_videos`).
"""

from __future__ import annotations

import concurrent.futures
import glob
import os
from collections.abc import Sequence

import gin
import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.video import clips, decoding, ffmpeg, probing, skipped

VIDEO_SUFFIXES = (
    ".avi",
    ".asf",
    ".flv",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mts",
    ".ogv",
    ".ts",
    ".vob",
    ".webm",
    ".wmv",
    ".3gp",
)


def expand_video_pattern(
    pattern: str | Sequence[str], binding: str = "video_files.pattern"
) -> list[str]:
    """Lists the video files that a pattern names.

    Args:
      pattern: a file, a folder (searched with all its sub-folders), a glob (`**` spans folders), or
        a list of these. `~` is the home folder. Hidden files are left out.
      binding: gin binding of the pattern, for messages.

    Returns:
      The paths, sorted, without duplicates.

    Raises:
      ValueError: if a pattern matches nothing, or nothing with the suffix of a video.
    """
    patterns = [pattern] if isinstance(pattern, str) else list(pattern)
    if not any(patterns):
        raise ValueError(f"{binding} is empty; give a folder, a glob or a list of them.")
    return sorted({path for each in patterns for path in _expand(each, binding)})


def _expand(pattern: str, binding: str) -> list[str]:
    expanded = os.path.expanduser(pattern)
    matches = [expanded] if os.path.exists(expanded) else glob.glob(expanded, recursive=True)
    if not matches:
        raise ValueError(f"{binding} = '{pattern}' matches no file or folder.")
    files = []
    for match in matches:
        if os.path.isdir(match):
            match = os.path.join(glob.escape(match), "**")
            files.extend(glob.glob(match, recursive=True))
        else:
            files.append(match)
    videos = [f for f in files if f.lower().endswith(VIDEO_SUFFIXES) and os.path.isfile(f)]
    if not videos:
        raise ValueError(
            f"{binding} = '{pattern}' matches no video; known suffixes are "
            f"{', '.join(VIDEO_SUFFIXES)}."
        )
    return videos


@gin.configurable
def video_files(
    work_dir: str,
    pattern: str | Sequence[str] = gin.REQUIRED,
    labels: str | None = None,
    min_seconds: float = 1.28,
    max_decoded_bytes: int = decoding.MAX_DECODED_BYTES,
    max_skipped_share: float = 0.5,
) -> clips.Clips:
    """Probes the user's video files; each usable one is a clip.

    A file that cannot be used is skipped, and listed with the reason in `work_dir/skipped.tsv`.

    Args:
      work_dir: folder for the list of skipped files.
      pattern: as in `expand_video_pattern`.
      labels: 'folder' takes the name of a file's folder as its class; None leaves it unlabelled.
      min_seconds: shorter videos are skipped. The default is the shortest T of Fig. B.2; videos
        shorter than T are sampled over their whole length.
      max_decoded_bytes: videos whose frames take more memory (uint8 RGB) are skipped. Decoding one
        takes twice that much while it lasts.
      max_skipped_share: largest share of the files that may be skipped, in [0, 1].

    Returns:
      The clips, in the order of their paths.

    Raises:
      ValueError: for an unknown `labels`, a pattern without videos, or too many unusable files.
      FFmpegUnavailableError: if tensorflow-io cannot decode on this machine.
    """
    if labels not in (None, "folder"):
        raise ValueError(f"video_files.labels must be None or 'folder', got '{labels}'.")
    paths = expand_video_pattern(pattern)
    ffmpeg.load_ffmpeg_op()
    log = skipped.SkipLog(
        os.path.join(work_dir, "skipped.tsv"),
        max_share=max_skipped_share,
        binding="video_files.max_skipped_share",
    )

    def probe(path: str) -> probing.VideoInfo | probing.VideoError:
        try:
            info = probing.probe_video(path)
            if info.seconds < min_seconds:
                raise probing.VideoError(
                    f"it lasts {info.seconds:.2f} s, less than video_files.min_seconds = "
                    f"{min_seconds:g}"
                )
            decoding.check_decodable(info.width, info.decoded_bytes, max_decoded_bytes)
            return info
        except probing.VideoError as error:
            return error

    usable, infos = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = progress.bar(
            pool.map(probe, paths), desc="Probing videos", total=len(paths), unit="file"
        )
        for info, path in zip(results, paths):
            if isinstance(info, probing.VideoError):
                log.skip(path, str(info))
            else:
                log.use()
                usable.append(path)
                infos.append(info)
    log.check(final=True)
    return VideoFiles(usable, infos, labelled=labels == "folder")


class VideoFiles(clips.Clips):
    """Probed video files as clips."""

    def __init__(
        self, paths: Sequence[str], infos: Sequence[probing.VideoInfo], labelled: bool = False
    ):
        """Takes the files in the fixed order of `read`, with what probing found about each.

        Args:
          paths: the files.
          infos: their frame times.
          labelled: whether the name of a file's folder is its class.
        """
        self.num_clips = len(paths)
        folders = [os.path.basename(os.path.dirname(os.path.abspath(path))) for path in paths]
        self.class_names = tuple(sorted(set(folders))) if labelled else ()
        labels = {name: label for label, name in enumerate(self.class_names)}
        self._names = tf.constant([os.fsencode(path) for path in paths])
        self._labels = tf.constant([labels.get(f, clips.UNLABELLED) for f in folders], tf.int64)
        self._timestamps = tf.constant(np.concatenate([info.timestamps for info in infos]))
        self._ends = tf.constant(np.cumsum([len(info.timestamps) for info in infos]))
        self._end_timestamps = tf.constant([info.end_timestamp for info in infos], tf.int64)

    def read(
        self, seed: clips.Seed | None = None, num_shards: int = 1, shard: int = 0
    ) -> tf.data.Dataset:
        """See `Clips.read`. A file that has disappeared is a clip of an empty video."""
        order = tf.range(self.num_clips)
        if seed is not None:
            keys = tf.random.stateless_uniform(
                [self.num_clips],
                tf.stack([tf.cast(seed, tf.int64), tf.constant(0, tf.int64)]),
                minval=None,
                maxval=None,
                dtype=tf.int64,
            )
            order = tf.argsort(keys, stable=True)
        dataset = tf.data.Dataset.from_tensor_slices(order[shard::num_shards])
        return dataset.map(self._load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def _load(self, index: tf.Tensor) -> dict[str, tf.Tensor]:
        name = self._names[index]
        video = tf.numpy_function(_read_file, [name], tf.string, stateful=False)
        video.set_shape([])
        start = tf.where(index > 0, self._ends[tf.maximum(index - 1, 0)], 0)
        return {
            "name": name,
            "label": self._labels[index],
            "timestamps": self._timestamps[start : self._ends[index]],
            "end_timestamp": self._end_timestamps[index],
            "images": tf.zeros([0], tf.string),
            "video": video,
        }


def _read_file(path: bytes) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
