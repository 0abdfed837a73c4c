# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The experiments `vito_fcos_coco` and `vito_fcos_lvis` (A.3).

A.3 says what FCOS* is made of, FCOS "improved with the collection of techniques from" Wu et al.
(IoU-aware scores), Zhang et al. (ATSS) and Feng et al. (TOOD), and leaves how to a description that
could not be obtained. All of them together is the default here, for these reasons:

- Head: TOOD's. It is FCOS's, anchor-free on the same pyramid, with class and box computed from
  shared features and aligned with each other. Its two additions are what TOOD itself is, so that a
  combination that names TOOD has them.
- Assignment: TOOD's task-aligned learning, after ATSS for 4 epochs as in TOOD's own schedule: an
  alignment that is measured by predictions means nothing before there are any. FCOS's own
  assignment, by the size of boxes, is what ATSS was made to replace.
- Quality: the IoU branch of Wu et al., in the place of centre-ness, as theirs is in its place in
  their FCOS. TOOD's probabilities are trained to be an alignment of class and box, and TOOD has no
  such branch; but their target is scaled box by box and class by class, while the branch answers
  for the box alone. Of detections, the score is p^1/2 IoU^1/2: alpha is 1/2 in their RetinaNet and
  in ATSS (for centre-ness), 0.3 in their FCOS.
- Losses: those of the assignment at work, TOOD's or ATSS's, with GIoU weighted by 2 as in both.

Each is a switch. FCOS with its improvements is `model.head: {type: fcos, quality: centreness}`,
`assignment.type: fcos` and `losses.box_weight: 1`; ATSS is that with `assignment.type: atss` and
`box_weight: 2`; IoU-aware scoring of either has `quality: iou`; TOOD is the default with
`quality: none`, where scores are the probabilities.

AdamW is Model Garden's `adamw`, whose decay is decoupled and scaled by the learning rate as in
PyTorch and Optax. Its clipping of gradients, on by default, is off, since A.3 has none. The decay
acts on all variables, norms and biases included, as both libraries do it unless told otherwise: a
learning rate of 1e-3 and a decay of 1e-4 take less than 0.3% off a weight in all of the training.
"""

from __future__ import annotations

from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import optimization

from vito_tf.transfer.detection import config
from vito_tf.transfer.detection import task as task_lib

TASK = task_lib.VitoFcosTask
"""What runs the experiments; importing this module registers it."""

_BATCH_SIZE = 128
_EPOCHS = 30
_ATSS_EPOCHS = 4
_SIZE = [800, 1024]
_VALIDATION_BATCH_SIZE = 8


@exp_factory.register_config_factory("vito_fcos_coco")
def vito_fcos_coco() -> cfg.ExperimentConfig:
    """COCO: 30 epochs of train2017 (118,287 images), AP on val2017 (5,000), 80 classes.

    It is evaluated after every epoch, our choice.
    """
    return _experiment(num_classes=80, train_examples=118287, epochs_per_evaluation=1)


@exp_factory.register_config_factory("vito_fcos_lvis")
def vito_fcos_lvis() -> cfg.ExperimentConfig:
    """LVIS v1: 30 epochs of v1_train (100,170 images), AP on v1_val (19,809), 1203 classes.

    Classes that an image's annotators did not look for have no part in its loss. LVIS measures up
    to 300 detections an image, of whatever score; below 1e-4, as MMDetection and Detectron2 have
    it, they are not worth listing. It is evaluated every 5 epochs, our choice.
    """
    experiment = _experiment(num_classes=1203, train_examples=100170, epochs_per_evaluation=5)
    task = experiment.task
    task.losses.federated = True
    task.metric = "lvis"
    task.train_data.max_num_instances = 500
    task.model.detection_generator.max_num_detections = 300
    task.model.detection_generator.score_threshold = 1e-4
    return experiment


def _experiment(
    num_classes: int, train_examples: int, epochs_per_evaluation: int
) -> cfg.ExperimentConfig:
    """What both have in common."""
    steps_per_epoch = train_examples // _BATCH_SIZE
    interval = steps_per_epoch * epochs_per_evaluation
    task = config.Task(
        model=config.Model(num_classes=num_classes, input_size=[*_SIZE, 3]),
        assignment=config.Assignment(atss_steps=round(_ATSS_EPOCHS * train_examples / _BATCH_SIZE)),
        train_data=config.DataConfig(
            input_path="train*.tfrecord",
            is_training=True,
            global_batch_size=_BATCH_SIZE,
            output_size=list(_SIZE),
            aug_scale_min=0.8,
            aug_scale_max=1.25,
            aug_rand_hflip=True,
            shuffle_buffer_size=2000,
        ),
        validation_data=config.DataConfig(
            input_path="val*.tfrecord",
            is_training=False,
            global_batch_size=_VALIDATION_BATCH_SIZE,
            output_size=list(_SIZE),
            drop_remainder=False,
        ),
        allow_image_summary=True,
    )
    trainer = cfg.TrainerConfig(
        train_steps=round(_EPOCHS * train_examples / _BATCH_SIZE),
        steps_per_loop=steps_per_epoch,
        summary_interval=steps_per_epoch,
        checkpoint_interval=steps_per_epoch,
        validation_interval=interval,
        validation_steps=-1,
        best_checkpoint_eval_metric="AP",
        best_checkpoint_export_subdir="best_ckpt",
        optimizer_config=_optimizer(train_examples),
    )
    return cfg.ExperimentConfig(task=task, trainer=trainer)


def _optimizer(train_examples: int) -> optimization.OptimizationConfig:
    """AdamW; a quarter of an epoch of linear growth, then 1e-3, x 0.1 at 2/3 and 8/9."""
    steps = _EPOCHS * train_examples / _BATCH_SIZE
    return optimization.OptimizationConfig(
        {
            "optimizer": {
                "type": "adamw",
                "adamw": {
                    "beta_1": 0.9,
                    "beta_2": 0.999,
                    "epsilon": 1e-8,
                    "weight_decay_rate": 1e-4,
                    "gradient_clip_norm": 0.0,
                },
            },
            "learning_rate": {
                "type": "stepwise",
                "stepwise": {
                    "boundaries": [round(steps * 2 / 3), round(steps * 8 / 9)],
                    "values": [1e-3, 1e-4, 1e-5],
                },
            },
            "warmup": {
                "type": "linear",
                "linear": {
                    "warmup_steps": round(train_examples / _BATCH_SIZE / 4),
                    "warmup_learning_rate": 0.0,
                },
            },
        }
    )
