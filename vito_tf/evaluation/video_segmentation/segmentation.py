# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Segments a sequence: propagates its first mask, writes and scores the masks of all frames."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import data_errors, results
from vito_tf.evaluation.video_segmentation import (
    illustration,
    masks,
    propagation,
    region_and_boundary,
    sequences,
)

Encode = Callable[[tf.Tensor], tf.Tensor]


class Step(NamedTuple):
    """A frame that is done.

    Attributes:
      frame: uint8 [H, W, 3].
      mask: uint8 [H, W], 0 is background; of the first frame, the given one.
    """

    frame: np.ndarray
    mask: np.ndarray


class Segmented(NamedTuple):
    """What became of a sequence.

    Attributes:
      objects: number of objects, the greatest index in the first mask.
      region: J of each object in each evaluated frame, all but the first and the last; None if
        there are no true masks.
      boundary: the same of F.
    """

    objects: int
    region: list[list[float]] | None
    boundary: list[list[float]] | None


class Strips(NamedTuple):
    """Paths of a sequence's pictures.

    Attributes:
      true: a few frames with true masks.
      propagated: the same frames with propagated masks.
    """

    true: str
    propagated: str


class Segmentation(NamedTuple):
    """How sequences are segmented.

    Attributes:
      encode: [1, H, W, 3] float32 in [0, 1] to a feature map [1, h, w, D].
      identity: of the encoder, and of whatever else the masks depend on besides the data.
      settings: of the propagation.
      short_side: pixels, of the frames that are encoded.
    """

    encode: Encode
    identity: str
    settings: propagation.Settings
    short_side: int

    def steps(self, sequence: sequences.Sequence, year: int) -> Iterator[Step]:
        """Goes through a sequence; of its frames only the present one is in memory.

        Raises:
          DataError: a file cannot be used, or features are not finite.
        """
        frame = sequences.read_frame(sequence.frames[0])
        size = frame.shape[0], frame.shape[1]
        mask = sequences.read_mask(str(sequence.masks[0]), year)
        _check_size(mask, size, str(sequence.masks[0]))
        objects = int(mask.max())
        if not objects:
            raise data_errors.DataError(f"{sequence.masks[0]} shows no object.")
        yield Step(frame, mask)
        frame_size = masks.working_size(*size, self.short_side)
        features = self._features(frame, frame_size, sequence.frames[0])
        labels = masks.one_hot(mask, frame_size, tuple(features.shape[:2]), objects)
        process = propagation.Propagation(features, tf.constant(labels), self.settings)
        for path in sequence.frames[1:]:
            frame = sequences.read_frame(path)
            _check_size(frame, size, path)
            labels = process.step(self._features(frame, frame_size, path))
            yield Step(frame, masks.from_labels(labels, size).numpy())

    def _features(self, frame: np.ndarray, size: tuple[int, int], path: str) -> tf.Tensor:
        features = self.encode(tf.constant(masks.resized_frame(frame, size)[None]))[0]
        if not tf.reduce_all(tf.math.is_finite(features)):
            raise data_errors.DataError(f"The encoder's features of {path} are not finite.")
        return features

    def fingerprint(self, sequence: sequences.Sequence, year: int) -> str:
        """Of what the sequence's files depend on, by names and sizes of the data's."""
        files = [
            [os.path.basename(path), os.path.getsize(path)]
            for path in (*sequence.frames, *sequence.masks)
            if path
        ]
        parts = [self.identity, self.settings, self.short_side, sequence.name, year, files]
        return hashlib.sha256(json.dumps(parts, default=vars).encode()).hexdigest()


def segment(
    how: Segmentation,
    sequence: sequences.Sequence,
    year: int,
    folder: str,
    report: Callable[[int], object],
) -> Segmented:
    """Segments a sequence, or finds that it was.

    Args:
      how: it is done.
      sequence: with frames and masks.
      year: of the data set.
      folder: receives masks/SEQUENCE/00000.png ..., videos/SEQUENCE.mp4 (true masks at the left),
        strips/SEQUENCE.jpg, true_strips/SEQUENCE.jpg, and, when all these are there,
        sequences/SEQUENCE.json.
      report: called with the number of frames that have been done since it was last called.

    Raises:
      DataError: see `Segmentation.steps`; nothing of the sequence is kept then.
    """
    done = os.path.join(folder, "sequences", f"{sequence.name}.json")
    fingerprint = how.fingerprint(sequence, year)
    masks_folder = os.path.join(folder, "masks", sequence.name)
    earlier = _read(done, fingerprint)
    there = os.listdir(masks_folder) if os.path.isdir(masks_folder) else []
    pictures = video(folder, sequence.name), *strips(folder, sequence.name)
    if earlier and len(there) == len(sequence.frames) and all(map(os.path.exists, pictures)):
        report(len(sequence.frames))
        return earlier
    shutil.rmtree(masks_folder, ignore_errors=True)
    if os.path.exists(done):
        os.remove(done)
    for path in (os.path.join(masks_folder, ""), video(folder, ""), *strips(folder, ""), done):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        segmented = _segment(how, sequence, year, folder, report)
    except data_errors.DataError:
        shutil.rmtree(masks_folder)
        raise
    results.write_json(done, {"fingerprint": fingerprint, **segmented._asdict()})
    return segmented


def video(folder: str, name: str) -> str:
    """Path of a sequence's video."""
    return os.path.join(folder, "videos", f"{name}.mp4")


def strips(folder: str, name: str) -> Strips:
    """Paths of a sequence's strips."""
    return Strips(
        *(os.path.join(folder, part, f"{name}.jpg") for part in ("true_strips", "strips"))
    )


def _segment(
    how: Segmentation,
    sequence: sequences.Sequence,
    year: int,
    folder: str,
    report: Callable[[int], object],
) -> Segmented:
    scored = None not in sequence.masks
    scores, objects = [], 0
    last = len(sequence.frames) - 1
    few = illustration.Strips(len(sequence.frames))
    with illustration.Video(video(folder, sequence.name)) as film:
        for index, (frame, mask) in enumerate(how.steps(sequence, year)):
            path, true_path = sequence.frames[index], sequence.masks[index]
            if index == 0:
                objects = int(mask.max())
            name = os.path.splitext(os.path.basename(path))[0]
            masks.write(mask, os.path.join(folder, "masks", sequence.name, f"{name}.png"))
            true = None
            if true_path:
                true = sequences.read_mask(true_path, year)
                _check_size(true, mask.shape, true_path)
                if scored and 0 < index < last:
                    scores.append(region_and_boundary.of_objects(true, mask, objects))
            pair = (
                illustration.overlay(frame, true, illustration.true_caption(true)),
                illustration.overlay(frame, mask, "propagated"),
            )
            film.add(np.concatenate(pair, 1))
            few.add(index, frame, true, mask)
            report(1)
    few.write(*strips(folder, sequence.name))
    by_object = np.array(scores).transpose(2, 1, 0).tolist() if scored else (None, None)
    return Segmented(objects, *by_object)


def _check_size(pixels: np.ndarray, size: tuple[int, ...], path: str) -> None:
    if pixels.shape[:2] != tuple(size):
        have, want = (f"{width} x {height}" for height, width in (pixels.shape[:2], size))
        raise data_errors.DataError(f"{path} is {have}, the sequence's first frame {want}.")


def _read(path: str, fingerprint: str) -> Segmented | None:
    """What an earlier run found, if it was of the same fingerprint."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    return Segmented(**content) if content.pop("fingerprint") == fingerprint else None
