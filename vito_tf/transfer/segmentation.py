# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The experiments `vito_fcn_pascal` and `vito_fcn_ade20k` (A.2).

An FCN head on an encoder of output stride 16, all of it trained, as in MoCo's appendix A.5, which
A.2 follows. What neither says is mmsegmentation's, whose code A.2 uses.
"""

from __future__ import annotations

from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import optimization

from vito_tf.transfer import segmentation_config, segmentation_task

TASK = segmentation_task.SegmentationTask
"""What runs the experiments; importing this module registers it."""

_BATCH_SIZE = 16
_CROP = 512
_VALIDATION_BATCH_SIZE = 8
_IGNORED = 255


@exp_factory.register_config_factory("vito_fcn_pascal")
def vito_fcn_pascal() -> cfg.ExperimentConfig:
    """PASCAL VOC 2012: 45 epochs of train_aug (10,582 images), mIoU on val (1,449).

    Training images keep their own resolution before the random scale, as in MoCo's protocol.
    """
    config = _fcn_experiment(num_classes=21, train_examples=10582, epochs=45)
    config.task.validation_data.groundtruth_padded_size = [_CROP, _CROP]
    return config


@exp_factory.register_config_factory("vito_fcn_ade20k")
def vito_fcn_ade20k() -> cfg.ExperimentConfig:
    """ADE20K: 60 epochs of train (20,210 images), mIoU on val (2,000), 150 classes.

    Augmentation is mmsegmentation's (A.2): images are fitted into 2048 x 512 before the random
    scale, no class should fill 75% of a crop, and colours are distorted. Pixels of no class have
    the label 255, as `datasets.ade20k` converts them.
    """
    config = _fcn_experiment(num_classes=150, train_examples=20210, epochs=60)
    config.task.train_data.long_and_short_side = [2048, _CROP]
    config.task.train_data.max_class_share = 0.75
    config.task.train_data.photometric_distortion = True
    return config


def _fcn_experiment(num_classes: int, train_examples: int, epochs: int) -> cfg.ExperimentConfig:
    """What both have in common.

    The paper's decay "with a factor of 0.9^n where n is the iteration number" would end training
    within a few hundred steps; mmsegmentation's polynomial of power 0.9 down to 1e-4 is our
    reading. The weight decay acts on all variables, as mmsegmentation's does.
    """
    steps_per_epoch = train_examples // _BATCH_SIZE
    train_steps = round(epochs * train_examples / _BATCH_SIZE)
    task = segmentation_config.Task(
        model=segmentation_config.Model(num_classes=num_classes, input_size=[_CROP, _CROP, 3]),
        losses=segmentation_config.Losses(ignore_label=_IGNORED, l2_weight_decay=0.005),
        train_data=segmentation_config.DataConfig(
            input_path="train*.tfrecord",
            is_training=True,
            global_batch_size=_BATCH_SIZE,
            output_size=[_CROP, _CROP],
            aug_scale_min=0.5,
            aug_scale_max=2.0,
        ),
        validation_data=segmentation_config.DataConfig(
            input_path="val*.tfrecord",
            is_training=False,
            global_batch_size=_VALIDATION_BATCH_SIZE,
            output_size=[_CROP, _CROP],
            drop_remainder=False,
        ),
    )
    trainer = cfg.TrainerConfig(
        train_steps=train_steps,
        steps_per_loop=steps_per_epoch,
        summary_interval=steps_per_epoch,
        checkpoint_interval=steps_per_epoch,
        validation_interval=steps_per_epoch,
        validation_steps=-1,
        best_checkpoint_eval_metric="mean_iou",
        best_checkpoint_export_subdir="best_ckpt",
        optimizer_config=_optimizer(train_steps),
    )
    return cfg.ExperimentConfig(task=task, trainer=trainer)


def _optimizer(train_steps: int) -> optimization.OptimizationConfig:
    return optimization.OptimizationConfig(
        {
            "optimizer": {"type": "sgd", "sgd": {"momentum": 0.9}},
            "learning_rate": {
                "type": "polynomial",
                "polynomial": {
                    "initial_learning_rate": 0.04,
                    "decay_steps": train_steps,
                    "end_learning_rate": 1e-4,
                    "power": 0.9,
                },
            },
        }
    )
