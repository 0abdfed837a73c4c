# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A classifier of plain colours: each of ImageNet's classes has one."""

import dataclasses
import io
import json

import numpy as np
import tensorflow as tf
from PIL import Image

from vito_tf.evaluation import benchmark, extraction
from vito_tf.evaluation.encoders import encoder


def colour(label):
    """Of a class: red and green on a grid of 32 x 32, in steps of 8."""
    return 8 * (label // 32) + 4, 8 * (label % 32) + 4, 0


_COLOURS = np.array([colour(label) for label in range(1000)], np.float32)


@dataclasses.dataclass(frozen=True)
class ColourClassifier(encoder.Encoder):
    """Logits are minus the squared distance between the mean colour and each class's."""

    name: str = "colours"
    identity: str = "colours"
    description: str = "for tests"
    image_size: int = 8
    capabilities: frozenset = frozenset([encoder.LOGITS])

    def __call__(self, images):
        mean = 255 * tf.reduce_mean(images, axis=[1, 2])
        logits = -tf.reduce_sum((mean[:, None] - _COLOURS) ** 2, axis=2)
        return encoder.Outputs(mean, logits, None)


def picture(rgb, size=(8, 8)):
    """A PNG file of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, tuple(rgb)).save(buffer, "PNG")
    return buffer.getvalue()


def write(path, label, size=(8, 8)):
    """Writes a picture that the classifier takes for a class."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(colour(label), size))


def context(tmp_path):
    """Where a benchmark runs."""
    folder = tmp_path / "result"
    folder.mkdir(exist_ok=True)
    extractor = extraction.Extractor(str(tmp_path / "cache"), batch_size=16)
    return benchmark.Context(str(folder), extractor)


def finished(results):
    """What `show` takes, after a way through JSON."""

    def again(result):
        fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
        return benchmark.Result(**json.loads(json.dumps(fields)))

    return {name: benchmark.Finished(again(result), "") for name, result in results.items()}
