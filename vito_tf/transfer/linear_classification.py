# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Transfer to ImageNet classification (A.6): linear classifiers on a frozen encoder.

The paper: SGD with Nesterov momentum 0.9, no weight decay, learning rates {0.4, 0.3, 0.2, 0.1,
0.05}, the best classifier by accuracy on ImageNet's validation images. 80 epochs, batches of 1024,
learning rates for each 256 images of a batch, cosine decay without warm-up, crops and flips: BYOL's
(C.1; byol/configs/eval.py), which the paper does not repeat.

All learning rates are trained in one run, on one forward pass of the encoder. SGD with momentum is
linear in its gradients, so the head of learning rate r is trained as in a run of its own by an
optimiser with the learning rate 1 and r times its loss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from official.core import base_task, exp_factory, task_factory
from official.core import config_definitions as cfg
from official.modeling import hyperparams
from official.vision.configs import common
from official.vision.modeling.backbones import factory

from vito_tf.backbones import model_garden
from vito_tf.transfer import (
    checkpoint_errors,
    image_classification,
    image_input,
    linear_heads,
    padding,
)

EXPERIMENT = "vito_imagenet_linear"
_EPOCHS = 80
_EPOCHS_BETWEEN_EVALUATIONS = 5


@dataclasses.dataclass
class LinearModel(hyperparams.Config):
    """An encoder under linear classifiers.

    Attributes:
      num_classes: of each classifier.
      input_size: [S, S, 3].
      backbone: the encoder, which stays as it is.
      norm_activation: Model Garden's; without effect on a frozen encoder.
    """

    num_classes: int = image_classification.NUM_CLASSES
    input_size: list[int] = dataclasses.field(default_factory=lambda: [224, 224, 3])
    backbone: model_garden.Backbone = dataclasses.field(default_factory=model_garden.Backbone)
    norm_activation: common.NormActivation = dataclasses.field(
        default_factory=common.NormActivation
    )


@dataclasses.dataclass
class LinearClassification(cfg.TaskConfig):
    """The task's configuration.

    Attributes:
      model: see `LinearModel`.
      train_data: see `image_input.ImageData`.
      validation_data: chooses the best learning rate.
      learning_rates: one head each (A.6).
      learning_rate_batch: number of images in a batch for which they are meant; they grow with
        `train_data.global_batch_size` (BYOL's code; that the paper's do, too, is our reading).
        0 takes them as they are.
      init_checkpoint: a checkpoint, or a folder of one, with a `backbone`.
    """

    model: LinearModel = dataclasses.field(default_factory=LinearModel)
    train_data: image_input.ImageData = dataclasses.field(
        default_factory=image_classification.train_data
    )
    validation_data: image_input.ImageData = dataclasses.field(
        default_factory=image_classification.validation_data
    )
    learning_rates: list[float] = dataclasses.field(
        default_factory=lambda: [0.4, 0.3, 0.2, 0.1, 0.05]
    )
    learning_rate_batch: int = 256


