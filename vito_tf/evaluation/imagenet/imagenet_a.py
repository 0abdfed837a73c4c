# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ImageNet-A: photos that ImageNet classifiers tend to get wrong (Hendrycks et al. 2021; A.7)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import ClassVar

import gin

from vito_tf.evaluation import benchmark, page, paper_tables
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.imagenet import accuracy, classes, classification, labelled_images, tables

PUBLISHED_IMAGES = 7500


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ImagenetA(classification.Classification):
    """Top-1 accuracy among the 200 classes that the set has.

    The other 800 logits are taken away before the arg-max, as natural-adv-examples' eval.py and
    imagenet-testbed do it.
    """

    NAME: ClassVar[str] = "imagenet_a"
    TITLE: ClassVar[str] = "ImageNet-A"
    # The tar file's checksum is TensorFlow Datasets' (datasets/imagenet_a/checksums.tsv).
    DATA: ClassVar[str] = (
        "Wanted: imagenet-a.tar of people.eecs.berkeley.edu/~hendrycks (687,552,512 bytes, SHA-256 "
        "3bb3632277e6ba6392ea64c02ddbf4dd2266c9caffd6bc09c9656d28f012589e), unpacked: the folder "
        "with <wnid>/*.jpg, 7500 images of 200 classes, or any subset of them."
    )

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        permitted = classes.imagenet_a_labels()
        images = labelled_images.of_class_folders(data, permitted, "ImageNet-A", self.DATA)
        logits = self._logits(encoder, images, context, self.crop)
        correct = accuracy.restricted_arg_max(logits.values, permitted) == logits.labels
        return benchmark.Result(
            figures={"top_1": accuracy.share(correct)},
            items=accuracy.by_class(logits.labels, {"top_1": correct}),
            details={"images": len(correct), "top_1_interval": accuracy.interval(correct)},
            left_out=logits.left_out,
            partial=accuracy.missing(len(correct), PUBLISHED_IMAGES),
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = tables.results_of(finished)
        yield tables.beside_paper(paper_tables.IMAGENET_A, results, ["top_1"])
        yield tables.with_intervals(results, "images", {"top_1": "top-1"})
