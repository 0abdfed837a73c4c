# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a frame of DAVIS costs to propagate, beside computing all pairs of positions.

Features are random, of the size that ResNet-50 gives of 480p: 60 x 107 positions of 1024 numbers,
and the context is full: 20 frames and the first one. In processes of their own, one after the
other, are measured
  neighbourhood: `propagation.Propagation.step`, whose blocks of queries see their neighbourhood;
  all pairs: the product of all queries and all positions of the context, positions that are too
    far apart masked, the best k, their softmax; the whole matrix in memory at a time.
Peak memory is the resident set's; that of a process which only makes the features ("features") is
subtracted in the last column.

All pairs are computed for some of the query rows only (--query_share), and time and memory beyond
the features are multiplied up; with --query_share=1, which takes some 9 GB, nothing is reckoned.

  python -m tests.benchmarks.davis
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

from vito_tf import environment

environment.prepare()

import numpy as np
import tensorflow as tf

from vito_tf.evaluation.video_segmentation import propagation

SETTINGS = propagation.Settings()
OBJECTS = 3
KINDS = ("features", "neighbourhood", "all pairs")


def frame(index: int, args: argparse.Namespace) -> tuple[tf.Tensor, tf.Tensor]:
    """Features and labels of a frame, of noise; -1 is the frame to be segmented."""
    size = [args.height, args.width]
    features = tf.random.stateless_normal([*size, args.depth], [0, index])
    objects = tf.random.stateless_uniform(size, [1, index], 0, OBJECTS, tf.int32)
    return tf.math.l2_normalize(features, -1), tf.one_hot(objects, OBJECTS)


def neighbourhood(
    context: list[tuple[tf.Tensor, tf.Tensor]], query: tf.Tensor, repeats: int
) -> tuple[np.ndarray, float]:
    """Labels [H, W, C] of the query frame, and seconds; what was traced is not timed."""
    seconds = []
    for _ in range(repeats + 1):
        process = propagation.Propagation(*context[0], SETTINGS)
        for known in context[1:]:
            process.remember(*known)
        start = time.perf_counter()
        labels = process.step(query).numpy()
        seconds.append(time.perf_counter() - start)
    return labels, min(seconds[1:])


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
    context: list[tuple[tf.Tensor, tf.Tensor]], query: tf.Tensor, rows: int, repeats: int
) -> tuple[np.ndarray, float]:
    """Labels [rows, C] of the first query positions, and seconds."""
    height, width, depth = query.shape
    keys = tf.reshape([features for features, _ in context], [-1, depth])
    values = tf.reshape([labels for _, labels in context], [-1, OBJECTS])
    queries, mask = tf.reshape(query, [-1, depth])[:rows], near(rows, height, width)
    all_pairs_once(queries[:8], keys, values, mask[:8])
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        labels = all_pairs_once(queries, keys, values, mask).numpy()
        seconds.append(time.perf_counter() - start)
    return labels, min(seconds)


def measure(kind: str, args: argparse.Namespace, path: str) -> dict[str, float]:
    """Runs one kind in this process; writes its labels."""
    context = [frame(index, args) for index in range(SETTINGS.context + 1)]
    query = frame(-1, args)[0]
    rows = round(args.query_share * args.height * args.width)
    labels, seconds = np.zeros(()), 0.0
    if kind == "neighbourhood":
        labels, seconds = neighbourhood(context, query, args.repeats)
    elif kind == "all pairs":
        labels, seconds = all_pairs(context, query, rows, args.repeats)
    np.save(path, labels.reshape(-1, OBJECTS) if labels.ndim else labels)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "bytes": peak}


def measure_apart(kind: str, folder: str) -> tuple[dict[str, float], np.ndarray]:
    """Runs one kind in a process of its own."""
    path = os.path.join(folder, f"{kind}.npy")
    command = [sys.executable, "-m", "tests.benchmarks.davis", *sys.argv[1:]]
    output = subprocess.run(
        [*command, f"--measure={kind}", f"--labels={path}"], check=True, stdout=subprocess.PIPE
    ).stdout
    return json.loads(output.splitlines()[-1]), np.load(path, allow_pickle=False)


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
    parser.add_argument("--labels", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure, args, args.labels)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = {kind: measure_apart(kind, folder) for kind in KINDS}
    report(found, args)


def report(found: dict[str, tuple[dict[str, float], np.ndarray]], args: argparse.Namespace) -> None:
    """Prints the table."""
    floor = found["features"][0]["bytes"]
    ours, theirs = found["neighbourhood"][1], found["all pairs"][1]
    print(f"{args.height} x {args.width} x {args.depth}, {SETTINGS.context + 1} context frames")
    print(f"{'':32s}{'s/frame':>10s}{'peak GB':>10s}{'beyond features GB':>20s}")
    for kind in KINDS:
        seconds, peak = found[kind][0]["seconds"], found[kind][0]["bytes"]
        print(f"{kind:32s}{seconds:10.2f}{peak / 1e9:10.2f}{(peak - floor) / 1e9:20.2f}")
    if args.query_share < 1:
        seconds /= args.query_share
        beyond = (peak - floor) / args.query_share
        title = f"all pairs, reckoned from {args.query_share:.0%}"
        print(f"{title:32s}{seconds:10.2f}{(floor + beyond) / 1e9:10.2f}{beyond / 1e9:20.2f}")
    ratio = seconds / found["neighbourhood"][0]["seconds"]
    print(f"all pairs take {ratio:.1f} times as long")
    print(f"largest difference of labels {np.abs(ours[: len(theirs)] - theirs).max():.1e}")


if __name__ == "__main__":
    main()
