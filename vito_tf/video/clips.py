# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The interface of every data source: a set of clips whose frames are not decoded yet."""

from __future__ import annotations

import abc
from typing import Union

import tensorflow as tf

Seed = Union[int, tf.Tensor]

UNLABELLED = -1

CLIP_SPEC = {
    "name": tf.TensorSpec([], tf.string),
    "label": tf.TensorSpec([], tf.int64),
    "timestamps": tf.TensorSpec([None], tf.int64),
    "end_timestamp": tf.TensorSpec([], tf.int64),
    "images": tf.TensorSpec([None], tf.string),
    "video": tf.TensorSpec([], tf.string),
}
"""Element spec of `Clips.read`, the *undecoded clip*:

name: file path or record id, for messages.
label: index into `Clips.class_names`, or `UNLABELLED`.
timestamps: [F] presentation time of each frame in microseconds, ascending.
end_timestamp: end of the last frame in microseconds.
images: [F] JPEG frames; shape [0] when the clip is a video.
video: bytes of an encoded video file; empty when the clip is JPEG frames.
"""


class Clips(abc.ABC):
    """A finite set of undecoded clips that can be read again and again, each time in its own order.

    Attributes:
      num_clips: number of clips in the whole set, over all shards.
      class_names: names of the classes, by label; empty when the clips are unlabelled.
    """

    num_clips: int
    class_names: tuple[str, ...] = ()

    @abc.abstractmethod
    def read(
        self, seed: Seed | None = None, num_shards: int = 1, shard: int = 0
    ) -> tf.data.Dataset:
        """Returns one pass over a shard of the clips.

        Args:
          seed: None for a fixed order; otherwise an int64 scalar (a python int or a tensor, so that
            epochs can be drawn inside `tf.data.Dataset.flat_map`) on which alone the shuffled order
            depends, never on parallelism or timing.
          num_shards: number of disjoint parts into which the clips are divided, e.g. one per host.
          shard: which part to read, in [0, num_shards).

        Returns:
          A finite dataset of undecoded clips, elements as in `CLIP_SPEC`.
        """