@task_factory.register_task_cls(LinearClassification)
class LinearClassificationTask(base_task.Task):
    """Trains linear classifiers of several learning rates on a frozen encoder (A.6).

    Raises:
      ValueError: for learning rates that are not positive, or not different.
    """

    def __init__(self, params: LinearClassification, *args: Any, **kwargs: Any):
        super().__init__(params, *args, **kwargs)
        rates = params.learning_rates
        if not rates or min(rates) <= 0 or len(set(rates)) < len(rates):
            raise ValueError(
                f"task.learning_rates must be positive, each another, not {list(rates)}."
            )

    @classmethod
    def create_optimizer(cls, optimizer_config, runtime_config=None, dp_config=None):
        """Model Garden's, where it is linear in its gradients.

        Raises:
          ValueError: if it is not SGD, or clips gradients.
        """
        optimizer = optimizer_config.optimizer
        options = optimizer.get()
        clips = (options.clipnorm, options.clipvalue, options.global_clipnorm)
        if optimizer.type != "sgd" or any(clips) or optimizer_config.ema:
            raise ValueError(
                "trainer.optimizer_config must be of SGD without clipping and averaging: only with "
                "it can several learning rates be trained at once."
            )
        return super().create_optimizer(optimizer_config, runtime_config, dp_config)

    def build_model(self) -> linear_heads.LinearProbe:
        """Builds encoder and heads, with the weights of `backbone.encoder.path` if that is set."""
        config = self.task_config.model
        backbone = factory.build_backbone(
            input_specs=tf.keras.layers.InputSpec(shape=[None, None, None, 3]),
            backbone_config=config.backbone,
            norm_activation_config=config.norm_activation,
        )
        num_heads = len(self.task_config.learning_rates)
        model = linear_heads.LinearProbe(backbone, num_heads, config.num_classes)
        model(tf.keras.Input(config.input_size))
        return model

    def initialize(self, model: linear_heads.LinearProbe) -> None:
        """Restores the encoder from `task.init_checkpoint`, if there is one.

        Raises:
          ValueError: if it does not fit the encoder.
        """
        path = self.task_config.init_checkpoint
        if not path:
            return
        with checkpoint_errors.named(f"task.init_checkpoint={path}"):
            weights = tf.train.latest_checkpoint(path) if tf.io.gfile.isdir(path) else path
            status = tf.train.Checkpoint(backbone=model.backbone).read(weights)
            status.expect_partial().assert_existing_objects_matched()

    def build_inputs(
        self,
        params: image_input.ImageData,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """See `image_input.read`."""
        model = self.task_config.model
        return image_input.read(params, model.input_size, model.num_classes, input_context)

    def build_losses(
        self, labels: tf.Tensor, model_outputs: tf.Tensor, aux_losses: Any = None
    ) -> tf.Tensor:
        """Cross-entropy of each head, [K] float32, from labels [B] and logits [K, B, classes]."""
        return padding.cross_entropy(labels, model_outputs)

    def build_metrics(self, training: bool = True) -> list[tf.keras.metrics.Metric]:
        """See `linear_heads.metrics`; in evaluation, the loss too, a mean over heads."""
        metrics = linear_heads.metrics(self.task_config.learning_rates, best=not training)
        return metrics if training else [padding.ValidationLoss(), *metrics]

    def scaled_learning_rates(self) -> Sequence[float]:
        """The heads' learning rates at the start of training, for the size of the batch."""
        batch = self.task_config.learning_rate_batch
        scale = self.task_config.train_data.global_batch_size / batch if batch else 1.0
        return [rate * scale for rate in self.task_config.learning_rates]

    def train_step(self, inputs, model, optimizer, metrics):
        """One step of all heads; the loss in the logs is the mean over heads."""
        images, labels = inputs
        features = model.features(images)
        with tf.GradientTape() as tape:
            logits = model.heads(features)
            losses = self.build_losses(labels, logits)
            objective = tf.reduce_sum(losses * tf.constant(self.scaled_learning_rates()))
            objective /= tf.distribute.get_strategy().num_replicas_in_sync
            if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer):
                objective = optimizer.get_scaled_loss(objective)
        gradients = tape.gradient(objective, model.trainable_variables)
        if isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer):
            gradients = optimizer.get_unscaled_gradients(gradients)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        self.process_metrics(metrics, labels, logits)
        return {self.loss: tf.reduce_mean(losses)}

    def validation_step(self, inputs, model, metrics):
        """Measures all heads."""
        images, labels = inputs
        self.process_metrics(metrics, labels, self.inference_step(images, model))
        return {}


@exp_factory.register_config_factory(EXPERIMENT)
def linear() -> cfg.ExperimentConfig:
    """A.6. The optimiser's own learning rate is 1: `task.learning_rates` are the factors."""
    steps = _EPOCHS * image_classification.TRAIN_IMAGES // image_classification.BATCH_SIZE
    interval = (
        _EPOCHS_BETWEEN_EVALUATIONS
        * image_classification.TRAIN_IMAGES
        // image_classification.BATCH_SIZE
    )
    return cfg.ExperimentConfig(
        task=LinearClassification(),
        trainer=image_classification.trainer(1.0, steps, interval, "best_accuracy"),
    )
