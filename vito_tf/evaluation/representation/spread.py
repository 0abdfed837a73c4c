# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How the features of images spread over their space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vito_tf.evaluation import benchmark, data_errors, extraction, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.representation import geometry

NO_DIRECTION = "all its features are 0, which has no direction"
_NO_POINT = f"{NO_DIRECTION}; it does not count for spread and uniformity"
_NO_PAIR = f"a view: {NO_DIRECTION}; it does not count for alignment"


def measure(
    encoder: encoder_lib.Encoder,
    images: image_sets.ImageSet,
    views: Sequence[preprocessing.Preprocessing],
    extractor: extraction.Extractor,
) -> benchmark.Result:
    """Effective rank, spread, alignment and uniformity, see `geometry`.

    Args:
      encoder: what computes features.
      images: of any kind.
      views: two ways to draw a view of an image, for positive pairs.
      extractor: computes features, or finds them in the cache.

    Returns:
      `effective_rank`, `relative_spread`, `uniformity` of central crops, and `alignment` of pairs
      of views; the share of variance of each principal component in `details`.

    Raises:
      DataError: no image can be used.
    """
    central = extractor.extract(encoder, images, preprocessing.CENTRAL_CROP)
    drawn = [extractor.extract(encoder, images, view) for view in views]
    left_out = {row.name: row for one in (central, *drawn) for row in one.left_out}
    points = _points(central, left_out, _NO_POINT)
    pairs = [_points(one, left_out, _NO_PAIR) for one in drawn]
    both = [name for name in pairs[0] if name in pairs[1]]
    sphere = geometry.unit(np.stack(list(points.values()))) if points else np.zeros([0, 1])
    values = geometry.singular_values(central.values)
    figures: dict[str, float | None] = {
        "effective_rank": None if values is None else geometry.effective_rank(values),
        "relative_spread": geometry.relative_spread(sphere) if len(points) > 1 else None,
        "uniformity": geometry.uniformity(sphere),
        "alignment": None,
    }
    if both:
        first, second = (geometry.unit(np.stack([one[name] for name in both])) for one in pairs)
        figures["alignment"] = geometry.alignment(first, second)
    details = {
        "images": len(central.values),
        "dimensions": central.values.shape[1],
        "spectrum": [] if values is None else geometry.explained_variance(values).tolist(),
    }
    notes = _notes(len(central.values), central.values.shape[1], values)
    return benchmark.Result(figures, (), details, list(left_out.values()), notes=notes)


def _points(
    extracted: extraction.Extracted, left_out: dict[str, data_errors.LeftOut], reason: str
) -> dict[str, np.ndarray]:
    """Features by name; those that have no direction are left out for a reason."""
    points = {}
    for name, features in zip(extracted.names, extracted.values):
        if features.any():
            points[name] = features
        else:
            left_out.setdefault(name, data_errors.LeftOut(name, reason))
    return points


def _notes(count: int, dimensions: int, values: np.ndarray | None) -> list[str]:
    if count == 1:
        return ["One image has neither rank nor spread."]
    if values is None:
        return [f"The features of all {count} images are alike: the encoder has collapsed."]
    if count <= dimensions:
        return [
            f"{count} images cannot show an effective rank above {count - 1}; the features have "
            f"{dimensions} dimensions."
        ]
    return []
