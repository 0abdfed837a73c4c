# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A pretraining run: from clips to a trained encoder and its report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from collections.abc import Mapping, Sequence
from typing import Callable

import gin
import tensorflow as tf

from vito_tf.pretraining import (
    build,
    callbacks,
    checkpoints,
    monitors,
    optimizers,
    report,
    run_directory,
)
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

    def __post_init__(self):
        for field in dataclasses.fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(
                    f"Saving.{field.name} must be positive, not {getattr(self, field.name)}."
                )


@gin.configurable("pretrain")
class Pretraining:
    """Everything that a run needs, built before it starts.

    Attributes:
      directory: of the run.
      model: the `VitoModel`.
      batches: what it is trained on, from where the run stands.
    """

    def __init__(
        self,
        directory: run_directory.RunDirectory,
        data_dir: str,
        strategy: tf.distribute.Strategy,
        clips: Callable[[str], clips_lib.Clips] = gin.REQUIRED,
        views: views_lib.ViewPipeline = gin.REQUIRED,
        schedule: schedule_lib.Schedule = gin.REQUIRED,
        optimizer: Callable[..., tf.keras.optimizers.Optimizer] = optimizers.lars,
        execution: build.Execution | None = None,
        saving: Saving | None = None,
        monitor_with: Sequence[Callable[[monitors.Run], monitors.Monitor]] = (),
        seed: int = 0,
    ):
        """Builds model, data and monitors, and restores an interrupted run.

        What goes on after an interruption is what it would have been without, but for networks that
        drop paths (`swin.drop_path` > 0): which ones is drawn from TensorFlow's global generator,
        which starts afresh.

        Args:
          directory: what the run writes goes here: the asked and the operative configuration,
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

        Raises:
          ValueError: for a configuration, folder or data that cannot be used.
        """
        started = time.time()
        self._config = gin.config_str()
        directory.check_configuration(self._config)
        self.directory, self._strategy, self._schedule = directory, strategy, schedule
        self._saving = saving or Saving()
        batch_size = _replica_batch_size(schedule, strategy)
        with strategy.scope():
            self.model = build.build_model(
                views, schedule, optimizer, seed, execution or build.Execution()
            )
        data = clips(data_dir)
        self._skip_log = skip_log = skipped.SkipLog(directory.file(run_directory.SKIPPED))
        self._manager = checkpoints.manager(self.model, directory, strategy, self._saving.keep)
        self._resumed = checkpoints.restore(self._manager, directory)
        self._writer = (
            tf.summary.create_file_writer(directory.file(run_directory.TENSORBOARD))
            if directory.is_chief
            else tf.summary.create_noop_writer()
        )
        shown = dataclasses.replace(views, augment_on="host")
        some = functools.partial(shown.batches, data, min(8, data.num_clips), seed, skip_log)
        run = monitors.Run(
            directory,
            data_dir,
            self._writer,
            views.image_size,
            skip_log,
            some,
            schedule.total_steps,
        )
        with skipped.plain_errors(skip_log):
            watching = [monitor(run) for monitor in monitor_with]
        self._watching = watching if directory.is_chief else []
        for monitor in self._watching:
            monitor.set_model(self.model)

        def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
            batches = views.batches(
                data,
                batch_size,
                seed,
                skip_log,
                int(self.model.position.numpy()),
                context.num_input_pipelines,
                context.input_pipeline_id,
            )
            # With an end in sight, several workers would give up static shapes.
            endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
            return batches.apply(endless)

        self.batches = strategy.distribute_datasets_from_function(of_worker)
        self._seconds_building = time.time() - started

    def train(
        self, baselines: Mapping[str, run_directory.RunDirectory] | None = None
    ) -> dict[str, float]:
        """Trains VITO, or goes on with an interrupted run, and writes its report.

        Args:
          baselines: finished runs to report beside this one, by name.

        Returns:
          The figures of summary.json; empty in the processes of a cluster that are not its chief.

        Raises:
          NonFiniteLossError: when the loss is no longer finite.
        """
        directory = self.directory
        directory.write(run_directory.ASKED_CONFIG, self._config)
        directory.write(run_directory.OPERATIVE_CONFIG, gin.operative_config_str())
        directory.forget_metrics_after(self._step if self._resumed else -1)
        before = max([record.get("seconds", 0.0) for record in directory.metrics()], default=0.0)
        if self._step < self._schedule.total_steps:
            self._fit(began=time.time() - self._seconds_building - before)
        self._writer.close()
        checkpoints.forget_copies(directory, self._strategy)
        if not directory.is_chief:
            return {}
        figures = {title: figure for m in self._watching for title, figure in m.pictures().items()}
        summary = report.summarise(directory.metrics(), self._schedule.total_steps)
        others = {name: baseline.summary() for name, baseline in (baselines or {}).items()}
        report.write_report(directory, summary, figures, others)
        directory.write_json(run_directory.SUMMARY, summary)
        return summary

    @property
    def _step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def _fit(self, began: float) -> None:
        steps, saving = self._schedule.total_steps, self._saving
        bar = callbacks.ProgressBar(steps)
        log = callbacks.MetricsLog(
            self.directory,
            self._writer,
            self._schedule.batch_size,
            saving.log_every,
            steps,
            began,
        )
        with contextlib.closing(bar), skipped.plain_errors(self._skip_log):
            self.model.fit(
                self.batches,
                steps_per_epoch=steps - self._step,
                verbose=0,
                callbacks=[
                    callbacks.FiniteGuard(self._manager, steps),
                    log,
                    *self._watching,
                    callbacks.Checkpoints(self._manager, saving.checkpoint_every, steps),
                    bar,
                ],
            )


def _replica_batch_size(schedule: schedule_lib.Schedule, strategy: tf.distribute.Strategy) -> int:
    replicas = strategy.num_replicas_in_sync
    if schedule.batch_size % replicas:
        raise ValueError(
            f"Schedule.batch_size = {schedule.batch_size} cannot be shared equally by {replicas} "
            "replicas."
        )
    return schedule.batch_size // replicas
