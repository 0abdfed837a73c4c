# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images and labels for classification, cropped as BYOL's evaluation does it (A.6).

The paper leaves the preprocessing of its transfer to ImageNet to BYOL (byol/utils/dataset.py).
Model Garden's own classification parser differs from it: aspect ratios that are uniform rather than
their logarithms, another rounding of the central crop, bicubic overshoots that stay, and random
numbers that depend on what else has been drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Callable, ClassVar

import tensorflow as tf
from official.core import config_definitions as cfg
from official.vision.dataloaders import decoder, parser

from vito_tf import augmentation
from vito_tf.backbones import normalisation
from vito_tf.transfer import padding, reading

_CENTRAL_SHARE = 224 / (224 + 32)


@dataclasses.dataclass
class ImageData(cfg.DataConfig):
    """Where images come from, and how they are cropped.

    `input_path` names TFRecord files of `tf.train.Example`s, unless `tfds_name` and `tfds_split`
    name a data set of TensorFlow Datasets with features `image` and `label`, such as
    `imagenet2012` and `imagenet2012_subset/1pct`. Images are JPEG or whatever else TensorFlow
    decodes, with one channel or three.

    Attributes:
      image_field_key: of the encoded image in a record.
      label_field_key: of the class in a record, from 0.
      min_crop_area: smallest area of a training crop relative to the image's, in (0, 1].
      shuffle_buffer_size: records held in memory to shuffle them in training.
      tfds_skip_decoding_feature: TFDS leaves the image encoded, so that only crops are decoded.
      seed: of shuffling (None: another order in every run) and of crops and flips (None: as 0).
    """

    # Model Garden's classification task asks its data for these.
    is_multilabel: ClassVar[bool] = False
    mixup_and_cutmix: ClassVar[None] = None

    is_training: bool = True
    image_field_key: str = "image/encoded"
    label_field_key: str = "image/class/label"
    min_crop_area: float = 0.08
    shuffle_buffer_size: int = 10000
    cycle_length: int = 10
    tfds_skip_decoding_feature: str = "image"


