# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A pretraining run: from clips to a trained encoder and its report."""

from __future__ import annotations

import dataclasses
import time
from typing import Callable, Optional, Sequence

import gin
import tensorflow as tf
from absl import logging

from vito_tf.pretraining import build, callbacks, monitors, optimizers, report, run_directory
from vito_tf.pretraining import model as model_lib
from vito_tf.pretraining import schedule as schedule_lib
from vito_tf.video import clips as clips_lib
from vito_tf.video import skipped
from vito_tf.video import views as views_lib


@gin.configurable
@dataclasses.dataclass(frozen=True)
class Saving:
    """How often a run is logged and saved.

    Attributes:
      log_every: steps between logged scalars.
      checkpoint_every: steps between checkpoints.
      keep: how many checkpoints to keep.
    """

    log_every: int = 10
    checkpoint_every: int = 1000
    keep: int = 3


@gin.configurable
def pretrain(
    model_dir: str,
    data_dir: str,
    strategy: tf.distribute.Strategy,
    clips: Callable[[str], clips_lib.Clips] = gin.REQUIRED,
    views: views_lib.ViewPipeline = gin.REQUIRED,
    schedule: schedule_lib.Schedule = gin.REQUIRED,
    optimizer: Callable[..., tf.keras.optimizers.Optimizer] = optimizers.lars,
    execution: Optional[build.Execution] = None,
    saving: Optional[Saving] = None,
    monitor_with: Sequence[Callable[[monitors.Run], monitors.Monitor]] = (),
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
    baselines: Sequence[str] = (),
) -> dict[str, float]:
    """Trains VITO, or goes on with an interrupted run, and writes its report.

    Args:
      model_dir: what the run writes goes here: the asked and the operative configuration,
        checkpoints, metrics.jsonl, TensorBoard events, skipped.tsv, summary.json, report.html.
      data_dir: where a source may keep what it makes of the user's videos.
      strategy: where to train.
      clips: the source, called with `data_dir`.
      views: how clips become views.
      schedule: length, batch size, learning rate and EMA.
      optimizer: its builder.
      execution: precision and compilation.
      saving: how often to log and save.
      monitor_with: builders of monitors that look at the encoder as it learns.
      seed: of weights, order, sampling and augmentation.
      check: called when everything has been built and before training starts.
      baselines: names of finished runs in folders of `model_dir`, to report beside this one.

    Returns:
      The figures of summary.json.

    Raises:
      ValueError: for a configuration, folder or data that cannot be used, before training starts.
      NonFiniteLossError: when the loss is no longer finite.
    """
    started = time.time()
    saving = saving or Saving()
    directory = run_directory.RunDirectory(model_dir, is_chief(strategy))
    directory.check_configuration(gin.config_str())
    if directory.is_finished:
        logging.info("%s holds a finished run; nothing is left to do.", model_dir)
        return directory.summary()
    batch_size = _replica_batch_size(schedule, strategy)
    with strategy.scope():
        model = build.build_model(views, schedule, optimizer, seed, execution or build.Execution())
    data = clips(data_dir)
    skip_log = skipped.SkipLog(directory.file("skipped.tsv"))
    manager = _checkpoint_manager(model, directory, strategy, saving.keep)
    _restore(model, manager, directory)
    seconds = max([record.get("seconds", 0.0) for record in directory.metrics()], default=0.0)
    writer = tf.summary.create_file_writer(directory.file("tensorboard"))
    run = monitors.Run(
        directory,
        data_dir,
        writer,
        views.image_size,
        skip_log,
        views.batches(data, 8, seed, skip_log),
        schedule.total_steps,
    )
    watching = [monitor(run) for monitor in monitor_with]
    batches = _distributed_batches(
        strategy, data, views, batch_size, seed, skip_log, int(model.position)
    )
    check()
    directory.write(run_directory.ASKED_CONFIG, gin.config_str())
    directory.write(run_directory.OPERATIVE_CONFIG, gin.operative_config_str())
    remaining = schedule.total_steps - int(model.optimizer.iterations)
    log = callbacks.MetricsLog(
        directory, writer, schedule.batch_size, saving.log_every, started - seconds
    )
    if remaining:
        model.fit(
            batches,
            steps_per_epoch=remaining,
            verbose=0,
            callbacks=[
                callbacks.FiniteGuard(manager),
                log,
                *watching,
                callbacks.Checkpoints(manager, saving.checkpoint_every),
                callbacks.ProgressBar(schedule.total_steps),
            ],
        )
    return _finish(directory, schedule.total_steps, watching, baselines)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one of its cluster that writes the run's files."""
    resolver = strategy.cluster_resolver
    return resolver is None or resolver.task_type in (None, "chief") or not resolver.task_id


def _replica_batch_size(
    schedule: schedule_lib.Schedule, strategy: tf.distribute.Strategy
) -> int:
    replicas = strategy.num_replicas_in_sync
    if schedule.batch_size % replicas:
        raise ValueError(
            f"Schedule.batch_size = {schedule.batch_size} cannot be shared equally by {replicas} "
            "replicas."
        )
    return schedule.batch_size // replicas


def _distributed_batches(strategy, data, views, batch_size, seed, skip_log, position):
    """The stream of batches, each replica taking the next `batch_size` videos in order."""

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return views.batches(
            data,
            batch_size,
            seed,
            skip_log,
            position,
            context.num_input_pipelines,
            context.input_pipeline_id,
        )

    return strategy.distribute_datasets_from_function(of_worker)


def _checkpoint_manager(
    model: model_lib.VitoModel,
    directory: run_directory.RunDirectory,
    strategy: tf.distribute.Strategy,
    keep: int,
) -> tf.train.CheckpointManager:
    """Checkpoints of weights, optimiser, step and data position.

    Every process of a cluster must take part in a save; only the chief's is kept.
    """
    folder = directory.file(run_directory.CHECKPOINTS)
    if not directory.is_chief:
        folder = directory.file(f".worker-{strategy.cluster_resolver.task_id}")
    checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    return tf.train.CheckpointManager(checkpoint, folder, max_to_keep=keep, checkpoint_name="step")


def _restore(
    model: model_lib.VitoModel,
    manager: tf.train.CheckpointManager,
    directory: run_directory.RunDirectory,
) -> None:
    latest = tf.train.latest_checkpoint(directory.file(run_directory.CHECKPOINTS))
    if latest:
        manager.checkpoint.restore(latest).assert_existing_objects_matched()
        logging.info("Going on from %s.", latest)
    directory.forget_metrics_after(int(model.optimizer.iterations))


def _finish(directory, steps, watching, baselines) -> dict[str, float]:
    summary = report.summarise(directory.metrics(), steps)
    figures = {title: figure for m in watching for title, figure in m.pictures().items()}
    others = {
        name: run_directory.RunDirectory(directory.file(name)).summary() for name in baselines
    }
    report.write_report(directory, summary, figures, others)
    directory.write_json(run_directory.SUMMARY, summary)
    return summary
