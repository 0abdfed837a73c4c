# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Features of a labelled data set's two parts: one to learn from, one to classify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vito_tf.evaluation import data_errors, extraction, image_sets, page, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib

DATA = f"Any labelled images: {image_sets.LAYOUTS}."


class Labelled(NamedTuple):
    """Features of both parts.

    Attributes:
      train: of known class.
      val: to be classified.
      class_names: C of them, by label.
      notes: what is odd about the classes.
    """

    train: extraction.Extracted
    val: extraction.Extracted
    class_names: Sequence[str]
    notes: Sequence[str]

    @property
    def left_out(self) -> list[data_errors.LeftOut]:
        """Images of either part that could not be used."""
        return [*self.train.left_out, *self.val.left_out]


def extract(
    encoder: encoder_lib.Encoder,
    data: str,
    splits: tuple[str, str],
    extractor: extraction.Extractor,
) -> Labelled:
    """Features of central crops (BYOL, C.1).

    Args:
      encoder: what computes them.
      data: as `DATA` says.
      splits: names of the part to learn from and of the part to classify.
      extractor: computes features, or finds them in the cache.

    Raises:
      DataError: the data cannot be read, the parts have other classes, or there is only one class.
    """
    sets = [image_sets.read(data, split) for split in splits]
    if list(sets[0].class_names) != list(sets[1].class_names):
        raise data_errors.DataError(
            f"{data}: the classes of {splits[0]} are {_listed(sets[0].class_names)}, those of "
            f"{splits[1]} {_listed(sets[1].class_names)}; both must have the same. {DATA}"
        )
    train, val = (extractor.extract(encoder, images, preprocessing.CENTRAL_CROP) for images in sets)
    labels = np.concatenate([train.labels, val.labels])
    names = list(sets[0].class_names) or [str(number) for number in range(labels.max() + 1)]
    if labels.min() < 0 or labels.max() >= len(names):
        raise data_errors.DataError(
            f"{data} has labels from {labels.min()} to {labels.max()} for {len(names)} classes; "
            f"they start at 0. {DATA}"
        )
    if len(np.unique(train.labels)) < 2:
        raise data_errors.DataError(f"{data}: {splits[0]} has a single class. {DATA}")
    unknown = np.setdiff1d(val.labels, train.labels)
    notes = []
    if len(unknown):
        notes.append(
            f"{len(unknown)} classes have images in {splits[1]} only, such as "
            f"{names[unknown[0]]!r}; all of these count as wrong."
        )
    return Labelled(train, val, names, notes)


def by_class(
    labels: np.ndarray, class_names: Sequence[str], correct: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Accuracy of each class that has images.

    Args:
      labels: [M].
      class_names: by label.
      correct: by column, bool [M].

    Returns:
      Rows of `class`, `images` and the columns, shares in [0, 1].
    """
    rows = []
    for label in np.unique(labels):
        chosen = labels == label
        shares = {name: float(right[chosen].mean()) for name, right in correct.items()}
        rows.append({"class": class_names[label], "images": int(chosen.sum()), **shares})
    return rows


def in_percent(figures: Mapping[str, float | None], name: str) -> float | None:
    """A share in %; None if it is not there."""
    return page.percent(figures.get(name))


def interval_in_percent(figures: Mapping[str, float | None], name: str) -> str | None:
    """What a share's `name_low` and `name_high` bound, such as '61.2 – 64.0'."""
    low, high = (in_percent(figures, f"{name}_{end}") for end in ("low", "high"))
    return None if low is None or high is None else f"{low:.1f} – {high:.1f}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown}, ... ({len(names)})" if len(names) > 5 else shown or "unnamed"
