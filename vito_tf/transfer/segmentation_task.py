# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The task of fine-tuning an encoder for semantic segmentation (A.2)."""

from __future__ import annotations

import abc
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from official.core import task_factory
from official.modeling import hyperparams
from official.vision.modeling import segmentation_model
from official.vision.modeling.backbones import factory
from official.vision.tasks import semantic_segmentation as stock

from vito_tf.transfer import (
    checkpoint_errors,
    conversion,
    fcn_head,
    reading,
    segmentation_config,
    segmentation_input,
    segmentation_iou,
    segmentation_pictures,
)


class SegmentationTask(stock.SemanticSegmentationTask):
    """Model Garden's task with our heads, and with metrics at the images' own resolution.

    Evaluation reports `mean_iou`, `pixel_accuracy`, `iou/<class>` for classes that the data have,
    and `validation_loss`, the mean over pixels in the network's resolution. Classes have their
    names if `dataset.json`, which `convert_dataset` writes, is beside the records; otherwise their
    numbers.
    """

    def build_model(self) -> tf.keras.Model:
        """Builds a `SegmentationModel` from standardised images to {'logits': [B, h, w, C]}.

        Raises:
          ValueError: if the backbone lacks a head's level, as that of an encoder does whose
            training did not reach it.
        """
        config = self.task_config.model
        backbone = factory.build_backbone(
            tf.keras.layers.InputSpec(shape=[None, *config.input_size]),
            config.backbone,
            config.norm_activation,
        )
        model = self.add_heads(backbone)
        model(tf.keras.Input(config.input_size), training=False)
        if self.task_config.losses.l2_weight_decay:
            model.add_loss(lambda: self._weight_decay(model))
        return model

    @abc.abstractmethod
    def add_heads(self, backbone: tf.keras.Model) -> segmentation_model.SegmentationModel:
        """Makes the model from its backbone."""

    def fcn_head(self, name: str, backbone: tf.keras.Model) -> fcn_head.FcnHead:
        """The head that `task.model.<name>` describes.

        Raises:
          ValueError: if the backbone lacks its level.
        """
        config = getattr(self.task_config.model, name)
        levels = sorted(backbone.output_specs)
        if str(config.level) not in levels:
            raise ValueError(
                f"task.model.{name}.level is {config.level}, but the backbone has the levels "
                f"{', '.join(levels)} only."
            )
        return fcn_head.FcnHead(**self.head_arguments(config), name=f"fcn_{name}")

    def head_arguments(self, head: hyperparams.Config) -> dict[str, Any]:
        """What a head's layer takes: its own configuration and what all heads have in common."""
        config = self.task_config.model
        return {
            "num_classes": config.num_classes,
            **head.as_dict(),
            "sync_batch_norm": config.norm_activation.use_sync_bn,
            "norm_momentum": config.norm_activation.norm_momentum,
            "norm_epsilon": config.norm_activation.norm_epsilon,
        }

    def initialize(self, model: tf.keras.Model) -> None:
        """Restores `task.init_checkpoint`, if there is one.

        Raises:
          ValueError: if it does not fit the model.
        """
        with checkpoint_errors.named(f"task.init_checkpoint={self.task_config.init_checkpoint}"):
            if self.task_config.init_checkpoint_modules not in ("all", "backbone"):
                raise ValueError("Only 'all' or 'backbone' can be used to initialize the model.")
            super().initialize(model)

    def build_inputs(
        self,
        params: segmentation_config.DataConfig,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """See `segmentation_input.read`."""
        return segmentation_input.read(
            params,
            self.task_config.model.num_classes,
            self.task_config.losses.ignore_label,
            input_context,
        )

    def build_metrics(self, training: bool = True) -> list[tf.keras.metrics.Metric]:
        """Prepares the metric of evaluation; none is measured in training."""
        if not training:
            config = self.task_config
            num_classes = config.model.num_classes
            self._class_names = class_names(config.validation_data.input_path, num_classes)
            self._iou = segmentation_iou.FullSizeIoU(num_classes, config.losses.ignore_label)
            self._loss = tf.keras.metrics.Mean("validation_loss")
        return []

    def validation_step(
        self,
        inputs: tuple[tf.Tensor, dict[str, tf.Tensor]],
        model: tf.keras.Model,
        metrics: list[Any] | None = None,
    ) -> dict[str, tf.Tensor]:
        """Evaluates a batch; returns pictures if they are wanted."""
        batch_size = tf.shape(inputs[0])[0]
        features, labels = self._never_empty(*inputs)
        logits = tf.cast(self.inference_step(features, model)["logits"], tf.float32)
        self._iou.update_state(
            labels["full_masks"], logits, labels["image_info"], tf.shape(features)[1:3]
        )
        num_pixels = tf.math.count_nonzero(labels["masks"] != self.task_config.losses.ignore_label)
        self._loss.update_state(self.build_losses(labels, {"logits": logits}), num_pixels)
        if not self.task_config.allow_image_summary:
            return {}
        pictures = segmentation_pictures.side_by_side(
            features, labels["masks"], logits, self.task_config.losses.ignore_label
        )
        return {"pictures": pictures[:batch_size]}

    def aggregate_logs(
        self,
        state: dict[str, list[np.ndarray]] | None = None,
        step_outputs: dict[str, Any] | None = None,
    ) -> dict[str, list[np.ndarray]]:
        """Keeps the first pictures."""
        state = state or {"pictures": []}
        for replica in (step_outputs or {}).get("pictures", ()):
            missing = self.task_config.num_pictures - len(state["pictures"])
            if missing > 0:
                state["pictures"].extend(np.asarray(replica[:missing]))
        return state

    def reduce_aggregated_logs(
        self,
        aggregated_logs: dict[str, list[np.ndarray]],
        global_step: tf.Tensor | None = None,
    ) -> dict[str, Any]:
        """Returns the metrics, and pictures under `image/...`."""
        figures = self._iou.result()
        logs = {name: figures[name] for name in ("mean_iou", "pixel_accuracy")}
        logs["validation_loss"] = self._loss.result()
        self._iou.reset_state()
        self._loss.reset_state()
        if self.task_config.evaluation.report_per_class_iou:
            for number in np.flatnonzero(figures["is_present"]):
                logs[f"iou/{self._class_names[number]}"] = figures["iou"][number]
        for number, picture in enumerate(aggregated_logs["pictures"]):
            logs[f"image/validation_{number}"] = picture[np.newaxis]
        return logs

    def _never_empty(
        self, features: tf.Tensor, labels: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Adds an image without labels to a batch of none, which batch norm does not take.

        The last batch of a data set may leave some replicas without images.
        """
        missing = tf.cast(tf.equal(tf.shape(features)[0], 0), tf.int32)

        def fill(tensor: tf.Tensor, value: int = 0) -> tf.Tensor:
            paddings = [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1)
            return tf.pad(tensor, paddings, constant_values=tf.cast(value, tensor.dtype))

        ignored = self.task_config.losses.ignore_label
        values = {"masks": ignored, "full_masks": ignored, "image_info": 0}
        return fill(features), {name: fill(labels[name], value) for name, value in values.items()}

    def _weight_decay(self, model: tf.keras.Model) -> tf.Tensor:
        losses = self.task_config.losses
        variables = [
            variable
            for variable in model.trainable_variables
            if losses.decay_norms_and_biases or variable.shape.rank > 1
        ]
        squares = [tf.nn.l2_loss(tf.cast(variable, tf.float32)) for variable in variables]
        return losses.l2_weight_decay * tf.add_n(squares)


@task_factory.register_task_cls(segmentation_config.FcnTask)
class FcnTask(SegmentationTask):
    """With an FCN head."""

    def add_heads(self, backbone: tf.keras.Model) -> segmentation_model.SegmentationModel:
        """Adds the head."""
        return segmentation_model.SegmentationModel(backbone, None, self.fcn_head("head", backbone))


def class_names(input_path: Any, num_classes: int) -> list[str]:
    """The names of classes for records, from the `dataset.json` beside them.

    Args:
      input_path: the pattern, or patterns, of the records.
      num_classes: how many there must be.

    Returns:
      As many names; numbers where there is no such file.

    Raises:
      ValueError: if the file has another number of names.
    """
    for pattern in reading.patterns(input_path):
        path = os.path.join(os.path.dirname(pattern), conversion.INFO_FILE)
        if tf.io.gfile.exists(path):
            with tf.io.gfile.GFile(path) as file:
                names = json.loads(file.read())["class_names"]
            if len(names) != num_classes:
                raise ValueError(
                    f"task.model.num_classes is {num_classes}, but {path} has {len(names)} classes."
                )
            return names
    return [str(number) for number in range(num_classes)]
