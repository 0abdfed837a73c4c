# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What benchmarks of an ImageNet classifier have in common."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from vito_tf.evaluation import benchmark, data_errors, extraction, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib


@dataclasses.dataclass(frozen=True)
class Classification(benchmark.Benchmark):
    """A benchmark of logits.

    Attributes:
      crop: name of the preprocessing, of `preprocessing.ALL`. By default torchvision's, as the
        evaluation code that A.7 names has it for ResNets (imagenet-testbed, `StandardTransform`).

    Raises:
      ValueError: there is no such preprocessing.
    """

    REQUIRES: ClassVar[tuple[str, ...]] = (encoder_lib.LOGITS,)

    crop: str = preprocessing.RESIZE_AND_CROP.name

    def __post_init__(self) -> None:
        self._known_crop("crop")

    def _known_crop(self, field: str) -> None:
        value = getattr(self, field)
        if value not in preprocessing.ALL:
            known = ", ".join(preprocessing.ALL)
            raise ValueError(f"{type(self).__name__}.{field} must be one of {known}, not {value}.")

    def _logits(
        self,
        encoder: encoder_lib.Encoder,
        images: image_sets.ImageSet,
        context: benchmark.Context,
        crop: str,
    ) -> extraction.Extracted:
        """Logits [N, 1000] of images whose labels are ILSVRC's.

        Raises:
          DataError: no image can be used, or a label is none of ILSVRC's.
        """
        how = preprocessing.ALL[crop]
        extracted = context.extractor.extract(encoder, images, how, output=encoder_lib.LOGITS)
        for name, label in zip(extracted.names, extracted.labels):
            if not 0 <= label < encoder_lib.IMAGENET_CLASSES:
                raise data_errors.DataError(
                    f"{images.name}: {name} has the label {label}; ImageNet's are 0 to 999."
                )
        return extracted
