# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""How much the complete train step costs beside the passes through its backbone.

Measures, turn by turn in one process, the median time of
  complete: VITO's train step as `fit` runs it: both networks with attention pooling at two scales
    and projectors, loss, gradients, LARS, EMA, scalars to log; fed with views that the input
    pipeline has augmented, as is the default;
  augmenting: the same with the augmentation inside the step (`ViewPipeline.augment_on = 'device'`);
  bare: the backbone alone, in the same precision: per view the online network forward and backward
    to all its weights, and the target network forward, both in training mode.
The ratios are those of the times of complete and bare. The rate of the bare passes is compared with
that of a large matrix product in the same precision.

  python -m tests.benchmarks.train_step --precision float32 --steps 5
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Callable

from vito_tf import environment

environment.prepare()

import tensorflow as tf

from vito_tf import configuration, registry  # noqa: F401
from vito_tf.pretraining import build, model, optimizers, schedule
from vito_tf.video import views

NUM_VIEWS = 2
MATRIX_SIDE = 2048
GIN_FILES = ("gin_configs/methods/vito.gin", "gin_configs/models/resnet50.gin")


def build_model(pipeline: views.ViewPipeline, precision: str, batch_size: int) -> model.VitoModel:
    """Builds the model of `GIN_FILES` with LARS."""
    return build.build_model(
        pipeline,
        schedule.Schedule(batch_size=batch_size, steps=1000, warmup_steps=10),
        optimizers.lars,
        seed=0,
        execution=build.Execution(precision=precision),
    )


def random_batch(batch_size: int, image_size: int) -> dict[str, tf.Tensor]:
    """A batch as `ViewPipeline.batches` gives them, of noise."""
    shape = [batch_size, NUM_VIEWS]
    return {
        "views": tf.random.stateless_uniform([*shape, image_size, image_size, 3], [0, 0]),
        "seeds": tf.random.stateless_uniform([*shape, 2], [0, 1], None, None, tf.int32),
        "label": tf.zeros([batch_size], tf.int64),
        "position": tf.range(batch_size, dtype=tf.int64),
    }


def complete_step(vito: model.VitoModel, batch: dict[str, tf.Tensor]) -> Callable[[], object]:
    """The train function that `fit` calls, on the same batch again and again."""
    function = vito.make_train_function(force=True)
    batches = iter(tf.data.Dataset.from_tensors(batch).repeat())
    return lambda: float(function(batches)["loss"])


def bare_step(vito: model.VitoModel, batch: dict[str, tf.Tensor]) -> tf.types.experimental.Callable:
    """The passes of the two backbones that a train step makes."""
    online, target = vito.online.features, vito.target.features
    weights = online.trainable_variables
    last = max(online.output)

    @tf.function(autograph=False)
    def passes(images):
        images = tf.unstack(images, axis=1)
        features = [target(view, training=True)[last] for view in images]
        with tf.GradientTape() as tape:
            features += [online(view, training=True)[last] for view in images]
        gradients = tape.gradient(features[NUM_VIEWS:], weights)
        return [tf.reduce_mean(tf.cast(map_, tf.float32)) for map_ in features], gradients

    return passes.get_concrete_function(batch["views"])


def matrix_product_rate(precision: str, repeats: int = 5) -> float:
    """Floating-point operations per second of a large matrix product."""
    dtype = tf.bfloat16 if precision == "mixed_bfloat16" else tf.float32
    side = [MATRIX_SIDE, MATRIX_SIDE]
    matrix = tf.cast(tf.random.stateless_normal(side, [0, 2]), dtype)
    product = tf.function(lambda: tf.reduce_max(tf.matmul(matrix, matrix)))
    seconds = min(time_of(lambda: product().numpy()) for _ in range(repeats))
    return 2 * MATRIX_SIDE**3 / seconds


def floating_point_operations(function: tf.types.experimental.Callable) -> int:
    """Those of the convolutions and matrix products of a graph, forward and backward."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    profile = tf.compat.v1.profiler.profile(function.graph, options={**options, "output": "none"})
    return profile.total_float_ops


def time_of(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each step over rounds in which they take turns, after one to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            elapsed = time_of(step)
            print(f"  round {number} of {rounds}: {name:10s} {elapsed:7.3f} s", flush=True)
            if number:
                seconds[name].append(elapsed)
    return {name: statistics.median(times) for name, times in seconds.items()}


def benchmark(precision: str, batch_size: int, image_size: int, rounds: int) -> float:
    """Measures and prints a table for one precision; returns the ratio of complete and bare."""
    print(f"{precision}: building", flush=True)
    pipeline = views.ViewPipeline(image_size=image_size)
    vito = build_model(pipeline, precision, batch_size)
    batch = random_batch(batch_size, image_size)
    bare = bare_step(vito, batch)
    steps = {"bare": lambda: bare(batch["views"])[0][0].numpy()}
    steps["complete"] = complete_step(vito, batch)
    steps["complete"]()
    vito.policies = pipeline.view_policies
    steps["augmenting"] = complete_step(vito, batch)
    seconds = measure(steps, rounds)
    peak = matrix_product_rate(precision)
    rate = floating_point_operations(bare) / seconds["bare"]
    print(f"{'':12s}{'s/step':>8s}{'examples/s':>12s}{'ratio':>8s}")
    for name, value in seconds.items():
        ratio = value / seconds["bare"]
        print(f"{name:12s}{value:8.3f}{batch_size / value:12.3f}{ratio:8.3f}")
    print(
        f"matrix product {peak / 1e9:.0f} GFLOP/s, bare passes {rate / 1e9:.0f} GFLOP/s: "
        f"{rate / peak:.0%} of it"
    )
    return seconds["complete"] / seconds["bare"]


def main() -> None:
    """Reads the command line, measures, and prints the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precision", default="float32,mixed_bfloat16", help="comma-separated")
    parser.add_argument("--steps", type=int, default=5, help="steps of each kind to time")
    parser.add_argument("--batch_size", type=int, default=8, help="videos a step, of 2 views")
    parser.add_argument("--image_size", type=int, default=224, help="side of a view in pixels")
    args = parser.parse_args()
    configuration.parse(GIN_FILES, [f"FrameSampler.num_views = {NUM_VIEWS}"])
    ratios = {
        precision.replace("mixed_", ""): benchmark(
            precision, args.batch_size, args.image_size, args.steps
        )
        for precision in args.precision.split(",")
    }
    for name, ratio in ratios.items():
        print(f"ratio {name} {ratio:.2f}")


if __name__ == "__main__":
    main()
