# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Fine-tunes an encoder, or a head on it, by one of Model Garden's tasks.

Examples:
  python -m vito_tf.finetune --gin_file=gin_configs/finetune/vito_fcn_pascal.gin \
      --encoder=exports/vito --data=/data/records/pascal_voc --model_dir=runs/pascal
  python -m vito_tf.finetune --experiment=vito_imagenet_linear --mode=train_and_eval \
      --encoder=exports/vito --data=/data/records/imagenet --model_dir=runs/linear \
      --params_override=trainer.train_steps=1000

The same command resumes an interrupted run. --seeds=5 makes five runs and gives mean and standard
deviation. Without --encoder the weights are random.
"""

from __future__ import annotations

import os
from typing import Any

from vito_tf import environment

environment.prepare()

from absl import app, flags
from official.common import flags as model_garden_flags

from vito_tf import command_line, configuration
from vito_tf.transfer import experiment_params, finetuning, registry  # noqa: F401

FLAGS = flags.FLAGS
_FOREIGN_FLAGS = ("mode", "tf_data_service", "tpu_platform")


def main(argv: list[str]) -> None:
    """Fine-tunes, turning what the user can mend into one line."""
    command_line.begin(argv)
    with command_line.one_line_errors(
        interrupted="Interrupted; the same command goes on from the last checkpoint."
    ):
        results = _finetune()
    shown: dict[str, float] = results.get("mean") or next(iter(results["runs"].values()), {})
    for name, value in shown.items():
        spread = f" ± {results['std'][name]:.2g}" if "std" in results else ""
        print(f"{name:32s} {value:.6g}{spread}")
    print(f"{'results':32s} {os.path.join(FLAGS.model_dir, finetuning.RESULTS)}")


def _finetune() -> dict[str, Any]:
    configuration.parse(FLAGS.gin_file or [], FLAGS.gin_params or [])
    chosen = finetuning.FineTuning()
    experiment = FLAGS.experiment or chosen.experiment
    if not experiment:
        raise ValueError("Give --experiment, or a --gin_file of gin_configs/finetune.")
    files = [chosen.config_file] if chosen.config_file and not FLAGS.experiment else []
    params = experiment_params.read(
        experiment,
        files + (FLAGS.config_file or []),
        FLAGS.params_override,
        FLAGS.tpu,
        FLAGS.encoder,
        FLAGS.data,
    )
    seeds = range(FLAGS.seed, FLAGS.seed + FLAGS.seeds)
    return finetuning.finetune(params, FLAGS.mode, FLAGS.model_dir, seeds)


def define_flags() -> None:
    """Defines Model Garden's flags, and this command's own."""
    model_garden_flags.define_flags()
    for name in _FOREIGN_FLAGS:
        delattr(FLAGS, name)
    flags.DEFINE_enum("mode", "train_and_eval", finetuning.MODES, "What to do.")
    flags.DEFINE_string(
        "encoder", None, "Folder of an encoder: an export, or a converted PyTorch checkpoint."
    )
    flags.DEFINE_string("data", None, "Folder of the records; relative input paths lie in it.")
    flags.DEFINE_integer("seed", 0, "Of initial weights, order and augmentation.", lower_bound=0)
    flags.DEFINE_integer("seeds", 1, "Runs, with seeds counted from --seed.", lower_bound=1)
    command_line.define_flags()
    flags.adopt_module_key_flags(model_garden_flags)
    flags.mark_flags_as_required(["model_dir"])


if __name__ == "__main__":
    define_flags()
    app.run(main)
