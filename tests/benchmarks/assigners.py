# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the assignment of boxes to locations costs, beside the IoU of all pairs.

Boxes, probabilities and predicted boxes are random, those at 800 x 1024 pixels on levels 3 to 7 of
a batch of 2 images with 100 boxes each. All functions are compiled, by TensorFlow and by XLA; they
take turns, and the fastest counts. Printed are the time that passes and that of all cores, and how
many times the latter is that of
  pairs: the IoU of all predicted boxes with all boxes, as task-aligned learning needs it;
  traffic: reading and writing one tensor of that size, float32 [images, boxes, locations].

  python -m tests.benchmarks.assigners
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from vito_tf import environment

environment.prepare()

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import (
    atss_assigner,
    boxes,
    fcos_assigner,
    locations,
    structures,
    task_aligned_assigner,
)


def random_boxes(rng: np.random.Generator, args: argparse.Namespace, count: int) -> tf.Tensor:
    """Boxes of 8 to 512 pixels, float32 [B, count, 4]."""
    size = [args.batch_size, count, 2]
    centres = rng.uniform(0, [args.height, args.width], size)
    halves = np.exp(rng.uniform(np.log(8), np.log(512), size)) / 2
    return tf.constant(np.concatenate([centres - halves, centres + halves], -1), tf.float32)


def functions(args: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """The assigners, and what they are compared to."""
    rng = np.random.default_rng(0)
    places = locations.make((args.height, args.width), 3, 7)
    count = sum(places.counts)
    classes = rng.integers(0, args.classes, [args.batch_size, args.boxes])
    truth = structures.Truth(
        boxes=random_boxes(rng, args, args.boxes),
        classes=tf.constant(classes, tf.int32),
        judged=tf.ones([args.batch_size, args.classes]),
    )
    probabilities = rng.uniform(size=[args.batch_size, count, args.classes])
    predictions = structures.Predictions(
        tf.constant(probabilities, tf.float32), random_boxes(rng, args, count), None
    )
    pairs = tf.zeros([args.batch_size, args.boxes, count])
    return {
        "traffic": lambda: pairs + 1.0,
        "pairs": lambda: boxes.iou(truth.boxes, predictions.boxes),
        "FCOS": lambda: fcos_assigner.assign(places, truth),
        "ATSS": lambda: atss_assigner.assign(places, truth),
        "task-aligned": lambda: task_aligned_assigner.assign(places, truth, predictions),
    }


def measure(compiled: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """The least seconds, by the clock and of all cores, of each function."""
    least = {name: np.array([np.inf, np.inf]) for name in compiled}
    for function in compiled.values():
        function()
    for _ in range(rounds):
        for name, function in compiled.items():
            start = np.array([time.perf_counter(), time.process_time()])
            tf.nest.map_structure(lambda result: result.numpy(), function())
            seconds = np.array([time.perf_counter(), time.process_time()]) - start
            least[name] = np.minimum(least[name], seconds)
    return least


def main() -> None:
    """Reads the command line, measures, and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--height", type=int, default=800, help="of the input, in pixels")
    parser.add_argument("--width", type=int, default=1024, help="of the input, in pixels")
    parser.add_argument("--boxes", type=int, default=100, help="boxes an image")
    parser.add_argument("--classes", type=int, default=80, help="80 in COCO, 1203 in LVIS")
    parser.add_argument("--batch_size", type=int, default=2, help="images")
    parser.add_argument("--rounds", type=int, default=5, help="the fastest of these counts")
    args = parser.parse_args()
    print(f"{'':22s}{'ms/image':>10s}{'core-ms/image':>15s}{'x pairs':>9s}{'x traffic':>11s}")
    for compiler, jit in (("TensorFlow", False), ("XLA", True)):
        compiled = {
            name: tf.function(function, jit_compile=jit, autograph=False)
            for name, function in functions(args).items()
        }
        least = measure(compiled, args.rounds)
        for name, (seconds, core_seconds) in least.items():
            times = [core_seconds / least[other][1] for other in ("pairs", "traffic")]
            milliseconds = np.array([seconds, core_seconds]) / args.batch_size * 1e3
            print(
                f"{compiler + ', ' + name:22s}{milliseconds[0]:10.1f}{milliseconds[1]:15.1f}"
                f"{times[0]:9.1f}{times[1]:11.1f}"
            )


if __name__ == "__main__":
    main()
