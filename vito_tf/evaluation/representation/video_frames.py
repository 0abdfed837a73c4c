# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Frames of untrusted videos, and of videos that are folders of pictures, at an even rate."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.evaluation import data_errors, image_sets
from vito_tf.ingestion import limits, sandbox
from vito_tf.transfer.datasets import photos
from vito_tf.video import cutter, listings, probing, video_files

FEWEST_FRAMES = 3


class FrameSequence(NamedTuple):
    """The beginning of a video.

    Attributes:
      name: of the file or folder, below the folder of all.
      images: encoded pictures in the order of time, `FEWEST_FRAMES` at least.
    """

    name: str
    images: Sequence[bytes]

    @property
    def frame_names(self) -> list[str]:
        """One for each picture, one of a kind among all videos."""
        return [f"{self.name}#{number:05d}" for number in range(len(self.images))]


class Rate(NamedTuple):
    """Which frames are taken of a video.

    Attributes:
      seconds: from the start on.
      frame_rate: frames per second; a slower video keeps all of its own.
      folder_frame_rate: frames per second of videos that are folders of pictures.
      short_side: the shorter side of a frame of a video file, in pixels; a smaller one stays.
    """

    seconds: float
    frame_rate: float
    folder_frame_rate: float
    short_side: int


def find(folder: str) -> list[str]:
    """Video files and folders of pictures in a folder and all folders below, sorted."""
    found = set()
    for path in listings.files_below(folder) if os.path.isdir(folder) else ():
        if path.lower().endswith(video_files.VIDEO_SUFFIXES):
            found.add(path)
        elif path.lower().endswith(photos.SUFFIXES) and os.path.dirname(path) != folder:
            found.add(os.path.dirname(path))
    return sorted(found)


def read(
    folder: str, paths: Sequence[str], rate: Rate, left_out: list[data_errors.LeftOut]
) -> list[FrameSequence]:
    """Reads the beginnings of videos; files are opened in a process of their own.

    Args:
      folder: of all.
      paths: from `find`.
      rate: which frames to take.
      left_out: receives the videos that cannot be used.
    """
    videos = []
    with sandbox.Sandbox(limits.Limits()) as decoder:
        for path in progress.bar(paths, desc="Reading videos", unit="video"):
            name = os.fsencode(os.path.relpath(path, folder)).decode("utf-8", "replace")
            try:
                if os.path.isdir(path):
                    images = _of_folder(path, rate)
                else:
                    images = _of_file(decoder, path, rate)
            except (probing.VideoError, OSError) as error:
                left_out.append(data_errors.LeftOut(name, str(error)))
                continue
            if len(images) < FEWEST_FRAMES:
                reason = f"{len(images)} frames of it are taken where {FEWEST_FRAMES} are needed"
                left_out.append(data_errors.LeftOut(name, reason))
                continue
            videos.append(FrameSequence(name, images))
    return videos


def image_set(videos: Sequence[FrameSequence]) -> image_sets.ImageSet:
    """All frames of all videos as one set."""

    def frames():
        for video in videos:
            for name, image in zip(video.frame_names, video.images):
                yield {"name": name, "image": image, "label": 0}

    signature = {
        "name": tf.TensorSpec([], tf.string),
        "image": tf.TensorSpec([], tf.string),
        "label": tf.TensorSpec([], tf.int64),
    }
    return image_sets.ImageSet(
        "frames",
        lambda: tf.data.Dataset.from_generator(frames, output_signature=signature),
        sum(len(video.images) for video in videos),
    )


def _of_file(decoder: sandbox.Sandbox, path: str, rate: Rate) -> Sequence[bytes]:
    settings = cutter.CutSettings(
        clip_seconds=rate.seconds,
        frame_rate=rate.frame_rate,
        short_side=rate.short_side,
        min_seconds=0,
        encoding="jpeg",
        stride_seconds=None,
        repeat_frames=False,
    )
    with contextlib.closing(decoder.cut(path, settings)) as clips:  # type: ignore[type-var]
        return next(clips).images


def _of_folder(path: str, rate: Rate) -> Sequence[bytes]:
    names = sorted(
        name
        for name in os.listdir(path)
        if name.lower().endswith(photos.SUFFIXES) and not name.startswith(".")
    )
    times = np.arange(0, rate.seconds, 1 / rate.frame_rate)
    wanted = np.unique(np.round(times * rate.folder_frame_rate).astype(int))
    images = []
    for number in wanted[wanted < len(names)]:
        with open(os.path.join(path, names[number]), "rb") as file:
            images.append(file.read())
    return images
