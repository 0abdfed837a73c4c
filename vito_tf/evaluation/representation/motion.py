# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How the features of videos move in the course of time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vito_tf.evaluation import benchmark, data_errors, extraction, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.representation import geometry, spread, video_frames

_MOST_TRAJECTORIES = 12


def measure(
    encoder: encoder_lib.Encoder,
    videos: Sequence[video_frames.FrameSequence],
    unusable: Sequence[data_errors.LeftOut],
    extractor: extraction.Extractor,
) -> benchmark.Result:
    """Stability and curvature of the trajectories of central crops, see `geometry`.

    Curvature is that of the features as they are (Hénaff et al. 2019), cosines are of course
    independent of their length. Every video counts alike.

    Args:
      encoder: what computes features.
      videos: to be used.
      unusable: videos that could not be read.
      extractor: computes features, or finds them in the cache.

    Returns:
      `adjacent_cosine`, `between_cosine`, `temporal_stability`, `curvature`, `pixel_curvature` (in
      degrees) and `curvature_change`, their difference, below 0 if features move straighter than
      pixels; an item for each video; trajectories in their principal plane in `details`.
    """
    left_out = list(unusable)
    trajectories = _trajectories(encoder, videos, extractor, left_out) if videos else {}
    used = [video for video in videos if video.name in trajectories]
    pixel_curvatures = dict(_pixel_curvatures(used, encoder.image_size, extractor))
    rows = []
    for name, features in trajectories.items():
        curvature, of_pixels = geometry.curvature(features), pixel_curvatures[name]
        if curvature is None or of_pixels is None:
            what = "pixels" if of_pixels is None else "features"
            reason = f"its {what} do not change; it counts for stability only"
            left_out.append(data_errors.LeftOut(f"curvature of {name}", reason))
        rows.append(
            {
                "video": name,
                "frames": len(features),
                "adjacent_cosine": geometry.adjacent_cosine(geometry.unit(features)),
                "curvature": curvature,
                "pixel_curvature": of_pixels,
            }
        )
    details = {
        "videos": len(rows),
        "frames": sum(map(len, trajectories.values())),
        "trajectories": [
            {"video": name, "points": geometry.principal_plane(features).tolist()}
            for name, features in itertools.islice(trajectories.items(), _MOST_TRAJECTORIES)
        ],
    }
    figures = _figures(rows, [geometry.unit(features) for features in trajectories.values()])
    notes = [] if len(rows) > 1 else ["Stability needs two videos or more."]
    return benchmark.Result(figures, rows, details, left_out, notes=notes)


def _figures(
    rows: Sequence[dict[str, Any]], spheres: Sequence[np.ndarray]
) -> dict[str, float | None]:
    between = geometry.cosine_between(spheres)
    adjacent = _mean([row["adjacent_cosine"] for row in rows])
    straight = [row for row in rows if None not in (row["curvature"], row["pixel_curvature"])]
    curvature = _mean([row["curvature"] for row in straight])
    of_pixels = _mean([row["pixel_curvature"] for row in straight])
    return {
        "adjacent_cosine": adjacent,
        "between_cosine": between,
        "temporal_stability": None
        if adjacent is None or between is None
        else geometry.temporal_stability(adjacent, between),
        "curvature": curvature,
        "pixel_curvature": of_pixels,
        "curvature_change": None
        if curvature is None or of_pixels is None
        else curvature - of_pixels,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _trajectories(
    encoder: encoder_lib.Encoder,
    videos: Sequence[video_frames.FrameSequence],
    extractor: extraction.Extractor,
    left_out: list[data_errors.LeftOut],
) -> dict[str, np.ndarray]:
    """Features [T, D] of each video all of whose frames have some."""
    images = video_frames.image_set(videos)
    extracted = extractor.extract(encoder, images, preprocessing.CENTRAL_CROP)
    features = dict(zip(extracted.names, extracted.values))
    reasons = {row.name: row.reason for row in extracted.left_out}
    trajectories = {}
    for video in videos:
        missing = [name for name in video.frame_names if name in reasons]
        if missing:
            reason = f"{len(missing)} of its frames cannot be decoded: {reasons[missing[0]]}"
            left_out.append(data_errors.LeftOut(video.name, reason))
            continue
        trajectory = np.stack([features[name] for name in video.frame_names])
        if not trajectory.any(axis=1).all():
            left_out.append(data_errors.LeftOut(video.name, f"a frame: {spread.NO_DIRECTION}"))
            continue
        trajectories[video.name] = trajectory
    return trajectories


def _pixel_curvatures(
    videos: Sequence[video_frames.FrameSequence], size: int, extractor: extraction.Extractor
) -> Iterator[tuple[str, float | None]]:
    """The curvature of each video's pixels, of which one video's at a time are held."""
    if not videos:
        return
    images = video_frames.image_set(videos)

    def frames() -> Iterator[tuple[str, np.ndarray]]:
        for batch in extractor.batches(images, preprocessing.CENTRAL_CROP, size, []):
            for name, image in zip(batch.names, batch.images):
                yield name.rpartition("#")[0], image.ravel()

    for name, group in itertools.groupby(frames(), key=lambda frame: frame[0]):
        yield name, geometry.curvature(np.stack([image for _, image in group]))
