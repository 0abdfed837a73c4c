# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning of a whole encoder on ImageNet, with all of its labels or few of them.

VITO's paper does not fine-tune on ImageNet. The protocol is BYOL's (Grill et al. 2020, C.1 on
semi-supervised training): SGD with Nesterov momentum 0.9, batches of 1024, neither weight decay nor
other regularisation, random crops and flips, central crops for evaluation, the published lists of
1% and 10% of the labels (Chen et al. 2020). BYOL sweeps learning rates {0.005, 0.01, 0.02, 0.05,
0.1} and {30, 50} epochs; the values here are our choice among them: 0.02 for each 256 images of a
batch, as BYOL's code scales it, with cosine decay; 30 epochs of all labels, 50 of few.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf
from official.core import config_definitions as cfg
from official.core import exp_factory, task_factory
from official.modeling import optimization
from official.vision.configs import common
from official.vision.configs import image_classification as stock
from official.vision.tasks import image_classification as stock_tasks

from vito_tf.backbones import model_garden
from vito_tf.transfer import checkpoint_errors, image_input, padding

NUM_CLASSES = 1000
TRAIN_IMAGES = 1_281_167
VALIDATION_IMAGES = 50_000
SUBSET_IMAGES = {"1pct": 12_811, "10pct": 128_116}
BATCH_SIZE = 1024
MOMENTUM = 0.9
_LEARNING_RATE = 0.02 * BATCH_SIZE / 256


@dataclasses.dataclass
class Model(stock.ImageClassificationModel):
    """Model Garden's classification model on an encoder.

    The head's initial weights are normal with variance 1 / fan-in, much as BYOL's.
    """

    num_classes: int = NUM_CLASSES
    input_size: list[int] = dataclasses.field(default_factory=lambda: [224, 224, 3])
    backbone: model_garden.Backbone = dataclasses.field(default_factory=model_garden.Backbone)
    norm_activation: common.NormActivation = dataclasses.field(
        default_factory=lambda: common.NormActivation(
            use_sync_bn=True, norm_momentum=0.9, norm_epsilon=1e-5
        )
    )
    kernel_initializer: str = "lecun_normal"


@dataclasses.dataclass
class FineTuning(stock.ImageClassificationTask):
    """Model Garden's classification task with BYOL's crops.

    For augmentation beyond crops and flips there is Model Garden's own experiment
    `image_classification`, which starts from an encoder by `task.init_checkpoint`.
    """

    model: Model = dataclasses.field(default_factory=Model)
    train_data: image_input.ImageData = dataclasses.field(default_factory=lambda: train_data())
    validation_data: image_input.ImageData = dataclasses.field(
        default_factory=lambda: validation_data()
    )
    init_checkpoint_modules: str = "backbone"


def train_data() -> image_input.ImageData:
    """Batches of 1024 training images, from the records of `convert_dataset`."""
    return image_input.ImageData(
        input_path="train*.tfrecord", is_training=True, global_batch_size=BATCH_SIZE
    )


def validation_data() -> image_input.ImageData:
    """All validation images, the incomplete last batch too."""
    return image_input.ImageData(
        input_path="val*.tfrecord",
        is_training=False,
        global_batch_size=BATCH_SIZE,
        drop_remainder=False,
    )


def trainer(
    learning_rate: float, train_steps: int, validation_interval: int, metric: str
) -> cfg.TrainerConfig:
    """SGD with Nesterov momentum 0.9, and cosine decay to zero without warm-up.

    Keras takes the learning rate into the momentum, BYOL's code multiplies by it afterwards: the
    same but for how little it changes within ten steps.

    Args:
      learning_rate: the first.
      train_steps: of the run.
      validation_interval: steps from one evaluation to the next.
      metric: whose highest value marks the checkpoint that `best_ckpt` keeps.
    """
    steps = min(1000, validation_interval)
    return cfg.TrainerConfig(
        train_steps=train_steps,
        validation_steps=-1,
        validation_interval=validation_interval,
        steps_per_loop=steps,
        summary_interval=steps,
        checkpoint_interval=steps,
        best_checkpoint_export_subdir="best_ckpt",
        best_checkpoint_eval_metric=metric,
        optimizer_config=optimization.OptimizationConfig(
            {
                "optimizer": {"type": "sgd", "sgd": {"momentum": MOMENTUM, "nesterov": True}},
                "learning_rate": {
                    "type": "cosine",
                    "cosine": {"initial_learning_rate": learning_rate, "decay_steps": train_steps},
                },
            }
        ),
    )


@task_factory.register_task_cls(FineTuning)
class FineTuningTask(stock_tasks.ImageClassificationTask):
    """Model Garden's classification task with our input."""

    def build_inputs(
        self,
        params: image_input.ImageData,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """See `image_input.read`."""
        model = self.task_config.model
        return image_input.read(params, model.input_size, model.num_classes, input_context)

    def initialize(self, model: tf.keras.Model) -> None:
        """Restores `task.init_checkpoint`, if there is one.

        Raises:
          ValueError: if it does not fit the model.
        """
        with checkpoint_errors.named(f"task.init_checkpoint={self.task_config.init_checkpoint}"):
            super().initialize(model)

    def build_metrics(self, training: bool = True) -> list[tf.keras.metrics.Metric]:
        """Model Garden's; in evaluation, cross-entropy without smoothing before them."""
        metrics = super().build_metrics(training)
        return metrics if training else [padding.ValidationLoss(), *metrics]

    def validation_step(self, inputs, model, metrics):
        """Measures the images of a batch."""
        images, labels = inputs
        logits = tf.cast(self.inference_step(images, model), tf.float32)
        losses = self.task_config.losses
        targets = padding.known(labels)
        if losses.one_hot or losses.soft_labels:
            targets = tf.one_hot(targets, self.task_config.model.num_classes)
        loss, *others = metrics
        loss.update_state(labels, logits)
        for metric in others:
            metric.update_state(targets, logits, sample_weight=padding.is_image(labels))
        return {}


def _experiment(num_images: int, num_epochs: int) -> cfg.ExperimentConfig:
    steps = num_epochs * num_images // BATCH_SIZE
    return cfg.ExperimentConfig(
        task=FineTuning(),
        trainer=trainer(_LEARNING_RATE, steps, min(steps, TRAIN_IMAGES // BATCH_SIZE), "accuracy"),
    )


@exp_factory.register_config_factory("vito_imagenet_finetune")
def finetune() -> cfg.ExperimentConfig:
    """Fine-tuning with all labels: 30 epochs."""
    return _experiment(TRAIN_IMAGES, 30)


@exp_factory.register_config_factory("vito_imagenet_finetune_1pct")
def finetune_1pct() -> cfg.ExperimentConfig:
    """Fine-tuning with the published 1% of the labels: 50 epochs.

    The list of images is applied when records are made (`convert_dataset --subset_list`), or by the
    data set `imagenet2012_subset/1pct` of TensorFlow Datasets.
    """
    return _experiment(SUBSET_IMAGES["1pct"], 50)


@exp_factory.register_config_factory("vito_imagenet_finetune_10pct")
def finetune_10pct() -> cfg.ExperimentConfig:
    """Fine-tuning with the published 10% of the labels: 50 epochs; see `finetune_1pct`."""
    return _experiment(SUBSET_IMAGES["10pct"], 50)
