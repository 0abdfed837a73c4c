# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Benchmark `representation`: whether features collapse, and how they lie and move."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import gin
import numpy as np

from vito_tf.evaluation import benchmark, data_errors, image_sets, page, picture_files
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.representation import (
    motion,
    random_views,
    representation_pictures,
    spread,
    video_frames,
)

_IMAGES, _VIDEOS = "images", "videos"
_CROP_SHARE = 224 / 256


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Representation(benchmark.Benchmark):
    """Figures that help to judge an encoder without labels. The paper reports none of them.

    Of images: effective rank, spread, alignment and uniformity; of videos: temporal stability, and
    the curvature of trajectories in feature space beside that in pixel space. The definitions are
    in `geometry`. Rank, spread and uniformity are of central crops (BYOL, C.1), alignment of pairs
    of augmented views (A1 and A2).

    Attributes:
      max_images: so many, drawn by chance, are used at the most; the rank needs a singular value
        decomposition of all features. Our choice.
      max_videos: so many, evenly spread over the sorted names, are used at the most. Our choice.
      seconds: from the start of a video. Our choice.
      frame_rate: of the frames that are taken, per second. Our choice.
      folder_frame_rate: of videos that are folders of pictures; DAVIS has 24.
      min_crop_area: of the augmented views, as a share of the image, in (0, 1] (BYOL: 0.08).
      seed: of the choice of images and of the views.

    Raises:
      ValueError: a value is outside its range.
    """

    NAME: ClassVar[str] = "representation"
    TITLE: ClassVar[str] = "Geometry of the representation"
    DATA: ClassVar[str] = (
        "A folder with images/ (any pictures, in any folders below; labels do not matter) and "
        "videos/ (video files, and folders of frames such as DAVIS's JPEGImages/480p/*), or one of "
        "them. A folder with neither is taken for images."
    )

    max_images: int = 10_000
    max_videos: int = 100
    seconds: float = 3.0
    frame_rate: float = 10.0
    folder_frame_rate: float = 24.0
    min_crop_area: float = 0.08
    seed: int = 0

    def __post_init__(self) -> None:
        name = type(self).__name__
        for field in ("max_images", "max_videos"):
            if getattr(self, field) < 1:
                raise ValueError(f"{name}.{field} must be at least 1, got {getattr(self, field)}.")
        for field in ("frame_rate", "folder_frame_rate"):
            if not 0 < getattr(self, field) <= 1000:
                raise ValueError(
                    f"{name}.{field} must be in (0, 1000], got {getattr(self, field)}."
                )
        if not self.seconds * self.frame_rate >= video_frames.FEWEST_FRAMES:
            raise ValueError(
                f"{name}.seconds = {self.seconds} at {name}.frame_rate = {self.frame_rate} are "
                f"fewer than {video_frames.FEWEST_FRAMES} frames."
            )
        if not 0 < self.min_crop_area <= 1:
            raise ValueError(f"{name}.min_crop_area must be in (0, 1], got {self.min_crop_area}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        all_paths, all_videos = _find(data)
        paths, videos = self._chosen(all_paths, all_videos)
        parts = []
        if paths:
            names = [os.path.relpath(path, data) for path in paths]
            images = image_sets.of_files("images", paths, names=names)
            views = random_views.pair(self.min_crop_area, self.seed)
            parts.append(spread.measure(encoder, images, views, context.extractor))
        if videos:
            unusable: list[data_errors.LeftOut] = []
            folder = os.path.join(data, _VIDEOS)
            read = video_frames.read(folder, videos, self._rate(encoder.image_size), unusable)
            if not read and not parts:
                first = f"{unusable[0].name}: {unusable[0].reason}"
                raise data_errors.DataError(f"{data}: no video can be used (first: {first}).")
            parts.append(motion.measure(encoder, read, unusable, context.extractor))
        absent, notes = [], []
        for kind, found, used in ((_IMAGES, all_paths, paths), (_VIDEOS, all_videos, videos)):
            if not found:
                reason = f"there are no {kind} among the data"
                absent.append(data_errors.LeftOut(f"figures of {kind}", reason))
            elif len(used) < len(found):
                limit = f"Representation.max_{kind}"
                notes.append(f"{len(used)} of {len(found)} {kind} were used ({limit}).")
        return _joined(parts, absent, notes)

    def _rate(self, image_size: int) -> video_frames.Rate:
        short_side = max(2, round(image_size / _CROP_SHARE))
        return video_frames.Rate(self.seconds, self.frame_rate, self.folder_frame_rate, short_side)

    def _chosen(
        self, paths: Sequence[str], videos: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Pictures and videos that are used."""
        if len(paths) > self.max_images:
            rng = np.random.default_rng(self.seed)
            chosen = rng.choice(len(paths), self.max_images, replace=False)
            paths = [paths[index] for index in sorted(chosen)]
        if len(videos) > self.max_videos:
            chosen = np.linspace(0, len(videos) - 1, self.max_videos).round().astype(int)
            videos = [videos[index] for index in chosen]
        return paths, videos

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = {name: one.result for name, one in finished.items()}
        yield page.Text(
            "No table of the paper has these figures; they tell whether an encoder has collapsed "
            "and compare encoders on the same images and videos."
        )
        yield from representation_pictures.of_images(results)
        yield from representation_pictures.of_videos(results)


def _find(data: str) -> tuple[list[str], list[str]]:
    """All pictures and videos of a data folder.

    Raises:
      DataError: there are none.
    """
    if not os.path.isdir(data):
        raise data_errors.DataError(f"{data} is no folder. {Representation.DATA}")
    images, videos = (os.path.join(data, name) for name in (_IMAGES, _VIDEOS))
    if os.path.isdir(images) or os.path.isdir(videos):
        found = picture_files.below(images), video_frames.find(videos)
    else:
        found = picture_files.below(data), []
    if not any(found):
        raise data_errors.DataError(
            f"{data} holds neither pictures nor videos. {Representation.DATA}"
        )
    return found


def _joined(
    parts: Sequence[benchmark.Result],
    absent: Sequence[data_errors.LeftOut],
    notes: Sequence[str],
) -> benchmark.Result:
    return benchmark.Result(
        {name: value for part in parts for name, value in part.figures.items()},
        [row for part in parts for row in part.items],
        {name: value for part in parts for name, value in part.details.items()},
        [*absent, *(row for part in parts for row in part.left_out)],
        notes=[*notes, *(note for part in parts for note in part.notes)],
    )
