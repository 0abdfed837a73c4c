# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Top-1 and top-5 accuracy on ImageNet's validation set (A.6, Table B.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import ClassVar

import gin

from vito_tf.evaluation import benchmark, page, paper_tables, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.imagenet import accuracy, classification, labelled_images, tables
from vito_tf.transfer.datasets import imagenet


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ImagenetLinear(classification.Classification):
    """Validation of an ImageNet classifier, such as a linear one on a frozen encoder.

    Attributes:
      crop: see `Classification`; by default BYOL's, to whose protocol A.6 refers.
    """

    NAME: ClassVar[str] = "imagenet_linear"
    TITLE: ClassVar[str] = "ImageNet classification"
    DATA: ClassVar[str] = f"Wanted: {labelled_images.VALIDATION_LAYOUTS}."

    crop: str = preprocessing.CENTRAL_CROP.name

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        images = labelled_images.validation(data, self.DATA)
        logits = self._logits(encoder, images, context, self.crop)
        top_1 = accuracy.in_top(logits.values, logits.labels, 1)
        top_5 = accuracy.in_top(logits.values, logits.labels, 5)
        return benchmark.Result(
            figures={"top_1": accuracy.share(top_1), "top_5": accuracy.share(top_5)},
            items=accuracy.by_class(logits.labels, {"top_1": top_1, "top_5": top_5}),
            details={
                "images": len(top_1),
                "top_1_interval": accuracy.interval(top_1),
                "top_5_interval": accuracy.interval(top_5),
            },
            left_out=logits.left_out,
            partial=accuracy.missing(len(top_1), imagenet.PUBLISHED_VALIDATION),
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = tables.results_of(finished)
        yield tables.beside_paper(paper_tables.IMAGENET, results, ["top_1"])
        yield tables.with_intervals(results, "images", {"top_1": "top-1", "top_5": "top-5"})
