# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pretrains VITO: reads a gin configuration, chooses the devices, trains, and writes a report.

Example:
  python -m vito_tf.train --gin_file=gin_configs/experiments/quickstart.gin --model_dir=runs/first

The same command resumes an interrupted run.
"""

from __future__ import annotations

import os
import sys
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
warnings.filterwarnings("ignore", category=FutureWarning, module="google.api_core")

import tensorflow as tf  # noqa: E402
from absl import app, flags, logging  # noqa: E402
from official.common import distribute_utils  # noqa: E402
from official.common import flags as model_garden_flags  # noqa: E402

from vito_tf import configuration, registry  # noqa: E402, F401
from vito_tf.pretraining import callbacks, comparison  # noqa: E402

FLAGS = flags.FLAGS
STRATEGIES = ("one_device", "mirrored", "multi_worker_mirrored", "tpu")


def make_strategy() -> tf.distribute.Strategy:
    """The distribution strategy that the flags ask for, of Model Garden's making."""
    return distribute_utils.get_distribution_strategy(
        FLAGS.distribution_strategy or ("tpu" if FLAGS.tpu is not None else "one_device"),
        num_gpus=len(tf.config.list_physical_devices("GPU")),
        tpu_address=FLAGS.tpu,
    )


def main(argv: list[str]) -> None:
    """Trains, turning what the user can mend into one line."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown argument: {argv[1]}")
    logging.set_verbosity(logging.INFO)
    try:
        configuration.parse(FLAGS.gin_file or [], FLAGS.gin_params or [])
        summary = comparison.pretrain_and_compare(FLAGS.model_dir, make_strategy())
    except (ValueError, callbacks.NonFiniteLossError) as error:
        if FLAGS.traceback:
            raise
        sys.exit(f"error: {error}")
    for name, value in summary.items():
        print(f"{name:32s} {value:.6g}")
    print(f"{'report':32s} {os.path.join(FLAGS.model_dir, 'report.html')}")


def define_flags() -> None:
    """Defines Model Garden's flags, and this command's own."""
    model_garden_flags.define_flags()
    flags.DEFINE_enum(
        "distribution_strategy",
        None,
        STRATEGIES,
        "Where to train; one_device (the first GPU, else the CPU) by default, tpu with --tpu. "
        "multi_worker_mirrored reads the cluster from TF_CONFIG.",
    )
    flags.DEFINE_bool("traceback", False, "Show where in the program an error arose.")
    flags.mark_flags_as_required(["gin_file", "model_dir"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
