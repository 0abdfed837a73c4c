# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How videos become a data set: all that a gin file can say about an ingestion."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import gin

from vito_tf.curation.balance import Balance
from vito_tf.curation.classifiers import Classifier
from vito_tf.curation.near_duplicates import NearDuplicates
from vito_tf.curation.query import TitleQuery
from vito_tf.curation.retrieval import NearestToTargets
from vito_tf.curation.verification import Verification
from vito_tf.ingestion.limits import Limits
from vito_tf.video.cutter import CutSettings

LABELS = (None, "folder", "csv")


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Ingestion:
    """The recipe of a data set; what is None is left out.

    A video passes, in this order, through `query` (its title names a category), the probe
    (`min_seconds`), `verification` (its first frames show the category), the cutting, `retrieval`,
    `near_duplicates` and `balance`.

    Attributes:
        cut: how videos are cut and encoded; by default as gin binds `CutSettings`.
        limits: what a single video may cost; by default as gin binds `Limits`.
        labels: where classes come from without a query: `folder` (the name of a video's folder),
            `csv` (its column `label`), or None. With a query, `csv` names the category directly.
        query: which titles name which categories (§3.2).
        min_seconds: shorter videos are dropped; VideoNet's is 10 (§3.2).
        classifier: of images; needed by the choices below.
        verification: when a video shows the category that its title names (§3.2); the categories of
            the query must be the classes of the classifier, in the same order.
        retrieval: which videos resemble a set of images.
        near_duplicates: which videos are too much like another.
        balance: how many clips a class may have.
        held_out_share: probability of a video to be held out for evaluation, in [0, 1).
        shard_bytes: mean size of a shard.
        seed: of the shuffle and of the split.

    Raises:
        ValueError: a setting is outside its range, or a choice lacks what it needs.
    """

    cut: CutSettings = dataclasses.field(default_factory=CutSettings)
    limits: Limits = dataclasses.field(default_factory=Limits)
    labels: str | None = None
    query: TitleQuery | None = None
    min_seconds: float = 0.0
    classifier: Classifier | None = None
    verification: Verification | None = None
    retrieval: NearestToTargets | None = None
    near_duplicates: NearDuplicates | None = None
    balance: Balance | None = None
    held_out_share: float = 0.0
    shard_bytes: int = 256 * 2**20
    seed: int = 0

    def __post_init__(self) -> None:
        _require("labels", self.labels, self.labels in LABELS, "None, 'folder' or 'csv'")
        _require("min_seconds", self.min_seconds, 0 <= self.min_seconds < math.inf, "at least 0")
        _require("held_out_share", self.held_out_share, 0 <= self.held_out_share < 1, "in [0, 1)")
        _require("shard_bytes", self.shard_bytes, self.shard_bytes >= 1, "at least 1")
        for name in ("verification", "retrieval", "near_duplicates"):
            if getattr(self, name) is not None and self.classifier is None:
                raise ValueError(f"Ingestion.{name} needs Ingestion.classifier.")
        if self.verification is not None and self.query is None:
            raise ValueError("Ingestion.verification needs Ingestion.query.")
        if self.query is not None and self.labels == "folder":
            raise ValueError("Ingestion.query and Ingestion.labels = 'folder' exclude each other.")

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain values, with the names of the classes, for JSON."""
        return _plain(self)


def _plain(value: Any) -> Any:
    if not dataclasses.is_dataclass(value):
        return list(value) if isinstance(value, tuple) else value
    fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return {"kind": type(value).__name__, **fields}


def _require(name: str, value: object, holds: bool, meaning: str) -> None:
    if not holds:
        raise ValueError(f"Ingestion.{name} must be {meaning}, got {value!r}.")
