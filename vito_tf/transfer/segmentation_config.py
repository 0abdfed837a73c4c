# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The configuration of semantic segmentation (A.2)."""

import dataclasses
from typing import Optional

from official.modeling import hyperparams
from official.vision.configs import common
from official.vision.configs import semantic_segmentation as stock

from vito_tf.backbones import model_garden


@dataclasses.dataclass
class DataConfig(stock.DataConfig):
    """Where images and masks come from, and what happens to them.

    `input_path` names TFRecord files of Model Garden's format. TFDS has neither data set: its `voc`
    has no masks, and its `scene_parse150` is the set of instances of 100 classes. `tfds_name` takes
    what Model Garden has decoders for (Cityscapes).

    Of Model Garden's fields, these count: `output_size` is the training crop's size and what images
    are fitted into for evaluation, by `preserve_aspect_ratio` with padding or else by distortion;
    `aug_scale_min`, `aug_scale_max` and `aug_rand_hflip`; `groundtruth_padded_size`.

    Attributes:
      groundtruth_padded_size: height and width to which masks are padded for evaluation, which keep
        their own size; no image may be larger. Empty: those of the largest image of the batch,
        which TPUs do not take.
      long_and_short_side: training images are fitted into this before they are scaled, the longer
        side into the first; empty: they are scaled as they are.
      max_class_share: of a training crop that one class may fill, if ten trials find such; 1: any.
      photometric_distortion: whether training images are distorted as in mmsegmentation.
      seed: of shuffling (None: another order in every run) and of distortions (None: as 0).
    """

    long_and_short_side: list[int] = dataclasses.field(default_factory=list)
    max_class_share: float = 1.0
    photometric_distortion: bool = False
    seed: Optional[int] = None


@dataclasses.dataclass
class FcnHead(hyperparams.Config):
    """See `fcn_head.FcnHead`."""

    level: int = 5
    num_convs: int = 2
    num_filters: int = 256
    dilation: int = 6
    dropout: float = 0.0


@dataclasses.dataclass
class UperNetHead(hyperparams.Config):
    """See `upernet_head.UperNetHead`."""

    num_filters: int = 512
    pool_scales: list[int] = dataclasses.field(default_factory=lambda: [1, 2, 3, 6])
    dropout: float = 0.1


@dataclasses.dataclass
class Model(hyperparams.Config):
    """What models with any head have in common.

    Attributes:
      num_classes: without the label to ignore.
      input_size: of the network, the crop and three channels.
      backbone: of the standardised image.
      norm_activation: batch norm of the head; its momentum and synchronisation also of the encoder.
        The activation is always ReLU.
    """

    num_classes: int = 0
    input_size: list[int] = dataclasses.field(default_factory=lambda: [512, 512, 3])
    backbone: model_garden.Backbone = dataclasses.field(default_factory=model_garden.Backbone)
    norm_activation: common.NormActivation = dataclasses.field(
        default_factory=lambda: common.NormActivation(
            activation="relu", norm_momentum=0.9, norm_epsilon=1e-5, use_sync_bn=True
        )
    )


@dataclasses.dataclass
class Fcn(Model):
    """A head on one of the backbone's levels, which has output stride 16.

    Attributes:
      head: the head.
    """

    backbone: model_garden.Backbone = dataclasses.field(
        default_factory=lambda: model_garden.Backbone(
            type="encoder", encoder=model_garden.Encoder(output_stride=16)
        )
    )
    head: FcnHead = dataclasses.field(default_factory=FcnHead)


@dataclasses.dataclass
class UperNet(Model):
    """A head on all of the backbone's levels, and one on the last but one that helps in training.

    Attributes:
      head: the head.
      auxiliary: the other, with mmsegmentation's values.
    """

    head: UperNetHead = dataclasses.field(default_factory=UperNetHead)
    auxiliary: FcnHead = dataclasses.field(
        default_factory=lambda: FcnHead(level=4, num_convs=1, dilation=1, dropout=0.1)
    )


@dataclasses.dataclass
class Losses(stock.Losses):
    """Model Garden's, with a choice of what the weight decay acts on.

    Attributes:
      l2_weight_decay: L; the loss has the term L / 2 ||w||^2, so that gradients have L w, which is
        what PyTorch's SGD does.
      decay_norms_and_biases: whether w is all trainable variables, as in mmsegmentation, or
        convolution kernels alone.
    """

    decay_norms_and_biases: bool = True


@dataclasses.dataclass
class UperNetLosses(Losses):
    """Those of two heads.

    Attributes:
      auxiliary_weight: of the auxiliary head's loss.
    """

    auxiliary_weight: float = 0.4


@dataclasses.dataclass
class Task(stock.SemanticSegmentationTask):
    """Model Garden's task with the classes above; `FcnTask` and `UperNetTask` can be run.

    Attributes:
      num_pictures: validation images whose predicted masks are drawn at each evaluation; they are
        drawn if `allow_image_summary` is on.
    """

    model: Model = dataclasses.field(default_factory=Model)
    train_data: DataConfig = dataclasses.field(default_factory=DataConfig)
    validation_data: DataConfig = dataclasses.field(
        default_factory=lambda: DataConfig(is_training=False)
    )
    losses: Losses = dataclasses.field(default_factory=Losses)
    init_checkpoint_modules: str = "backbone"
    num_pictures: int = 8


@dataclasses.dataclass
class FcnTask(Task):
    """With a fully-convolutional head."""

    model: Fcn = dataclasses.field(default_factory=Fcn)


@dataclasses.dataclass
class UperNetTask(Task):
    """With UperNet's heads. AdamW's decoupled weight decay is the optimiser's."""

    model: UperNet = dataclasses.field(default_factory=UperNet)
    losses: UperNetLosses = dataclasses.field(default_factory=UperNetLosses)
