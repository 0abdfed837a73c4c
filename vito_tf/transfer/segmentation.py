# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The experiments `vito_fcn_*` and `vito_upernet_*` on PASCAL VOC and ADE20K (A.2).

ResNets get an FCN head at output stride 16, all of it trained, as in MoCo's appendix A.5, which A.2
follows; Swin transformers UperNet. What neither says is mmsegmentation's, whose code A.2 uses.
"""

from __future__ import annotations

from typing import Callable

from official.core import config_definitions as cfg
from official.core import exp_factory
from official.modeling import optimization

from vito_tf.transfer import segmentation_config, segmentation_task, upernet_task

TASKS = (segmentation_task.FcnTask, upernet_task.UperNetTask)
"""What runs the experiments; importing this module registers them."""

_BATCH_SIZE = 16
_CROP = 512
_VALIDATION_BATCH_SIZE = 8
_IGNORED = 255


@exp_factory.register_config_factory("vito_fcn_pascal")
def vito_fcn_pascal() -> cfg.ExperimentConfig:
    """PASCAL VOC 2012: 45 epochs of train_aug (10,582 images), mIoU on val (1,449).

    Training images keep their own resolution before the random scale, as in MoCo's protocol.
    """
    return _pascal(_fcn)


@exp_factory.register_config_factory("vito_fcn_ade20k")
def vito_fcn_ade20k() -> cfg.ExperimentConfig:
    """ADE20K: 60 epochs of train (20,210 images), mIoU on val (2,000), 150 classes.

    Augmentation is mmsegmentation's (A.2): images are fitted into 2048 x 512 before the random
    scale, no class should fill 75% of a crop, and colours are distorted. Pixels of no class have
    the label 255, as `datasets.ade20k` converts them.
    """
    return _ade20k(_fcn)


@exp_factory.register_config_factory("vito_upernet_pascal")
def vito_upernet_pascal() -> cfg.ExperimentConfig:
    """UperNet with the data of `vito_fcn_pascal`."""
    return _pascal(_upernet)


@exp_factory.register_config_factory("vito_upernet_ade20k")
def vito_upernet_ade20k() -> cfg.ExperimentConfig:
    """UperNet with the data of `vito_fcn_ade20k`."""
    return _ade20k(_upernet)


def _pascal(experiment: Callable[..., cfg.ExperimentConfig]) -> cfg.ExperimentConfig:
    config = experiment(num_classes=21, train_examples=10582, epochs=45)
    config.task.validation_data.groundtruth_padded_size = [_CROP, _CROP]
    return config


def _ade20k(experiment: Callable[..., cfg.ExperimentConfig]) -> cfg.ExperimentConfig:
    config = experiment(num_classes=150, train_examples=20210, epochs=60)
    config.task.train_data.long_and_short_side = [2048, _CROP]
    config.task.train_data.max_class_share = 0.75
    config.task.train_data.photometric_distortion = True
    return config


def _fcn(num_classes: int, train_examples: int, epochs: int) -> cfg.ExperimentConfig:
    """With an FCN head.

    The paper's decay "with a factor of 0.9^n where n is the iteration number" would end training
    within a few hundred steps; mmsegmentation's polynomial of power 0.9 down to 1e-4 is our
    reading. The weight decay acts on all variables, as mmsegmentation's does.
    """
    config = _experiment(segmentation_config.FcnTask(), num_classes, train_examples, epochs)
    config.task.losses.l2_weight_decay = 0.005
    config.trainer.optimizer_config = optimization.OptimizationConfig(
        {
            "optimizer": {"type": "sgd", "sgd": {"momentum": 0.9}},
            "learning_rate": {
                "type": "polynomial",
                "polynomial": {
                    "initial_learning_rate": 0.04,
                    "decay_steps": config.trainer.train_steps,
                    "end_learning_rate": 1e-4,
                    "power": 0.9,
                },
            },
        }
    )
    return config


def _upernet(num_classes: int, train_examples: int, epochs: int) -> cfg.ExperimentConfig:
    """With UperNet, and drop-path for a Swin transformer.

    The paper states an optimiser, SGD with a learning rate of 0.04, without a word on whether Swin
    transformers have it too. Our choice is that of Swin's authors, AdamW, whose decay does not act
    on layer norms and relative position biases, but does on all other variables.
    """
    config = _experiment(segmentation_config.UperNetTask(), num_classes, train_examples, epochs)
    backbone = config.task.model.backbone
    backbone.encoder.drop_path = backbone.swin.drop_path = 0.3
    config.trainer.optimizer_config = optimization.OptimizationConfig(
        {
            "optimizer": {
                "type": "adamw",
                "adamw": {
                    "beta_1": 0.9,
                    "beta_2": 0.999,
                    "epsilon": 1e-8,
                    "weight_decay_rate": 0.01,
                    "exclude_from_weight_decay": ["/norm[12]?/", "relative_position"],
                    "gradient_clip_norm": 0.0,
                },
            },
            "learning_rate": {
                "type": "polynomial",
                "polynomial": {
                    "initial_learning_rate": 6e-5,
                    "decay_steps": config.trainer.train_steps,
                    "end_learning_rate": 0.0,
                    "power": 1.0,
                },
            },
            "warmup": {"type": "linear", "linear": {"warmup_steps": 1500}},
        }
    )
    return config


def _experiment(
    task: segmentation_config.Task, num_classes: int, train_examples: int, epochs: int
) -> cfg.ExperimentConfig:
    """What all have in common."""
    steps_per_epoch = train_examples // _BATCH_SIZE
    task.model.num_classes = num_classes
    task.model.input_size = [_CROP, _CROP, 3]
    task.losses.ignore_label = _IGNORED
    task.train_data = segmentation_config.DataConfig(
        input_path="train*.tfrecord",
        is_training=True,
        global_batch_size=_BATCH_SIZE,
        output_size=[_CROP, _CROP],
        aug_scale_min=0.5,
        aug_scale_max=2.0,
    )
    task.validation_data = segmentation_config.DataConfig(
        input_path="val*.tfrecord",
        is_training=False,
        global_batch_size=_VALIDATION_BATCH_SIZE,
        output_size=[_CROP, _CROP],
        drop_remainder=False,
    )
    trainer = cfg.TrainerConfig(
        train_steps=round(epochs * train_examples / _BATCH_SIZE),
        steps_per_loop=steps_per_epoch,
        summary_interval=steps_per_epoch,
        checkpoint_interval=steps_per_epoch,
        validation_interval=steps_per_epoch,
        validation_steps=-1,
        best_checkpoint_eval_metric="mean_iou",
        best_checkpoint_export_subdir="best_ckpt",
    )
    return cfg.ExperimentConfig(task=task, trainer=trainer)
