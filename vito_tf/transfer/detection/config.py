# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The configuration of FCOS* (A.3).

The paper's description of how its four sources combine could not be obtained. Each is a switch
here: `Head.type` (FCOS or TOOD), `Head.quality` (FCOS's centre-ness or the IoU branch of Wu et al.)
and `Assignment.type` (FCOS, ATSS or TOOD's task-aligned learning).
"""

import dataclasses
from typing import Optional

from official.core import config_definitions as cfg
from official.modeling import hyperparams
from official.vision.configs import common, decoders

from vito_tf.backbones import model_garden

HEADS = ("fcos", "task_aligned")
QUALITIES = ("none", "centreness", "iou")
ASSIGNERS = ("fcos", "atss", "task_aligned")


@dataclasses.dataclass
class DataConfig(cfg.DataConfig):
    """Where images and boxes come from, and what happens to them.

    `input_path` names TFRecord files that `convert_dataset` wrote from COCO's or LVIS's layout; the
    file `dataset.json` beside them says which category each class is.

    Attributes:
      output_size: height and width that images are fitted into, and padded to.
      aug_scale_min: of u in A.3: training images are scaled by u times what would fit them in, and
        are then cropped or padded; u is uniform from here to `aug_scale_max`.
      aug_scale_max: see there.
      aug_rand_hflip: whether half of the training images are flipped.
      max_num_instances: boxes an image that are trained on; more are refused.
      seed: of shuffling (None: another order in every run) and of distortions (None: as 0).
    """

    is_training: bool = False
    dtype: str = "float32"
    drop_remainder: bool = True
    output_size: list[int] = dataclasses.field(default_factory=lambda: [800, 1024])
    aug_scale_min: float = 1.0
    aug_scale_max: float = 1.0
    aug_rand_hflip: bool = False
    max_num_instances: int = 100
    seed: Optional[int] = None


@dataclasses.dataclass
class Head(hyperparams.Config):
    """What is predicted at each location.

    Attributes:
      type: one of `HEADS`: FCOS's two towers of convolutions, or TOOD's task-aligned head.
      quality: one of `QUALITIES`: a further output, which the score of a detection has a share of:
        none, centre-ness (FCOS, ATSS) or the box's IoU (Wu et al.).
      num_convs: of each tower, 4 in FCOS; of the one tower of the task-aligned head, 6 in TOOD.
        0: these.
      num_filters: of each of them; a multiple of 32, as group norm has 32 groups, or of fewer.
    """

    type: str = "task_aligned"
    quality: str = "iou"
    num_convs: int = 0
    num_filters: int = 256


@dataclasses.dataclass
class Assignment(hyperparams.Config):
    """Which locations are responsible for which box.

    Attributes:
      type: one of `ASSIGNERS`. TOOD's needs predictions, and is preceded by ATSS.
      atss_steps: steps of ATSS before task-aligned learning: 4 epochs in TOOD.
      atss_candidates: k of ATSS, locations a level and box.
      alpha: exponent of the score in TOOD's alignment.
      beta: exponent of the IoU in it.
      top_k: locations a box in TOOD.
    """

    type: str = "task_aligned"
    atss_steps: int = 0
    atss_candidates: int = 9
    alpha: float = 1.0
    beta: float = 6.0
    top_k: int = 13


@dataclasses.dataclass
class Losses(hyperparams.Config):
    """Weights and constants of the loss.

    Attributes:
      focal_alpha: weight of positives in the focal loss, with FCOS's and ATSS's assignment.
      focal_gamma: its exponent, also that of TOOD's loss.
      box_weight: of the GIoU loss: 2 in ATSS and TOOD, 1 in FCOS.
      quality_weight: of the third output's cross-entropy.
      federated: whether classes of which an image's annotations do not say that they are absent, or
        complete, are left out of its loss (LVIS).
    """

    focal_alpha: float = 0.25
    focal_gamma: float = 2.0
    box_weight: float = 2.0
    quality_weight: float = 1.0
    federated: bool = False


@dataclasses.dataclass
class DetectionGenerator(hyperparams.Config):
    """From predictions to detections.

    Attributes:
      score_exponent: alpha of score = p^alpha IoU^(1 - alpha); 1/2 is what Wu et al. have for
        RetinaNet, and ATSS for centre-ness. Of no effect without a quality.
      score_threshold: detections below it are dropped.
      pre_nms_top_k: candidates a level.
      nms_iou_threshold: of non-maximum suppression within a class.
      max_num_detections: kept an image: 100 in COCO, 300 in LVIS.
    """

    score_exponent: float = 0.5
    score_threshold: float = 0.05
    pre_nms_top_k: int = 1000
    nms_iou_threshold: float = 0.6
    max_num_detections: int = 100


@dataclasses.dataclass
class Model(hyperparams.Config):
    """Encoder, feature pyramid and head.

    Attributes:
      num_classes: of the data, without a background.
      input_size: of the network, and three channels.
      min_level: finest level of the pyramid; its stride is 2**level.
      max_level: coarsest one.
      backbone: of the standardised image.
      decoder: Model Garden's; its FPN has batch norm, which FCOS's and TOOD's own have not.
      head: on each level, with the same weights.
      detection_generator: see there.
      norm_activation: of backbone and decoder; heads have group norm.
    """

    num_classes: int = 0
    input_size: list[int] = dataclasses.field(default_factory=lambda: [800, 1024, 3])
    min_level: int = 3
    max_level: int = 7
    backbone: model_garden.Backbone = dataclasses.field(default_factory=model_garden.Backbone)
    decoder: decoders.Decoder = dataclasses.field(
        default_factory=lambda: decoders.Decoder(type="fpn", fpn=decoders.FPN())
    )
    head: Head = dataclasses.field(default_factory=Head)
    detection_generator: DetectionGenerator = dataclasses.field(default_factory=DetectionGenerator)
    norm_activation: common.NormActivation = dataclasses.field(
        default_factory=lambda: common.NormActivation(
            activation="relu", norm_momentum=0.9, norm_epsilon=1e-5, use_sync_bn=True
        )
    )


@dataclasses.dataclass
class Task(cfg.TaskConfig):
    """What `VitoFcosTask` does.

    Attributes:
      model: see there, as are the next four.
      train_data: see there.
      validation_data: see there.
      assignment: see there.
      losses: see there.
      init_checkpoint_modules: 'all', or one or more of 'backbone', 'decoder'.
      metric: 'coco' (pycocotools) or 'lvis' (lvis-api, whose AP has rare, common and frequent).
      annotation_file: of the validation images, in COCO's or LVIS's format; '' for the one that
        `convert_dataset` wrote beside the records.
      num_pictures: validation images that are drawn with their detections, if
        `allow_image_summary` is on.
    """

    model: Model = dataclasses.field(default_factory=Model)
    train_data: DataConfig = dataclasses.field(default_factory=lambda: DataConfig(is_training=True))
    validation_data: DataConfig = dataclasses.field(
        default_factory=lambda: DataConfig(is_training=False, drop_remainder=False)
    )
    assignment: Assignment = dataclasses.field(default_factory=Assignment)
    losses: Losses = dataclasses.field(default_factory=Losses)
    init_checkpoint_modules: str = "backbone"
    metric: str = "coco"
    annotation_file: str = ""
    num_pictures: int = 8
