# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images and boxes for detection: reading, checking, augmenting (A.3)."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from vito_tf.backbones import normalisation
from vito_tf.transfer import padding, reading
from vito_tf.transfer.datasets import detection_records
from vito_tf.transfer.detection import augmentation, config, records

NO_IMAGE = -1
"""The `image_id` of what only fills the last batch of an evaluation."""


def read(
    params: config.DataConfig,
    num_classes: int,
    federated: bool = False,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Reads batches: endlessly for training, once for evaluation, whose batches are all full.

    Args:
      params: what to read. TensorFlow Datasets' `coco/2017`, too, if `tfds_name` names it; its
        classes are 0 to 79 already.
      num_classes: C, categories of the data.
      federated: whether `judged` is to follow LVIS's lists.
      input_context: of a distribution strategy.

    Returns:
      A dataset of images and labels as in `train_example` or `eval_example`, batched. Iteration
      fails with InvalidArgumentError at an image with an alpha channel, with more boxes to train on
      than `max_num_instances`, or with a category that the data set does not have.

    Raises:
      ValueError: no data are named or found; they are not of `num_classes` categories, not
        federated, or have more boxes an image than `max_num_instances`; a setting is impossible.
    """
    name, params = reading.source(params)
    _check(params, name)
    category_ids = records.category_ids(params, name, num_classes, federated)
    most_boxes = records.most_boxes(params)
    if params.is_training and most_boxes > params.max_num_instances:
        raise ValueError(
            f"{name}.max_num_instances is {params.max_num_instances}, but an image has "
            f"{most_boxes} boxes."
        )
    decode = (
        records.tfds_decoder(params.tfds_name, name) if params.tfds_name else records.parse_record
    )

    def parse(tensors: records.Tensors) -> tuple[tf.Tensor, records.Tensors]:
        if not params.is_training:
            return eval_example(tensors, params)
        seed = tf.stack([tf.cast(params.seed or 0, tf.int64), tensors["number"]])
        return train_example(tensors, seed, params, category_ids, federated)

    def batch(
        dataset: tf.data.Dataset, context: tf.distribute.InputContext | None
    ) -> tf.data.Dataset:
        return padding.filled_batches(dataset, _filler(params), params.global_batch_size, context)

    return reading.batches(
        name,
        params,
        input_context,
        decoder_fn=decode,
        parser_fn=parse,
        transform_and_batch_fn=None if params.is_training or params.drop_remainder else batch,
    )


def train_example(
    tensors: records.Tensors,
    seed: tf.Tensor,
    params: config.DataConfig,
    category_ids: Sequence[int],
    federated: bool,
) -> tuple[tf.Tensor, records.Tensors]:
    """Standardises, flips, scales by u, crops or pads (A.3). Crowds are left out.

    Padding is 0, which is ImageNet's mean.

    Args:
      tensors: as `records.parse_record` returns them.
      seed: int64 [2]; the same seed gives the same example.
      params: how.
      category_ids: published ids, ascending; class c is the c-th of them.
      federated: see `read`.

    Returns:
      The image [h, w, 3] in `params.dtype`, and a dictionary:
        boxes: float32 [N, 4] in the image's pixels; padding is 0.
        classes: int32 [N]; padding is -1.
        judged: float32 [C], 1 where it is known of all objects of a class where they are: of all
          classes, or, in federated data, of those whose absence has been checked and those that
          have boxes, unless there are objects of theirs without one.
    """
    seeds = tf.random.experimental.stateless_split(seed, 2)
    boxes, classes, judged = _truth(tensors, params, category_ids, federated)
    image = tensors["image"]
    view = augmentation.random_view(
        tf.shape(image)[:2],
        params.output_size,
        params.aug_scale_min,
        params.aug_scale_max,
        seeds[0],
    )
    if params.aug_rand_hflip:
        flipped = tf.random.stateless_uniform([], seeds[1]) < 0.5
        image, boxes = tf.cond(
            flipped, lambda: augmentation.flip(image, boxes), lambda: (image, boxes)
        )
    boxes = augmentation.move(boxes, view)
    visible = augmentation.is_visible(boxes)
    size = params.max_num_instances
    labels = {
        "boxes": _padded(tf.boolean_mask(boxes, visible), size, 0.0),
        "classes": _padded(tf.boolean_mask(classes, visible), size, -1),
        "judged": judged,
    }
    return _network_input(image, view, params), labels


def eval_example(
    tensors: records.Tensors, params: config.DataConfig
) -> tuple[tf.Tensor, records.Tensors]:
    """Fits an image into `params.output_size`, and pads it (A.3).

    Args:
      tensors: `image` and `image_id` as `records.parse_record` returns them.
      params: how.

    Returns:
      The image [h, w, 3] in `params.dtype`, and a dictionary:
        image_id: int64 scalar, the published one.
        image_info: float32 [4, 2], see `augmentation.image_info`.
    """
    size = tf.shape(tensors["image"])[:2]
    view = augmentation.fitted(size, params.output_size, 1.0)
    labels = {
        "image_id": tensors["image_id"],
        "image_info": augmentation.image_info(size, view),
    }
    return _network_input(tensors["image"], view, params), labels


def _truth(
    tensors: records.Tensors,
    params: config.DataConfig,
    category_ids: Sequence[int],
    federated: bool,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Relative boxes and classes of what is trained on, and which classes are judged."""
    num_classes = len(category_ids)
    classes = _classes(tensors["labels"], category_ids, tensors["image_id"])
    if federated:
        lists = (
            _classes(tensors[name], category_ids, tensors["image_id"])
            for name in detection_records.FEDERATED_LISTS
        )
        absent, incomplete = (_marked(indices, num_classes) for indices in lists)
        judged = tf.maximum(_marked(classes, num_classes), absent) * (1.0 - incomplete)
    else:
        judged = tf.ones([num_classes])
    single = tf.logical_not(tensors["is_crowd"])
    boxes, classes = (tf.boolean_mask(values, single) for values in (tensors["boxes"], classes))
    message = tf.strings.format(
        "The image {} has {} boxes; task.train_data.max_num_instances must be at least that.",
        (tensors["image_id"], tf.size(classes)),
    )
    fits = tf.size(classes) <= params.max_num_instances
    with tf.control_dependencies([tf.debugging.Assert(fits, [message])]):
        return tf.identity(boxes), classes, judged


def _classes(labels: tf.Tensor, category_ids: Sequence[int], image_id: tf.Tensor) -> tf.Tensor:
    """Classes, int32, of published category ids, int64."""
    known = tf.constant(category_ids, tf.int64)
    classes = tf.minimum(tf.searchsorted(known, labels), len(category_ids) - 1)
    unknown = tf.boolean_mask(labels, tf.gather(known, classes) != labels)
    text = "The image {} has objects of the categories {}, which the data set does not have."
    message = tf.strings.format(text, (image_id, unknown))
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(tf.size(unknown), 0), [message])]):
        return tf.identity(classes)


