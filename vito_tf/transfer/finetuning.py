# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs an experiment once, or with several seeds (§4.1: "averaged across 5 runs")."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
from collections.abc import Sequence
from typing import Any

import gin
import numpy as np
import tensorflow as tf
from official.common import distribute_utils
from official.core import config_definitions, task_factory, train_lib, train_utils
from official.modeling import hyperparams, performance
from official.vision.utils import summary_manager

from vito_tf import configuration
from vito_tf.transfer import experiment_params, run_log

MODES = ("train", "eval", "train_and_eval", "continuous_eval", "train_and_post_eval")
PARAMS = "params.yaml"
RESULTS = "results.json"


@gin.configurable
@dataclasses.dataclass(frozen=True)
class FineTuning:
    """The experiment that a gin file stands for.

    Attributes:
      experiment: its registered name.
      config_file: YAML file of its parameters.
    """

    experiment: str = ""
    config_file: str = ""


def finetune(
    params: config_definitions.ExperimentConfig, mode: str, model_dir: str, seeds: Sequence[int]
) -> dict[str, Any]:
    """Fine-tunes, or goes on with interrupted runs, and writes `results.json`.

    Args:
      params: of the experiment (`experiment_params.read`).
      mode: one of `MODES`.
      model_dir: receives checkpoints, TensorBoard events, `params.yaml`, `evaluations.jsonl`,
        `results.json`; with several seeds each has a folder `seed_<n>` in it.
      seeds: of initial weights, order and augmentation.

    Returns:
      What `results.json` holds: `runs`, the last evaluation of each seed; `mean` and `std` of their
      figures (sample standard deviation, absent for a single run).

    Raises:
      ValueError: for parameters, data or a model directory that cannot be used.
    """
    names = [n for n, m in (("train_data", "train"), ("validation_data", "eval")) if m in mode]
    experiment_params.check_inputs(params, names)
    folders = {
        seed: model_dir if len(seeds) == 1 else os.path.join(model_dir, f"seed_{seed}")
        for seed in seeds
    }
    if "train" in mode:
        for folder in folders.values():
            _check_params(params, folder)
    runs = {}
    for seed, folder in folders.items():
        _run(params, mode, folder, seed)
        done = run_log.evaluations(folder)
        if done:
            runs[str(seed)] = done[-1]
    results: dict[str, Any] = {"runs": runs}
    if len(runs) > 1:
        figures = {name: [run[name] for run in runs.values()] for name in next(iter(runs.values()))}
        results["mean"] = {name: float(np.mean(values)) for name, values in figures.items()}
        results["std"] = {name: float(np.std(values, ddof=1)) for name, values in figures.items()}
    with tf.io.gfile.GFile(os.path.join(model_dir, RESULTS), "w") as file:
        file.write(json.dumps(results, indent=2) + "\n")
    return results


def _check_params(params: config_definitions.ExperimentConfig, folder: str) -> None:
    """Refuses a folder that holds a run of other parameters; else notes these."""
    path = os.path.join(folder, PARAMS)
    if not tf.io.gfile.exists(path):
        train_utils.serialize_config(params, folder)
        return
    there = hyperparams.read_yaml_to_params_dict(path)
    saved, asked = (json.dumps(p.as_dict(), indent=1, sort_keys=True) for p in (there, params))
    differences = configuration.difference(saved, asked)
    if differences:
        raise ValueError(
            f"{folder} holds a run with other parameters ('-' is the run's, '+' what is asked "
            f"now); choose another --model_dir or the same parameters:\n{differences}"
        )


def _run(params: config_definitions.ExperimentConfig, mode: str, folder: str, seed: int) -> None:
    """One run by Model Garden's trainer."""
    tf.keras.utils.set_random_seed(seed)
    if params.runtime.mixed_precision_dtype:
        performance.set_mixed_precision_policy(params.runtime.mixed_precision_dtype)
    strategy = distribute_utils.get_distribution_strategy(
        distribution_strategy=params.runtime.distribution_strategy,
        all_reduce_alg=params.runtime.all_reduce_alg,
        num_gpus=params.runtime.num_gpus,
        tpu_address=params.runtime.tpu,
    )
    seeded = params.replace(task={"train_data": {"seed": seed}})
    with strategy.scope():
        task = task_factory.get_task(seeded.task, logging_dir=folder)
    log = run_log.RunLog(folder, params.trainer.train_steps)
    with contextlib.redirect_stdout(io.StringIO()):  # Orbit prints what it logs, too.
        runner = train_lib.OrbitExperimentRunner(
            distribution_strategy=strategy,
            task=task,
            mode=mode,
            params=seeded,
            model_dir=folder,
            train_actions=[log.after_training],
            eval_actions=[log.after_evaluation],
            eval_summary_manager=summary_manager.maybe_build_eval_summary_manager(seeded, folder),
        )
        log.begin(runner.trainer.global_step)
        with contextlib.closing(log):
            runner.run()
    train_utils.save_gin_config(mode, folder)
