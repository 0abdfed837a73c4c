# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The task of fine-tuning an encoder for object detection by FCOS* (A.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from official.core import base_task, task_factory

from vito_tf.backbones import normalisation
from vito_tf.transfer import checkpoint_errors
from vito_tf.transfer.detection import (
    annotation_files,
    assigners,
    config,
    detections,
    evaluator,
    input,
    locations,
    losses,
    model,
    rescaling,
    structures,
)

_LOSSES = {"class_loss": "class", "box_loss": "box", "quality_loss": "quality"}
_POSITIVES = "positives"


@task_factory.register_task_cls(config.Task)
class VitoFcosTask(base_task.Task):
    """Training on boxes, and COCO's or LVIS's average precision.

    Training reports `training_loss`, its parts `class_loss`, `box_loss` and `quality_loss`, and
    `positives`, locations an image that have a box. Evaluation reports what `evaluator.Evaluator`
    does, and writes its files into the run's folder; it has no loss.
    """

    def build_model(self) -> tf.keras.Model:
        """Builds the network, see `model.build`.

        Raises:
          ValueError: for a configuration that makes none.
        """
        return model.build(self.task_config.model)

    def initialize(self, model: tf.keras.Model) -> None:
        """Restores `task.init_checkpoint`, if there is one.

        Args:
          model: of `build_model`.

        Raises:
          ValueError: if it does not fit the model.
        """
        path = self.task_config.init_checkpoint
        if not path:
            return
        items = model.checkpoint_items
        modules = self.task_config.init_checkpoint_modules
        chosen = list(items) if modules == "all" else [one.strip() for one in modules.split(",")]
        if not {"backbone", "decoder"}.issuperset(chosen) and modules != "all":
            raise ValueError(
                "task.init_checkpoint_modules must be 'all' or of 'backbone', 'decoder'; not "
                f"{modules!r}."
            )
        with checkpoint_errors.named(f"task.init_checkpoint={path}"):
            file = tf.train.latest_checkpoint(path) if tf.io.gfile.isdir(path) else path
            checkpoint = tf.train.Checkpoint(**{name: items[name] for name in chosen})
            checkpoint.read(file or path).expect_partial().assert_existing_objects_matched()

    def build_inputs(
        self,
        params: config.DataConfig,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """See `input.read`.

        Raises:
          ValueError: as there; or images would not have the network's size.
        """
        task = self.task_config
        size = list(task.model.input_size)
        if size != [*params.output_size, 3]:
            part = "train_data" if params.is_training else "validation_data"
            raise ValueError(
                f"task.{part}.output_size is {list(params.output_size)}, but "
                f"task.model.input_size is {size}."
            )
        return input.read(params, task.model.num_classes, task.losses.federated, input_context)

    def build_metrics(self, training: bool = True) -> list[tf.keras.metrics.Metric]:
        """Prepares the parts of the loss; for evaluation, reads the annotations."""
        if training:
            return [tf.keras.metrics.Mean(name) for name in (*_LOSSES, _POSITIVES)]
        task = self.task_config
        self._evaluator = evaluator.Evaluator(
            task.annotation_file or annotation_files.beside(task.validation_data.input_path),
            task.metric,
            task.model.num_classes,
            task.num_pictures if task.allow_image_summary else 0,
        )
        return []

    def train_step(
        self,
        inputs: tuple[tf.Tensor, Mapping[str, tf.Tensor]],
        model: tf.keras.Model,
        optimizer: tf.keras.optimizers.Optimizer,
        metrics: list[tf.keras.metrics.Metric] | None = None,
    ) -> dict[str, tf.Tensor]:
        """Takes a step on a batch of `input.read`."""
        images, labels = inputs
        truth = structures.Truth(labels["boxes"], labels["classes"], labels["judged"])
        with tf.init_scope():  # Made on first use, which must not be within a graph.
            step = optimizer.iterations
        with tf.GradientTape() as tape:
            predictions = model(images, training=True)
            parts = self.build_losses(truth, predictions, step)
            # Gradients are summed over replicas.
            scaled = parts["total"] / tf.distribute.get_strategy().num_replicas_in_sync
            if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer):
                scaled = optimizer.get_scaled_loss(scaled)
        gradients = tape.gradient(scaled, model.trainable_variables)
        if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer):
            gradients = optimizer.get_unscaled_gradients(gradients)
        optimizer.apply_gradients(list(zip(gradients, model.trainable_variables)))
        logs = {self.loss: parts["total"]}
        logs.update({name: parts[part] for name, part in _LOSSES.items()})
        logs[_POSITIVES] = parts["positives"] / tf.cast(tf.shape(images)[0], tf.float32)
        for metric in metrics or []:
            metric.update_state(logs[metric.name])
        return logs

    def build_losses(
        self, labels: structures.Truth, model_outputs: structures.Predictions, step: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The loss of this replica's images, see `losses.compute`.

        Args:
          labels: boxes.
          model_outputs: of the model in training.
          step: steps done, by which task-aligned learning replaces ATSS.
        """
        task = self.task_config
        where = self._locations()
        assignment = assigners.assign(task.assignment, where, labels, model_outputs, step)
        return losses.compute(
            task.losses,
            task.model.head.quality,
            model_outputs,
            labels,
            assignment,
            assigners.is_aligned(task.assignment, step),
            where,
            _mean_over_replicas,
        )

    def validation_step(
        self,
        inputs: tuple[tf.Tensor, Mapping[str, tf.Tensor]],
        model: tf.keras.Model,
        metrics: list[tf.keras.metrics.Metric] | None = None,
    ) -> dict[str, Any]:
        """Finds objects; returns those of all replicas on each, and pictures of its own."""
        del metrics
        images, labels = inputs
        found = detections.detect(
            self.task_config.model.detection_generator,
            model(images, training=False),
            self._locations(),
        )
        found["boxes"] = rescaling.to_images(found["boxes"], labels["image_info"])
        found["image_id"] = labels["image_id"]
        context = tf.distribute.get_replica_context()
        # Of several workers each has its own images, and has to measure all of them.
        logs = {"found": {name: context.all_gather(v, axis=0) for name, v in found.items()}}
        if self.task_config.allow_image_summary:
            logs["pictures"] = {**labels, "images": _photos(images)}
        return logs

    def aggregate_logs(
        self,
        state: evaluator.Evaluator | None = None,
        step_outputs: Mapping[str, Any] | None = None,
    ) -> evaluator.Evaluator:
        """Hands detections and pictures to the evaluator."""
        if state is None:
            state = self._evaluator
            state.reset()
        outputs = step_outputs or {}
        for batch in _replicas(outputs.get("found", {}))[:1]:
            state.update(batch)
        for batch in _replicas(outputs.get("pictures", {})):
            state.keep_pictures(batch)
        return state

    def reduce_aggregated_logs(
        self,
        aggregated_logs: evaluator.Evaluator,
        global_step: tf.Tensor | None = None,
    ) -> dict[str, Any]:
        """Measures; returns figures, and pictures under `image/...` where they are wanted."""
        logs = aggregated_logs.finish(self.logging_dir or None)
        if self.task_config.allow_image_summary:
            return logs
        return {name: value for name, value in logs.items() if not name.startswith("image/")}

    def _locations(self) -> structures.Locations:
        network = self.task_config.model
        return locations.make(network.input_size[:2], network.min_level, network.max_level)


def _mean_over_replicas(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def _photos(images: tf.Tensor) -> tf.Tensor:
    """Standardised images as uint8."""
    mean, stddev = tf.constant(normalisation.IMAGENET_MEAN), normalisation.IMAGENET_STDDEV
    photos = 255.0 * (tf.cast(images, tf.float32) * tf.constant(stddev) + mean)
    return tf.cast(tf.clip_by_value(tf.round(photos), 0.0, 255.0), tf.uint8)


def _replicas(outputs: Mapping[str, Any]) -> list[dict[str, np.ndarray]]:
    """From tuples of each replica's tensors to each replica's arrays."""
    count = len(next(iter(outputs.values()), ()))
    return [
        {name: np.asarray(values[number]) for name, values in outputs.items()}
        for number in range(count)
    ]
