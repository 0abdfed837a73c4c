# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How busy the extraction of features keeps the device.

Measures, turn by turn in one process, images a second of
  extraction: from JPEG files of 340x256, read, hashed, decoded, cropped, passed through the encoder
    and stored, as evaluations do it; the files are in the system's page cache;
  bare: the encoder's compiled forward pass alone, on one batch that is already on the device;
  cached: the same extraction again, which finds all features in the cache.

  python -m tests.benchmarks.features --encoder random:resnet50 --images 256
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

from vito_tf import environment

environment.prepare()

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import extraction, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.encoders import specification


def write_photos(folder: str, count: int) -> list[str]:
    """Writes JPEG files of smooth noise, all different."""
    paths = []
    for number in range(count):
        rng = np.random.default_rng(number)
        coarse = tf.constant(rng.uniform(0, 255, [12, 16, 3]), tf.float32)
        pixels = tf.image.resize(coarse, [256, 340], "bicubic") + rng.normal(0, 4, [256, 340, 3])
        path = os.path.join(folder, f"{number}.jpg")
        tf.io.write_file(path, tf.io.encode_jpeg(tf.saturate_cast(pixels, tf.uint8)))
        paths.append(path)
    return paths


def bare_rate(encoder: encoder_lib.Encoder, batch_size: int, images: int) -> float:
    """Images a second of the forward pass alone."""
    size = encoder.image_size
    batch = tf.random.stateless_uniform([batch_size, size, size, 3], [0, 0])
    forward = tf.function(lambda x: encoder(x).features, autograph=False)
    forward(batch).numpy()
    steps = -(-images // batch_size)
    start = time.perf_counter()
    for _ in range(steps):
        forward(batch).numpy()
    return steps * batch_size / (time.perf_counter() - start)


def main() -> None:
    """Prints the rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="random:resnet50")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    encoder = specification.load(arguments.encoder)
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        photos = image_sets.of_files("photos", write_photos(folder, arguments.images))
        warm = extraction.Extractor(os.path.join(folder, "warm"), arguments.batch_size)
        warm.extract(encoder, photos, preprocessing.CENTRAL_CROP)
        for turn in range(arguments.turns):
            bare = bare_rate(encoder, arguments.batch_size, arguments.images)
            warm._cache = os.path.join(folder, str(turn))  # the graph stays, the features do not
            rates = []
            for _ in range(2):
                start = time.perf_counter()
                warm.extract(encoder, photos, preprocessing.CENTRAL_CROP)
                rates.append(arguments.images / (time.perf_counter() - start))
            ratios.append(rates[0] / bare)
            print(
                f"bare {bare:8.2f}  extraction {rates[0]:8.2f}  cached {rates[1]:8.1f} images/s"
                f"  extraction/bare {ratios[-1]:.3f}",
                flush=True,
            )
    print(f"median of extraction/bare: {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
