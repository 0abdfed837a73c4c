# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Source of images as clips of one frame: TFRecord files of `Example`s, such as ImageNet."""

from __future__ import annotations

from collections.abc import Sequence

import gin
import tensorflow as tf

from vito_tf.video.clips import UNLABELLED, Clips
from vito_tf.video.record_files import RecordFiles

_LABEL_KEYS = {"image/encoded": "image/class/label", "image": "label"}
_JPEG_START = b"\xff\xd8\xff"


@gin.configurable
def image_records(
    work_dir: str,
    file_pattern: str | Sequence[str] = gin.REQUIRED,
    class_names: Sequence[str] | None = None,
    shuffle_buffer: int | None = None,
) -> Clips:
    """Images from TFRecord files, each a clip of one frame, for the MoCLR baseline.

    The images are JPEG, with the keys of Model Garden (`image/encoded`, `image/class/label`) or
    those of TensorFlow Datasets (`image`, `label`); the label may be missing. The files are counted
    once, which reads little.

    Args:
        work_dir: not used; reading leaves nothing behind.
        file_pattern: a folder (its `*.tfrecord*` files), a glob, or a list of these.
        class_names: names of the classes, by label (Model Garden's ImageNet counts from 1: its
            label 0 is no class). Without them the images count as unlabelled.
        shuffle_buffer: number of images held in memory to shuffle them, at least 1; None for as
            many as fit into 512 MiB. The order of the files is shuffled, too.

    Returns:
        The images, named by file and place in it. Sharded reading divides the files where every
        shard gets as many of them, and otherwise the images one by one.

    Raises:
        ValueError: no file matches, a file is damaged, there is no record in them, the first one
            holds no JPEG image, or the buffer is below 1. The message names the file or binding.
    """
    del work_dir
    images = _ImageRecords("image_records", file_pattern, class_names, shuffle_buffer)
    images.image_key = _find_image(images.first_record, images.first_path)
    return images


def _find_image(serialized: bytes, path: str) -> str:
    """Key of the image in a record; a ValueError if there is none, or none in JPEG."""
    try:
        features = tf.train.Example.FromString(serialized).features.feature
    except Exception as error:
        raise ValueError(f"{path} does not begin with an Example: {error}") from error
    for key in _LABEL_KEYS:
        if key in features:
            values = features[key].bytes_list.value
            if not values or not values[0].startswith(_JPEG_START):
                raise ValueError(f"{key} of the first record of {path} is no JPEG image.")
            return key
    raise ValueError(
        f"The records of {path} are no images: neither {' nor '.join(_LABEL_KEYS)} is among their "
        f"keys ({', '.join(sorted(features)) or 'none'})."
    )


class _ImageRecords(RecordFiles):
    image_key: str

    def parse(self, serialized: tf.Tensor, record_id: tf.Tensor) -> dict[str, tf.Tensor]:
        features = tf.io.parse_single_example(
            serialized,
            {
                self.image_key: tf.io.FixedLenFeature([], tf.string, ""),
                _LABEL_KEYS[self.image_key]: tf.io.FixedLenFeature([], tf.int64, UNLABELLED),
            },
        )
        return {
            "name": record_id,
            "label": features[_LABEL_KEYS[self.image_key]],
            "timestamps": tf.zeros([1], tf.int64),
            "end_timestamp": tf.constant(1, tf.int64),
            "images": features[self.image_key][None],
            "video": tf.constant(""),
        }
