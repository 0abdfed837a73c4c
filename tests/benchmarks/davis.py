# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a frame of DAVIS costs to propagate, beside computing all pairs of positions.

Features are random, of the size that ResNet-50 gives of 480p: 60 x 107 positions of 1024 numbers,
and the context is full: 20 frames and the first one. In processes of their own, one after the
other, are measured
  neighbourhood: `propagation.Propagation.step`, whose blocks of queries see their neighbourhood;
  all pairs: the product of all queries and all positions of the context, positions that are too
    far apart masked, the best k, their softmax; the whole matrix in memory at a time.
The seconds of all cores together are less disturbed by other programs than the time that passes.
Peak memory is the resident set's; what a process had taken when the features of the context were
ready is subtracted in the last column, which is what the computation itself takes.

All pairs are computed for some of the queries only (--query_share), and their time and memory
multiplied up; with --query_share=1, which takes some 7 GB, nothing is reckoned.

  python -m tests.benchmarks.davis
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from vito_tf import environment

environment.prepare()

import numpy as np
import tensorflow as tf

from vito_tf.evaluation.video_segmentation import propagation

SETTINGS = propagation.Settings()
OBJECTS = 3
KINDS = ("neighbourhood", "all pairs")


class Measured(NamedTuple):
    """What a kind takes.

    Attributes:
      labels: float32 [Q, C] of the first queries, or of all.
      seconds: of a frame, until it is done.
      core_seconds: of a frame, all cores together.
      before: peak bytes when the context was ready.
      peak: bytes at the end.
    """

    labels: np.ndarray
    seconds: float
    core_seconds: float
    before: int
    peak: int


def peak_memory() -> int:
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def frame(index: int, args: argparse.Namespace) -> tuple[tf.Tensor, tf.Tensor]:
    """Features and labels of a frame, of noise; -1 is the frame to be segmented."""
    size = [args.height, args.width]
    features = tf.random.stateless_normal([*size, args.depth], [0, index])
    objects = tf.random.stateless_uniform(size, [1, index], 0, OBJECTS, tf.int32)
    return tf.math.l2_normalize(features, -1), tf.one_hot(objects, OBJECTS)


def clock() -> np.ndarray:
    """Seconds of the clock, and of this process on all cores."""
    return np.array([time.perf_counter(), time.process_time()])


def fastest(seconds: list[np.ndarray]) -> tuple[float, float]:
    """The least of what `clock` told of several repeats."""
    least = np.min(seconds, 0)
    return float(least[0]), float(least[1])


def neighbourhood(
    context: list[tuple[tf.Tensor, tf.Tensor]], query: tf.Tensor, repeats: int
) -> Measured:
    """By the library; what is traced is not timed."""
    seconds, before = [], 0
    for _ in range(repeats + 1):
        process = propagation.Propagation(*context[0], SETTINGS)
        for known in context[1:]:
            process.remember(*known)
        before = before or peak_memory()
        start = clock()
        labels = process.step(query).numpy()
        seconds.append(clock() - start)
        del process
    return Measured(labels.reshape(-1, OBJECTS), *fastest(seconds[1:]), before, peak_memory())


def near(rows: int, height: int, width: int) -> tf.Tensor:
    """Whether each of the first query positions and each position are neighbours."""
    place = tf.stack(tf.meshgrid(tf.range(height), tf.range(width), indexing="ij"), -1)
    place = tf.cast(tf.reshape(place, [-1, 2]), tf.float32)
    squares = [(place[:rows, None, axis] - place[None, :, axis]) ** 2 for axis in (0, 1)]
    return squares[0] + squares[1] < SETTINGS.radius**2


