# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs an experiment once, or with several seeds (§4.1: "averaged across 5 runs")."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
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

_AROUND = re.compile(r"\s|$|Graph execution error|Detected at node|<stack traces")
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
      ValueError: for parameters, data or a model directory that cannot be used; also what data and
        devices turn out to be while it runs, such as a label out of range.
    """
    names = [n for n, m in (("train_data", "train"), ("validation_data", "eval")) if m in mode]
    experiment_params.check_inputs(params, names)
    experiment_params.check_init_checkpoint(params)
    folders = {
        seed: model_dir if len(seeds) == 1 else os.path.join(model_dir, f"seed_{seed}")
        for seed in seeds
    }
    if "train" in mode:
        for folder in folders.values():
            _check_params(params, folder)
    runs = {}
    for seed, folder in folders.items():
        if mode == "eval" and not tf.train.latest_checkpoint(folder):
            raise ValueError(f"--mode=eval: there is no checkpoint in {folder}.")
        _run(params, mode, folder, seed)
        done = run_log.evaluations(folder)
        if done:
            runs[str(seed)] = done[-1]
    results: dict[str, Any] = {"runs": runs}
    if len(runs) > 1:
        figures = {name: [run[name] for run in runs.values()] for name in next(iter(runs.values()))}
        del figures["step"]
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
    seeded = params.replace(task={"train_data": {"seed": _data_seed(seed, folder)}})
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
        with contextlib.closing(log), plain_errors():
            runner.run()
    train_utils.save_gin_config(mode, folder)


def _data_seed(seed: int, folder: str) -> int:
    """A seed of order and augmentation that is another one wherever a run is taken up again.

    Model Garden's trainer does not save how far it is in the data; a resumed run should not see
    once more what it has seen.
    """
    latest = tf.train.latest_checkpoint(folder)
    step = int(latest.rsplit("-", 1)[-1]) if latest else 0
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0] >> 1)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Takes the message out of what TensorFlow says of an error within a graph."""
    try:
        yield
    except tf.errors.OpError as error:
        asserted = re.search(r"assertion failed: \[(.*)\]", error.message)
        lines = [line for line in error.message.splitlines() if not _AROUND.match(line)]
        reason = asserted[1].replace("] [", " ") if asserted else " ".join(lines[:1])
        raise ValueError(reason) from error
