# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Pretrains VITO: reads a gin configuration, chooses the devices, trains, and writes a report.

Example:
  python -m vito_tf.train --gin_file=gin_configs/experiments/quickstart.gin --model_dir=runs/first

The same command resumes an interrupted run. Bindings override the file's, one a flag:
  --gin_params="Schedule.steps = 100" --gin_params="Schedule.batch_size = 32"
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import urllib.parse
from collections.abc import Iterator

from vito_tf import environment

environment.prepare()

import tensorflow as tf
from absl import app, flags, logging
from official.common import distribute_utils
from official.common import flags as model_garden_flags

from vito_tf import command_line, configuration, registry  # noqa: F401
from vito_tf.pretraining import callbacks, comparison
from vito_tf.video import ffmpeg

FLAGS = flags.FLAGS
STRATEGIES = ("one_device", "mirrored", "multi_worker_mirrored", "tpu")
# Of Model Garden's own trainer, which reads its configuration in another way.
_FOREIGN_FLAGS = (
    "experiment",
    "mode",
    "config_file",
    "params_override",
    "tf_data_service",
    "tpu_platform",
)
_TPU_SECONDS = 20


def make_strategy() -> tf.distribute.Strategy:
    """The distribution strategy that the flags ask for, of Model Garden's making.

    Raises:
      ValueError: when the devices it needs are not there.
    """
    name = FLAGS.distribution_strategy or ("tpu" if FLAGS.tpu is not None else "one_device")
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    if (name == "tpu") != (FLAGS.tpu is not None):
        raise ValueError(
            f"--distribution_strategy={name} with --tpu={FLAGS.tpu}: a TPU needs both its "
            "strategy and its name, address or 'local'; any other strategy takes no --tpu."
        )
    if name == "tpu":
        return _connect_tpu(FLAGS.tpu)
    if name == "mirrored" and not num_gpus:
        raise ValueError(
            "--distribution_strategy=mirrored needs GPUs, and TensorFlow finds none here; "
            "one_device trains on the CPU."
        )
    if name == "multi_worker_mirrored" and not os.environ.get("TF_CONFIG"):
        raise ValueError(
            "--distribution_strategy=multi_worker_mirrored needs the environment variable "
            "TF_CONFIG, which names the cluster and this process's place in it."
        )
    if name == "one_device":
        num_gpus = min(num_gpus, 1)
    return distribute_utils.get_distribution_strategy(name, num_gpus=num_gpus)


def _connect_tpu(address: str) -> tf.distribute.Strategy:
    try:
        server = urllib.parse.urlsplit(address)
        if server.hostname:  # TensorFlow itself would wait for it without end.
            port = server.port or 8470
            socket.create_connection((server.hostname, port), timeout=_TPU_SECONDS).close()
        return distribute_utils.get_distribution_strategy("tpu", tpu_address=address)
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].split(". ")[0]
        raise ValueError(f"--tpu={address}: no TPU could be reached ({reason})") from error


def main(argv: list[str]) -> None:
    """Trains, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors(
        callbacks.NonFiniteLossError,
        ffmpeg.FFmpegUnavailableError,
        interrupted="Interrupted; the same command goes on from the last checkpoint.",
    ):
        summary = _train()
    if not summary:
        return
    for name, value in summary.items():
        print(f"{name:32s} {value:.6g}")
    print(f"{'report':32s} {os.path.join(FLAGS.model_dir, 'report.html')}")


def _train() -> dict[str, float]:
    configuration.parse(FLAGS.gin_file, FLAGS.gin_params or [])
    logging.set_verbosity(logging.INFO)  # not earlier: gin logs where it looks for files
    strategy = make_strategy()  # first of all that TensorFlow does: clusters ask for that
    _compile_once()
    try:
        return comparison.pretrain_and_compare(FLAGS.model_dir, strategy)
    except RuntimeError as error:
        raise configuration.as_user_error(error) or error from error


def _compile_once() -> None:
    """Lets XLA say unseen what it says at its first compilation, whatever the log level."""
    with _unseen_stderr():
        tf.function(lambda: tf.zeros([]), jit_compile=True)()


@contextlib.contextmanager
def _unseen_stderr() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    unseen = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(unseen, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(unseen)


def define_flags() -> None:
    """Defines those of Model Garden's flags that have a meaning here, and this command's own."""
    model_garden_flags.define_flags()
    for name in _FOREIGN_FLAGS:
        delattr(FLAGS, name)
    flags.DEFINE_enum(
        "distribution_strategy",
        None,
        STRATEGIES,
        "Where to train; one_device (the first GPU, else the CPU) by default, tpu with --tpu. "
        "multi_worker_mirrored reads the cluster from TF_CONFIG.",
    )
    command_line.define_flags()
    flags.adopt_module_key_flags(model_garden_flags)
    flags.mark_flags_as_required(["gin_file", "model_dir"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