def read(
    params: ImageData,
    input_size: Sequence[int],
    num_classes: int,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Reads batches: endlessly for training, once for evaluation, with `padding` unless dropped.

    Args:
      params: what to read.
      input_size: [S, S, 3].
      num_classes: labels must lie below.
      input_context: of a distribution strategy.

    Returns:
      A dataset of images [B, S, S, 3] float32, standardised by ImageNet's statistics, and labels
      [B] int32. Iteration fails with InvalidArgumentError, naming the value, at a label outside
      [0, num_classes) and at an image with an alpha channel.

    Raises:
      ValueError: no data are named or found, or `input_size` or `min_crop_area` is impossible.
    """
    if len(input_size) != 3 or input_size[0] != input_size[1] or input_size[2] != 3:
        raise ValueError(f"task.model.input_size must be [S, S, 3], not {list(input_size)}.")
    if num_classes < 2:
        raise ValueError(f"task.model.num_classes must be 2 or more, not {num_classes}.")
    name, params = reading.source(params)
    if not 0 < params.min_crop_area <= 1:
        raise ValueError(f"{name}.min_crop_area must be in (0, 1], not {params.min_crop_area}.")

    def batch(
        dataset: tf.data.Dataset, context: tf.distribute.InputContext | None
    ) -> tf.data.Dataset:
        return padding.padded_batches(dataset, params.global_batch_size, context)

    return reading.batches(
        name,
        params,
        input_context,
        decoder_fn=Decoder(params).decode,
        parser_fn=Parser(params, input_size[0], num_classes).parse_fn(params.is_training),
        transform_and_batch_fn=None if params.drop_remainder else batch,
    )


class Decoder(decoder.Decoder):
    """Takes image and label out of a record, or out of what TFDS gives."""

    def __init__(self, params: ImageData):
        self._is_tfds = bool(params.tfds_name)
        self._image_key = params.image_field_key
        self._label_key = params.label_field_key

    def decode(self, serialized_example: Any) -> dict[str, tf.Tensor]:
        """Returns `image`, string (uint8 [H, W, 3] if TFDS decoded it), and `label`, int64."""
        if self._is_tfds:
            return {name: serialized_example[name] for name in ("image", "label")}
        features = tf.io.parse_single_example(
            serialized_example,
            {
                self._image_key: tf.io.FixedLenFeature([], tf.string),
                self._label_key: tf.io.FixedLenFeature([], tf.int64),
            },
        )
        return {"image": features[self._image_key], "label": features[self._label_key]}


class Parser(parser.Parser):
    """Random crops and flips for training, central crops for evaluation (BYOL, C.1)."""

    def __init__(self, params: ImageData, size: int, num_classes: int):
        self._min_area = params.min_crop_area
        self._seed = params.seed or 0
        self._size = size
        self._num_classes = num_classes

    def _parse_train_data(self, decoded_tensors: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        seed = tf.stack([tf.cast(self._seed, tf.int64), decoded_tensors["number"]])
        image = random_view(decoded_tensors["image"], seed, self._size, self._min_area)
        return normalisation.normalise(image), self._label(decoded_tensors)

    def _parse_eval_data(self, decoded_tensors: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        image = central_view(decoded_tensors["image"], self._size)
        return normalisation.normalise(image), self._label(decoded_tensors)

    def _label(self, decoded_tensors: dict[str, tf.Tensor]) -> tf.Tensor:
        label = tf.cast(decoded_tensors["label"], tf.int64)
        text = "A record has the label {}, but task.model.num_classes is {}: labels start at 0."
        message = tf.strings.format(text, (label, self._num_classes))
        valid = tf.logical_and(label >= 0, label < self._num_classes)
        with tf.control_dependencies([tf.debugging.Assert(valid, [message])]):
            return tf.cast(label, tf.int32)


def random_view(image: tf.Tensor, seed: tf.Tensor, size: int, min_area: float = 0.08) -> tf.Tensor:
    """A random crop, resized with bicubic interpolation, flipped with probability 1/2.

    The crop is drawn by `augmentation.random_crop_box`.

    Args:
      image: string, an encoded image; or uint8 [H, W, C], C 1 or 3.
      seed: int64 [2]; the same seed gives the same view.
      size: S.
      min_area: smallest area of the crop relative to the image's, in (0, 1].

    Returns:
      float32 [S, S, 3] in [0, 1].
    """
    seeds = tf.random.experimental.stateless_split(seed, 2)

    def box(height, width):
        return augmentation.random_crop_box(seeds[0], height, width, min_area)

    view = _crop(image, box, size)
    return tf.image.stateless_random_flip_left_right(view, seeds[1])


def central_view(image: tf.Tensor, size: int) -> tf.Tensor:
    """The central square of 224/256 of the shorter side, resized with bicubic interpolation.

    The square's side is rounded down; where it cannot be central, it is half a pixel too low and
    too far right. At least one pixel is left.

    Args:
      image: string, an encoded image; or uint8 [H, W, C], C 1 or 3.
      size: S.

    Returns:
      float32 [S, S, 3] in [0, 1].
    """

    def box(height, width):
        side = _CENTRAL_SHARE * tf.cast(tf.minimum(height, width), tf.float32)
        side = tf.maximum(tf.cast(side, tf.int32), 1)
        return tf.stack([(height - side + 1) // 2, (width - side + 1) // 2, side, side])

    return _crop(image, box, size)


def _crop(image: tf.Tensor, box: Callable[..., tf.Tensor], size: int) -> tf.Tensor:
    """Crops and resizes to [S, S, 3]; of a JPEG image, only the crop is decoded."""

    def of_pixels(pixels: tf.Tensor) -> tf.Tensor:
        height, width, _ = tf.unstack(tf.shape(pixels))
        return augmentation.crop_and_resize(pixels, box(height, width), size)

    def of_jpeg() -> tf.Tensor:
        height, width, _ = tf.unstack(tf.io.extract_jpeg_shape(image))
        return augmentation.decode_crop_and_resize(image, box(height, width), size)

    def of_other() -> tf.Tensor:
        return of_pixels(reading.decode_image(image))

    if image.dtype != tf.string:
        return tf.ensure_shape(of_pixels(reading.as_rgb(image)), [size, size, 3])
    return tf.ensure_shape(tf.cond(tf.io.is_jpeg(image), of_jpeg, of_other), [size, size, 3])
