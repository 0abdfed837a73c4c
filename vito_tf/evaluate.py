# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Evaluates frozen encoders by the paper's protocols, and others', and writes a report.

Examples:
  python -m vito_tf.evaluate --gin_file=gin_configs/evaluation/davis.gin \
      --encoder=exports/vito --data=/data/DAVIS --output=evaluations/vito
  python -m vito_tf.evaluate \
      --gin_file=gin_configs/evaluation/knn.gin --data=knn=/data/photos \
      --gin_file=gin_configs/evaluation/imagenet_a.gin --data=imagenet_a=/data/imagenet-a \
      --encoder=VITO=runs/linear --encoder=keras:ResNet50 --output=evaluations/both

The same command goes on with an interrupted evaluation. What it has computed is not done again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from vito_tf import environment

environment.prepare()

import gin
from absl import app, flags

from vito_tf import command_line, configuration
from vito_tf.evaluation import benchmark as benchmark_lib
from vito_tf.evaluation import extraction, registry, report, results, suite
from vito_tf.evaluation.encoders import specification

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    """Evaluates, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors(
        interrupted="Interrupted; the same command goes on where it stopped."
    ):
        outcomes = _evaluate()
    for outcome in outcomes:
        for name, value in outcome.finished.result.figures.items() if outcome.finished else ():
            shown = "undefined" if value is None else f"{value:.6g}"
            print(f"{outcome.encoder:20s} {outcome.benchmark.NAME:22s} {name:36s} {shown}")
    print(f"{'report':20s} {os.path.join(FLAGS.output, report.REPORT)}")
    if not any(outcome.finished for outcome in outcomes):
        raise SystemExit(1)


def _evaluate() -> list[results.Outcome]:
    configs: dict[str, str] = {}
    chosen = _benchmarks(FLAGS.gin_file, FLAGS.gin_params, configs)
    encoders = [specification.load(text) for text in FLAGS.encoder]
    data = _data(FLAGS.data, [one.NAME for one in chosen])
    extractor = extraction.Extractor(
        FLAGS.cache or os.path.join(FLAGS.output, "cache"), FLAGS.batch_size
    )
    return suite.evaluate(chosen, encoders, data, FLAGS.output, extractor, configs, FLAGS.traceback)


def _benchmarks(
    files: Sequence[str], params: Sequence[str], configs: dict[str, str]
) -> list[benchmark_lib.Benchmark]:
    """The benchmarks of each file on its own, so that one's bindings do not replace another's.

    Args:
      files: gin files.
      params: bindings; each must be of use to one of the files.
      configs: receives what was in force for each file, by the name of a file to keep it in.
    """
    chosen: list[benchmark_lib.Benchmark] = []
    unused: set[str] | None = None
    for file in files:
        gin.clear_config()
        configuration.parse([file], params)
        try:
            chosen += suite.benchmarks()
        except RuntimeError as error:
            raise configuration.as_user_error(error) or error from error
        elsewhere = configuration.check_all_used(shared=params)
        unused = elsewhere if unused is None else unused & elsewhere
        configs[os.path.basename(file)] = gin.operative_config_str()
    configuration.refuse_unused(unused or ())
    return chosen


def _data(words: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Where the data of each benchmark are.

    Args:
      words: PATH for all benchmarks, or NAME=PATH.
      names: of the benchmarks.
    """
    data: dict[str, str] = {}
    known = {kind.NAME for kind in registry.BENCHMARKS}
    for word in words:
        match = re.fullmatch(r"(\w+)=(.*)", word)
        if match and match[1] in known:
            if match[1] not in names:
                raise ValueError(f"--data={word}: no --gin_file asks for {match[1]}.")
            data[match[1]] = match[2]
        else:
            data.update({name: word for name in names if name not in data})
    return data


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_multi_string("gin_file", None, "One of gin_configs/evaluation; may be repeated.")
    flags.DEFINE_multi_string("gin_params", [], "A binding, such as 'Davis.top_k = 5'.")
    flags.DEFINE_multi_string("encoder", None, f"{specification.__doc__}\nMay be repeated.")
    flags.DEFINE_multi_string(
        "data", [], "Where the data are: PATH, or BENCHMARK=PATH where there are several."
    )
    flags.DEFINE_string("output", None, "Folder of the results.")
    flags.DEFINE_string(
        "cache", None, "Folder of computed features, to be shared; <output>/cache by default."
    )
    flags.DEFINE_integer("batch_size", 32, "Images a pass.", lower_bound=1)
    command_line.define_flags()
    flags.mark_flags_as_required(["gin_file", "encoder", "output"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
