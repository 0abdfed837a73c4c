# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Embeds the images and videos of folders that the user names, within a pipeline (Beam)."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator, Sequence

import apache_beam as beam
import numpy as np
import tensorflow as tf
from absl import logging
from apache_beam.utils import shared
from PIL import Image, ImageOps

from vito_tf.curation.classifiers import Classifier, LoadedClassifier
from vito_tf.curation.name_order import name_key, name_of
from vito_tf.curation.similarity import Embedded, rounded
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.listings import absolute, files_below, is_remote
from vito_tf.video.video_files import VIDEO_SUFFIXES

_IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
_FILES_AT_ONCE = 100
_PICTURES_AT_ONCE = 25

# A video is embedded piece by piece, each as long as a source's first 100 frames at 25 fps, by the
# mean of some of its frames.
_PIECE_SECONDS = 4.0
_PIECE_FRAME_RATE = 2.5


class EmbedFolders(beam.PTransform):
    """Pipeline -> PCollection of `Embedded`: images, and pieces of videos, of some folders.

    Embeddings are features of a classifier, of a video's piece their mean over its frames. A file
    that cannot be opened is left out with a warning.
    """

    def __init__(
        self, folders: Sequence[str], classifier: Classifier, binding: str, videos: bool = False
    ):
        """Lists the files.

        Args:
            folders: local or of `tf.io.gfile`, searched with their sub-folders.
            classifier: whose features are used.
            binding: gin binding of the folders, for messages.
            videos: whether videos are embedded, too; they must be local.

        Raises:
            ValueError: a folder holds no file of these kinds.
        """
        super().__init__()
        suffixes = (*_IMAGE_SUFFIXES, *VIDEO_SUFFIXES) if videos else _IMAGE_SUFFIXES
        self._classifier = classifier
        self._files: list[bytes] = []
        for folder in folders:
            folder = folder if is_remote(folder) else absolute(os.path.expanduser(folder))
            found = [path for path in files_below(folder) if path.lower().endswith(suffixes)]
            if not found:
                raise ValueError(f"{binding}: {folder!r} holds no file {', '.join(suffixes)}.")
            self._files += [name_key(path) for path in sorted(found)]

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Embedded]:
        starts = range(0, len(self._files), _FILES_AT_ONCE)
        return (
            begin
            | "Files" >> beam.Create([self._files[i : i + _FILES_AT_ONCE] for i in starts])
            | "Spread" >> beam.Reshuffle()
            | "Embed" >> beam.ParDo(_Embed(self._classifier))
        )


class _Embed(beam.DoFn):
    """List of paths -> `Embedded`."""

    def __init__(self, classifier: Classifier):
        super().__init__()
        self._classifier = classifier
        self._shared = shared.Shared()

    def setup(self) -> None:
        self._loaded: LoadedClassifier = self._shared.acquire(self._classifier.load)

    def process(self, paths: Sequence[bytes]) -> Iterator[Embedded]:
        shown = (
            (key, images) for key in paths for images in _shown(name_of(key), self._classifier)
        )
        while some := list(itertools.islice(shown, _PICTURES_AT_ONCE)):
            features = self._loaded(np.concatenate([images for _, images in some])).features
            ends = np.cumsum([len(images) for _, images in some])
            means = [part.mean(axis=0) for part in np.split(features.astype(np.float64), ends[:-1])]
            yield Embedded(tuple(key for key, _ in some), rounded(means))


def _shown(path: str, classifier: Classifier) -> Iterator[np.ndarray]:
    """What is to be embedded of a file, piece by piece: uint8 [n, S, S, 3], n frames each."""
    try:
        if path.lower().endswith(VIDEO_SUFFIXES):
            side = round(classifier.image_size / classifier.crop_share)
            for clip in cut_video(
                path,
                CutSettings(
                    clip_seconds=_PIECE_SECONDS,
                    frame_rate=_PIECE_FRAME_RATE,
                    short_side=side,
                    min_seconds=0.0,
                ),
            ):
                yield np.stack([central_square(image, classifier) for image in clip.images])
        else:
            with tf.io.gfile.GFile(path, "rb") if is_remote(path) else open(path, "rb") as file:
                yield central_square(file.read(), classifier)[None]
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        tf.errors.OpError,
    ) as error:
        logging.warning("%s is left out: %s", path, error)


def central_square(data: bytes, classifier: Classifier) -> np.ndarray:
    """The square of an encoded image that a classifier sees, upright: uint8 [S, S, 3].

    The shorter side is resized (bicubic) to S / crop_share, of which the middle is taken.
    """
    size = classifier.image_size
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = round(size / classifier.crop_share) / min(upright.size)
    width, height = (max(size, round(scale * side)) for side in upright.size)
    resized = upright.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    return np.asarray(resized.crop((left, top, left + size, top + size)))
