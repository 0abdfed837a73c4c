# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Ingests one video: probe, verify, cut, and write its clips."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from vito_tf.curation.classifiers import LoadedClassifier
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.sandbox import Sandbox
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.clips import UNLABELLED
from vito_tf.video.cutter import EncodedClip
from vito_tf.video.first_frames import FirstFrames
from vito_tf.video.probing import VideoError
from vito_tf.video.video_rows import ClipFigures, Source, VideoRow

_MICROSECONDS = 1_000_000

# These may depend on the machine. After any other failure the clips before it are kept.
_ACCIDENTS = ("crashed", "out_of_memory", "out_of_time")
_NO_SUCH_FILE = (
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    tf.errors.UnimplementedError,
    TypeError,  # of a name that is not UTF-8
    ValueError,
)


class NotChosenError(Exception):
    """The curation refuses a video."""


class VideoIngester:
    """Cuts videos one after the other, in one worker.

    Args:
        recipe: what to do.
        class_names: names of the classes by label; empty if unlabelled.
        sandbox: in which videos are opened.
        classifier: of their first frames; None if the recipe has none.
    """

    def __init__(
        self,
        recipe: Ingestion,
        class_names: Sequence[str],
        sandbox: Sandbox,
        classifier: LoadedClassifier | None,
    ):
        self._recipe = recipe
        self._class_names = class_names
        self._sandbox = sandbox
        self._classifier = classifier

    def __call__(self, source: Source, records_path: str) -> VideoRow:
        """Writes the clips of a video, unless it is dropped.

        Args:
            source: the video.
            records_path: TFRecord file to write, in a folder that exists.

        Returns:
            What became of it. Whatever is wrong with a video ends here; what may be an accident of
            the machine is tried twice.

        Raises:
            tf.errors.OpError: the file system fails.
        """
        row = VideoRow(source.name, source.path, source.title)
        if source.dropped:
            return row.drop(source.dropped, source.detail)
        result = self._attempt(row, source, records_path)
        if result.reason in _ACCIDENTS and not result.is_kept:
            result = self._attempt(row, source, records_path)
        return result

    def _attempt(self, row: VideoRow, source: Source, records_path: str) -> VideoRow:
        job = _Job(dataclasses.replace(row), source.labels, is_judged=self._classifier is None)
        try:
            with self._local(source.path) as path:
                self._probe(path, job.row)
                write_shard(records_path, self._records(path, job))
        except NotChosenError as refusal:
            return job.row.drop("not_verified", str(refusal))
        except VideoError as error:
            job.row.clips = ()
            return job.row.drop(error.code, str(error))
        return job.row

    @contextlib.contextmanager
    def _local(self, path: str) -> Iterator[str]:
        """The path of a local file with the same contents."""
        if "://" not in path:
            yield path
            return
        limit = self._recipe.limits.max_file_bytes
        with tempfile.TemporaryDirectory() as folder:
            local = os.path.join(folder, "video")
            try:
                if tf.io.gfile.stat(path).length > limit:
                    raise VideoError(
                        f"it is larger than Limits.max_file_bytes = {limit}", code="file_too_large"
                    )
                tf.io.gfile.copy(path, local)
            except VideoError:
                raise
            except _NO_SUCH_FILE as error:
                reason = f"it cannot be fetched ({getattr(error, 'message', error)})"
                raise VideoError(reason, code="missing") from error
            yield local

    def _probe(self, path: str, row: VideoRow) -> None:
        info = self._sandbox.probe(path)
        for name in (
            "container",
            "codec",
            "pixel_format",
            "seconds",
            "frame_rate",
            "width",
            "height",
            "rotation",
            "num_video_streams",
            "num_audio_streams",
            "num_bytes",
        ):
            setattr(row, name, getattr(info, name))
        if info.seconds < self._recipe.min_seconds:
            raise VideoError(
                f"it lasts {info.seconds:.2f} s, less than Ingestion.min_seconds = "
                f"{self._recipe.min_seconds:g}",
                code="too_short",
            )

    def _records(self, path: str, job: _Job) -> Iterator[bytes]:
        """Yields the records of a video; what its frames show may still stop it."""
        waiting: list[EncodedClip] = []
        clips = self._sandbox.cut(
            path, self._recipe.cut, self._first_frames(), lambda images: self._judge(images, job)
        )
        try:
            for clip in clips:
                waiting.append(clip)
                if job.is_judged:
                    yield from self._build(waiting, job)
        except VideoError as error:
            if error.code in _ACCIDENTS or not job.is_judged or not (job.row.clips or waiting):
                raise
            job.row.reason, job.row.detail = error.code, str(error)
        yield from self._build(waiting, job)

    def _first_frames(self) -> FirstFrames | None:
        classifier, verification = self._recipe.classifier, self._recipe.verification
        if classifier is None:
            return None
        count = verification.num_frames if verification else FirstFrames.count
        return FirstFrames(count, classifier.image_size, classifier.crop_share)

    def _judge(self, images: np.ndarray, job: _Job) -> None:
        """Looks at the first frames, uint8 [N, S, S, 3]; raises `NotChosenError`."""
        assert self._classifier is not None
        predictions = self._classifier(images)
        if self._recipe.verification is not None:
            verdict = self._recipe.verification.decide(predictions.probabilities, job.labels)
            job.row.score = verdict.score
            if verdict.label == UNLABELLED:
                raise NotChosenError(self._refusal(predictions.probabilities, job.labels))
            job.labels = (verdict.label,)
        if self._recipe.retrieval or self._recipe.near_duplicates:
            mean = predictions.features.astype(np.float64).mean(axis=0)
            unit = mean / max(np.linalg.norm(mean), np.finfo(np.float64).tiny)
            job.row.embedding = tuple(unit.astype(np.float16).astype(float).tolist())
        job.is_judged = True

    def _refusal(self, probabilities: np.ndarray, labels: Sequence[int]) -> str:
        names = [self._class_names[label] for label in labels]
        winners, counts = np.unique(probabilities.argmax(axis=1), return_counts=True)
        most = counts.argmax()
        return (
            f"its first {len(probabilities)} frames do not show {' or '.join(names)}; "
            f"{counts[most]} of them look like {self._class_names[winners[most]]}"
        )

    def _build(self, waiting: list[EncodedClip], job: _Job) -> Iterator[bytes]:
        """Yields the records of the clips that wait, and counts them in the row."""
        row = job.row
        if job.labels:
            row.label, row.class_name = job.labels[0], self._class_names[job.labels[0]]
        for clip in waiting:
            record = build_clip(clip, row.name, row.label, row.class_name)
            yield record
            seconds = (clip.end_timestamp - clip.timestamps[0]) / _MICROSECONDS
            row.clips += (ClipFigures(len(record), len(clip.timestamps), seconds),)
        waiting.clear()


@dataclasses.dataclass
class _Job:
    """A video being ingested: its row, its possible labels, and whether its frames have passed."""

    row: VideoRow
    labels: tuple[int, ...]
    is_judged: bool