def _marked(classes: tf.Tensor, num_classes: int) -> tf.Tensor:
    """float32 [C]: 1 for classes that occur."""
    return tf.reduce_max(
        tf.concat([tf.zeros([1, num_classes]), tf.one_hot(classes, num_classes)], axis=0), axis=0
    )


def _padded(values: tf.Tensor, size: int, filler: float) -> tf.Tensor:
    """Fills [M, ...] up to the static `size`."""
    paddings = [[0, size - tf.shape(values)[0]]] + [[0, 0]] * (values.shape.rank - 1)
    padded = tf.pad(values, paddings, constant_values=tf.cast(filler, values.dtype))
    return tf.ensure_shape(padded, [size, *values.shape[1:]])


def _network_input(
    image: tf.Tensor, view: augmentation.View, params: config.DataConfig
) -> tf.Tensor:
    pixels = normalisation.normalise(tf.cast(image, tf.float32) / 255.0)
    return tf.cast(augmentation.see(pixels, view), params.dtype)


def _filler(params: config.DataConfig) -> tuple[tf.Tensor, records.Tensors]:
    """An example of evaluation that is no image; its scale is 1, by which boxes can be divided."""
    image = tf.zeros([*params.output_size, 3], params.dtype)
    size = tf.constant(params.output_size)
    view = augmentation.View(size, tf.zeros([2], tf.int32), params.output_size)
    info = augmentation.image_info(size, view)
    return image, {"image_id": tf.constant(NO_IMAGE, tf.int64), "image_info": info}


def _check(params: config.DataConfig, name: str) -> None:
    sides = params.output_size
    if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
        raise ValueError(f"{name}.output_size must be two lengths in pixels, not {sides}.")
    if not 0 < params.aug_scale_min <= params.aug_scale_max:
        raise ValueError(
            f"{name}.aug_scale_min must be positive and at most aug_scale_max, not "
            f"{params.aug_scale_min} and {params.aug_scale_max}."
        )
    if params.max_num_instances < 1:
        raise ValueError(
            f"{name}.max_num_instances must be positive, not {params.max_num_instances}."
        )