@tf.function(autograph=False)
def all_pairs_once(
    queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Labels [Q, C] of queries [Q, D] by keys [P, D] with values [P, C], of T frames each."""
    scores = tf.matmul(queries, keys, transpose_b=True)
    frames = tf.shape(keys)[0] // tf.shape(mask)[1]
    scores = tf.where(tf.tile(mask, [1, frames]), scores, -np.inf)
    best, indices = tf.math.top_k(scores, SETTINGS.top_k, sorted=False)
    weights = tf.nn.softmax(best / SETTINGS.temperature)
    return tf.einsum("qk,qkc->qc", weights, tf.gather(values, indices))


def all_pairs(
    context: list[tuple[tf.Tensor, tf.Tensor]], query: tf.Tensor, repeats: int, share: float
) -> Measured:
    """By all pairs of the first queries with the context."""
    height, width, depth = query.shape
    rows = max(round(share * height * width), 1)
    keys = tf.reshape([features for features, _ in context], [-1, depth])
    values = tf.reshape([labels for _, labels in context], [-1, OBJECTS])
    queries, before = tf.reshape(query, [-1, depth])[:rows], peak_memory()
    mask = near(rows, height, width)
    all_pairs_once(queries[:8], keys, values, mask[:8])
    seconds = []
    for _ in range(repeats):
        start = clock()
        labels = all_pairs_once(queries, keys, values, mask).numpy()
        seconds.append(clock() - start)
    return Measured(labels, *fastest(seconds), before, peak_memory())


def measure(args: argparse.Namespace) -> None:
    """Runs one kind in this process; writes what it takes."""
    context = [frame(index, args) for index in range(SETTINGS.context + 1)]
    query = frame(-1, args)[0]
    if args.measure == KINDS[0]:
        measured = neighbourhood(context, query, args.repeats)
    else:
        measured = all_pairs(context, query, args.repeats, args.query_share)
    np.savez(args.file, **measured._asdict())


def measure_apart(kind: str, folder: str) -> Measured:
    """Runs one kind in a process of its own."""
    path = os.path.join(folder, f"{kind}.npz")
    command = [sys.executable, "-m", "tests.benchmarks.davis", *sys.argv[1:]]
    subprocess.run([*command, f"--measure={kind}", f"--file={path}"], check=True)
    with np.load(path, allow_pickle=False) as file:
        return Measured(file["labels"], *(file[name].item() for name in Measured._fields[1:]))


def main() -> None:
    """Reads the command line, measures, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--height", type=int, default=60, help="rows of the feature map")
    parser.add_argument("--width", type=int, default=107, help="columns of the feature map")
    parser.add_argument("--depth", type=int, default=1024, help="channels of the feature map")
    parser.add_argument("--query_share", type=float, default=0.1, help="for all pairs, in (0, 1]")
    parser.add_argument("--repeats", type=int, default=2, help="the fastest of these counts")
    parser.add_argument("--measure", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (measure_apart(kind, folder) for kind in KINDS)
    report(ours, theirs, args)


def report(ours: Measured, theirs: Measured, args: argparse.Namespace) -> None:
    """Prints the table."""
    print(f"{args.height} x {args.width} x {args.depth}, {SETTINGS.context + 1} context frames")
    header = f"{'s/frame':>10s}{'core-s/frame':>14s}{'peak GB':>10s}{'beyond context GB':>20s}"
    print(f"{'':32s}{header}")
    share = args.query_share
    title = f"all pairs of {share:.0%} of the queries"
    rows = {KINDS[0]: ours, title: theirs}
    if share < 1:
        extra = round((theirs.peak - theirs.before) / share)
        theirs = theirs._replace(
            seconds=theirs.seconds / share,
            core_seconds=theirs.core_seconds / share,
            peak=theirs.before + extra,
        )
        rows["all pairs, reckoned from that"] = theirs
    for name, row in rows.items():
        beyond = (row.peak - row.before) / 1e9
        seconds = f"{row.seconds:10.2f}{row.core_seconds:14.2f}"
        print(f"{name:32s}{seconds}{row.peak / 1e9:10.2f}{beyond:20.2f}")
    ratios = theirs.seconds / ours.seconds, theirs.core_seconds / ours.core_seconds
    print("all pairs take {:.1f} times as long, {:.1f} times the core-seconds".format(*ratios))
    difference = np.abs(ours.labels[: len(theirs.labels)] - theirs.labels).max()
    print(f"largest difference of labels {difference:.1e}")


if __name__ == "__main__":
    main()
