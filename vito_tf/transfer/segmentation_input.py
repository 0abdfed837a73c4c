# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images and masks for semantic segmentation: reading, checking, augmenting (A.2)."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf
from official.vision.dataloaders import tfds_factory

from vito_tf.backbones import normalisation
from vito_tf.transfer import (
    photometric_distortion,
    reading,
    segmentation_augmentation,
    segmentation_config,
)

IMAGE_KEY = "image/encoded"
MASK_KEY = "image/segmentation/class/encoded"

Labels = dict[str, tf.Tensor]


def read(
    params: segmentation_config.DataConfig,
    num_classes: int,
    ignore_label: int = 255,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Reads batches: endlessly for training, once for evaluation.

    Args:
      params: what to read.
      num_classes: labels are below, or `ignore_label`.
      ignore_label: label of pixels that do not count.
      input_context: of a distribution strategy.

    Returns:
      A dataset of images and labels as in `train_example` or `eval_example`, batched. Iteration
      fails with InvalidArgumentError at an image with an alpha channel, and at a mask that has
      colours, another label, or not its image's size.

    Raises:
      ValueError: no data are named or found, or a setting is impossible.
    """
    name, params = reading.source(params)
    _check(params, name, num_classes)
    if params.tfds_name:
        decode_record = tfds_factory.get_segmentation_decoder(params.tfds_name).decode
    else:
        decode_record = _parse_record

    def decode(record: Any) -> dict[str, tf.Tensor]:
        image, mask = decode_pair(decode_record(record))
        return {"image": image, "mask": check_labels(mask, num_classes, ignore_label)}

    def parse(tensors: dict[str, tf.Tensor]) -> tuple[tf.Tensor, Labels]:
        image, mask = tensors["image"], tensors["mask"]
        if not params.is_training:
            return eval_example(image, mask, params, ignore_label)
        seed = tf.stack([tf.cast(params.seed or 0, tf.int64), tensors["number"]])
        return train_example(image, mask, seed, params, ignore_label)

    padded_batches = functools.partial(_padded_batches, params=params, ignore_label=ignore_label)
    return reading.batches(
        name,
        params,
        input_context,
        decoder_fn=decode,
        parser_fn=parse,
        transform_and_batch_fn=None if params.is_training else padded_batches,
    )


def _padded_batches(
    dataset: tf.data.Dataset,
    input_context: tf.distribute.InputContext | None,
    params: segmentation_config.DataConfig,
    ignore_label: int,
) -> tf.data.Dataset:
    """Batches examples of evaluation, whose full masks differ in size."""
    size = params.global_batch_size
    if input_context:
        size = input_context.get_per_replica_batch_size(size)
    padding = {"masks": ignore_label, "full_masks": ignore_label, "image_info": 0.0}
    labels = dataset.element_spec[1]
    values = (
        tf.constant(0, params.dtype),
        {name: tf.constant(value, labels[name].dtype) for name, value in padding.items()},
    )
    return dataset.padded_batch(size, padding_values=values, drop_remainder=params.drop_remainder)


def decode_pair(features: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes the pictures of an example.

    Args:
      features: `image/encoded` and `image/segmentation/class/encoded`, string scalars.

    Returns:
      The image, uint8 [H, W, 3], and its mask, uint8 [H, W].
    """
    image = reading.decode_image(features[IMAGE_KEY])
    mask = reading.decode_labels(features[MASK_KEY])
    sizes = tf.shape(image)[:2], tf.shape(mask)
    message = tf.strings.format("An image of size {} has a mask of size {}.", sizes)
    same = tf.reduce_all(tf.equal(*sizes))
    with tf.control_dependencies([tf.debugging.Assert(same, [message])]):
        return tf.identity(image), mask


def check_labels(mask: tf.Tensor, num_classes: int, ignore_label: int) -> tf.Tensor:
    """Returns the mask, uint8 [H, W], if all labels are below `num_classes` or to be ignored."""
    labels = tf.cast(mask, tf.int32)
    largest = tf.reduce_max(tf.where(labels == ignore_label, -1, labels))
    text = (
        "A mask has the label {}, but task.model.num_classes is {}, and "
        "task.losses.ignore_label is {}."
    )
    message = tf.strings.format(text, (largest, num_classes, ignore_label))
    with tf.control_dependencies([tf.debugging.Assert(largest < num_classes, [message])]):
        return tf.identity(mask)


def train_example(
    image: tf.Tensor,
    mask: tf.Tensor,
    seed: tf.Tensor,
    params: segmentation_config.DataConfig,
    ignore_label: int,
) -> tuple[tf.Tensor, Labels]:
    """Scales, crops, flips, distorts, standardises and pads, in mmsegmentation's order.

    Args:
      image: uint8 [H, W, 3].
      mask: uint8 [H, W].
      seed: int64 [2]; the same seed gives the same example.
      params: how.
      ignore_label: of the padding, whose pixels are those of ImageNet's mean.

    Returns:
      The image [h, w, 3] in `params.dtype`, and `masks`, uint8 [h, w, 1].
    """
    seeds = tf.random.experimental.stateless_split(seed, 4)
    factor = tf.random.stateless_uniform([], seeds[0], params.aug_scale_min, params.aug_scale_max)
    size = segmentation_augmentation.scaled_size(tf.shape(mask), factor, params.long_and_short_side)
    image, mask = segmentation_augmentation.resize(image, mask, size)
    offset = segmentation_augmentation.crop_offset(
        mask, params.output_size, seeds[1], params.max_class_share, ignore_label
    )
    image = segmentation_augmentation.crop(image, offset, params.output_size)
    mask = segmentation_augmentation.crop(mask, offset, params.output_size)
    if params.aug_rand_hflip:
        flipped = tf.random.stateless_uniform([], seeds[2]) < 0.5
        image = tf.cond(flipped, lambda: image[:, ::-1], lambda: image)
        mask = tf.cond(flipped, lambda: mask[:, ::-1], lambda: mask)
    if params.photometric_distortion:
        distortion = photometric_distortion.sample(seeds[3])
        image = photometric_distortion.distort(image, distortion)
    mask = segmentation_augmentation.pad(mask, params.output_size, ignore_label)
    return _standardise(image, params), {"masks": mask[..., tf.newaxis]}


def eval_example(
    image: tf.Tensor,
    mask: tf.Tensor,
    params: segmentation_config.DataConfig,
    ignore_label: int,
) -> tuple[tf.Tensor, Labels]:
    """Fits an image into `params.output_size`, and leaves its mask as it is.

    Args:
      image: uint8 [H, W, 3].
      mask: uint8 [H, W].
      params: how.
      ignore_label: of the padding.

    Returns:
      The image [h, w, 3] in `params.dtype`, and a dictionary:
        masks: uint8 [h, w, 1], resized as the image is.
        full_masks: uint8 [P, Q, 1], in the original size, padded to
          `params.groundtruth_padded_size` if there is one.
        image_info: float32 [4, 2], Model Garden's: the original size, that of the resized image,
          their ratio, and zeros.
    """
    own = tf.shape(mask)
    room = tf.constant(params.output_size)
    if params.preserve_aspect_ratio:
        factor = tf.reduce_min(tf.cast(room, tf.float32) / tf.cast(own, tf.float32))
        size = tf.minimum(segmentation_augmentation.scaled_size(own, factor), room)
    else:
        size = room
    full = _padded(mask, params, ignore_label)
    image, mask = segmentation_augmentation.resize(image, mask, size)
    mask = segmentation_augmentation.pad(mask, params.output_size, ignore_label)
    sizes = tf.cast(tf.stack([own, size]), tf.float32)
    info = tf.concat([sizes, [sizes[1] / sizes[0], [0.0, 0.0]]], axis=0)
    labels = {
        "masks": mask[..., tf.newaxis],
        "full_masks": full[..., tf.newaxis],
        "image_info": info,
    }
    return _standardise(image, params), labels


def _padded(
    mask: tf.Tensor, params: segmentation_config.DataConfig, ignore_label: int
) -> tf.Tensor:
    room = list(params.groundtruth_padded_size)
    if not room:
        return mask
    text = (
        "A validation image has size {}; task.validation_data.groundtruth_padded_size={} must be "
        "at least that."
    )
    own = tf.shape(mask)
    message = tf.strings.format(text, (own, room))
    fits = tf.reduce_all(own <= tf.constant(room))
    with tf.control_dependencies([tf.debugging.Assert(fits, [message])]):
        return segmentation_augmentation.pad(mask, room, ignore_label)


def _standardise(image: tf.Tensor, params: segmentation_config.DataConfig) -> tf.Tensor:
    pixels = normalisation.normalise(tf.cast(image, tf.float32) / 255.0)
    pixels = tf.cast(pixels, params.dtype)
    return segmentation_augmentation.pad(pixels, params.output_size, 0.0)


def _check(params: segmentation_config.DataConfig, name: str, num_classes: int) -> None:
    if num_classes < 2:
        raise ValueError(f"task.model.num_classes must be 2 or more, not {num_classes}.")
    sizes = {"output_size": params.output_size}
    for field in ("groundtruth_padded_size", "long_and_short_side"):
        if params.get(field):
            sizes[field] = params.get(field)
    for field, size in sizes.items():
        if len(size) != 2 or min(size) < 1:
            raise ValueError(f"{name}.{field} must be two lengths, not {list(size)}.")
    if not 0 < params.aug_scale_min <= params.aug_scale_max:
        raise ValueError(
            f"{name}.aug_scale_min must be positive and at most aug_scale_max, not "
            f"{params.aug_scale_min} and {params.aug_scale_max}."
        )
    if not 0 < params.max_class_share <= 1:
        raise ValueError(f"{name}.max_class_share must be in (0, 1], not {params.max_class_share}.")


def _parse_record(record: tf.Tensor) -> dict[str, tf.Tensor]:
    features = {key: tf.io.FixedLenFeature([], tf.string) for key in (IMAGE_KEY, MASK_KEY)}
    return tf.io.parse_single_example(record, features)
