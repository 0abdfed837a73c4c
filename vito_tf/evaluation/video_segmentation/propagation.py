# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Carries soft labels from frame to frame by the likeness of features (vito.md, A.4; VFS).

A position of a new frame takes its labels from the positions most like it, among those at less than
a certain distance, in the first frame and in the frames just before: their mean, weighted by the
softmax of the cosines, over the best few of all these frames together. Frames come one at a time;
of the past nothing is kept but the features and labels of the context.

VFS computes all pairs of positions and masks those too far apart. Here queries are taken in blocks
and compared with the window that the neighbourhoods of a block lie in, one context frame at a time,
so that besides the context no more than the scores of a few blocks is in memory.
"""

from __future__ import annotations

import collections
import dataclasses
import math

import tensorflow as tf

# Rows and columns of a block of queries: fewer compute less that is not needed, more copy less.
_BLOCK = 12
_FLOATS = tf.TensorSpec([None, None, None], tf.float32)
_LABELS = tf.TensorSpec([None, None, None, None], tf.float32)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How labels are propagated; the defaults are those of VFS (configs/r50_nc_sgd_cos_100e_...).

    Attributes:
      top_k: positions of the context that a label is taken from, at the most.
      temperature: that cosines are divided by before the softmax.
      radius: in cells of the feature map; positions at less than this distance are neighbours.
      context: preceding frames that are searched besides the first frame. While the first frame
        is one of them it counts twice, as in VFS.
    """

    top_k: int = 10
    temperature: float = 0.07
    radius: float = 18.0
    context: int = 20


class Propagation:
    """The labels of a video's frames, one after the other."""

    def __init__(self, features: tf.Tensor, labels: tf.Tensor, settings: Settings):
        """Starts with the first frame.

        Args:
          features: [H, W, D] float32 of the first frame, finite.
          labels: [H, W, C] float32 of the first frame, such as one-hot.
          settings: of the whole video.
        """
        self._settings = settings
        self._blocks = _Blocks((features.shape[0], features.shape[1]), settings.radius)
        self._first = (_normalized(features), labels)
        self._recent = collections.deque([self._first], settings.context)

    def remember(self, features: tf.Tensor, labels: tf.Tensor) -> None:
        """Takes a frame whose labels are known into the context; `step` does so with its own.

        Args:
          features: [H, W, D] float32 of the next frame, finite.
          labels: [H, W, C] float32 of the next frame.
        """
        self._recent.append((_normalized(features), labels))

    def step(self, features: tf.Tensor) -> tf.Tensor:
        """Labels [H, W, C] float32 of the next frame, by its features [H, W, D] float32, finite.

        Which ones of equally good positions count, where not all of them fit into the top k, is
        not defined, here as in VFS.
        """
        blocks, most = self._blocks, self._settings.top_k
        features = _normalized(features)
        queries = blocks.cut(features)
        scores = tf.fill([*queries.shape[:2], most], -math.inf)
        values = tf.zeros([*queries.shape[:2], most, self._first[1].shape[-1]])
        for keys, labels in (self._first, *self._recent):
            scores, values = _search(
                queries, blocks.starts, blocks.window, blocks.near, keys, labels, scores, values
            )
        labels = blocks.join(_weighted_mean(scores, values, self._settings.temperature))
        self._recent.append((features, labels))
        return labels


class _Blocks:
    """How a map of H x W is cut into N blocks of Q queries, each with a window of P keys.

    Attributes:
      starts: int32 [N, 2], the upper left corner of each block's window.
      window: int32 [2], rows and columns of every window; P is their product.
      near: bool [N, Q, P], which queries and keys are neighbours.
    """

    def __init__(self, size: tuple[int, int], radius: float):
        self._size = size
        self._number = tuple(-(-side // _BLOCK) for side in size)
        self._block = tuple(-(-s // n) for s, n in zip(self._size, self._number))
        reach = math.ceil(radius) - 1
        window = [min(s, b + 2 * reach) for s, b in zip(self._size, self._block)]
        corners = tf.meshgrid(
            *(tf.range(n) * b for n, b in zip(self._number, self._block)), indexing="ij"
        )
        corners = tf.reshape(tf.stack(corners, -1), [-1, 2])
        self.window = tf.constant(window)
        self.starts = tf.clip_by_value(corners - reach, 0, tf.constant(self._size) - self.window)
        rows, columns = (
            tf.square(
                (corners[:, axis, None] + tf.range(self._block[axis]))[:, :, None]
                - (self.starts[:, axis, None] + tf.range(window[axis]))[:, None]
            )
            for axis in (0, 1)
        )
        near = tf.cast(rows[:, :, None, :, None], tf.float32) < radius**2 - tf.cast(
            columns[:, None, :, None, :], tf.float32
        )
        self.near = tf.reshape(near, [len(corners), math.prod(self._block), math.prod(window)])

    def cut(self, features: tf.Tensor) -> tf.Tensor:
        """[H, W, D] to [N, Q, D]; blocks that reach beyond the map are filled up with zeros."""
        (vertical, horizontal), (rows, columns) = self._number, self._block
        padding = [[0, n * b - s] for n, b, s in zip(self._number, self._block, self._size)]
        blocks = tf.reshape(
            tf.pad(features, [*padding, [0, 0]]), [vertical, rows, horizontal, columns, -1]
        )
        blocks = tf.transpose(blocks, [0, 2, 1, 3, 4])
        return tf.reshape(blocks, [vertical * horizontal, rows * columns, features.shape[-1]])

    def join(self, blocks: tf.Tensor) -> tf.Tensor:
        """[N, Q, C] to [H, W, C], the inverse of `cut`."""
        (vertical, horizontal), (rows, columns) = self._number, self._block
        blocks = tf.reshape(blocks, [vertical, horizontal, rows, columns, blocks.shape[-1]])
        blocks = tf.transpose(blocks, [0, 2, 1, 3, 4])
        joined = tf.reshape(blocks, [vertical * rows, horizontal * columns, blocks.shape[-1]])
        return joined[: self._size[0], : self._size[1]]


def _normalized(features: tf.Tensor) -> tf.Tensor:
    """Divides by the norm over the channels, or by 1e-12 where that is more."""
    return tf.math.l2_normalize(features, -1, epsilon=1e-24)


@tf.function(
    autograph=False,
    input_signature=[
        _FLOATS,
        tf.TensorSpec([None, 2], tf.int32),
        tf.TensorSpec([2], tf.int32),
        tf.TensorSpec([None, None, None], tf.bool),
        _FLOATS,
        _FLOATS,
        _FLOATS,
        _LABELS,
    ],
)
def _search(
    queries: tf.Tensor,
    starts: tf.Tensor,
    window: tf.Tensor,
    near: tf.Tensor,
    keys: tf.Tensor,
    labels: tf.Tensor,
    scores: tf.Tensor,
    values: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Brings a frame of the context into the best k of each query; one trace serves all sizes.

    Args:
      queries: [N, Q, D], of norm 1.
      starts: as in `_Blocks`.
      window: as in `_Blocks`.
      near: as in `_Blocks`.
      keys: [H, W, D] of the context frame, of norm 1.
      labels: [H, W, C] of the context frame.
      scores: [N, Q, k] best cosines so far, -inf where there are fewer.
      values: [N, Q, k, C] labels that belong to them.

    Returns:
      The new scores and values.
    """
    area = tf.reduce_prod(window)
    most = tf.shape(scores)[-1]

    def search(block):
        queries, start, near, scores, values = block
        start, window_size = tf.pad(start, [[0, 1]]), tf.concat([window, [-1]], 0)
        near_keys = tf.reshape(tf.slice(keys, start, window_size), [area, -1])
        near_labels = tf.reshape(tf.slice(labels, start, window_size), [area, -1])
        # In this order the product takes a third of the time that queries times keys takes.
        cosines = tf.transpose(tf.matmul(near_keys, queries, transpose_b=True))
        best, indices = tf.math.top_k(
            tf.where(near, cosines, -math.inf), tf.minimum(most, area), sorted=False
        )
        scores = tf.concat([scores, best], -1)
        values = tf.concat([values, tf.gather(near_labels, indices)], 1)
        scores, indices = tf.math.top_k(scores, most, sorted=False)
        return scores, tf.gather(values, indices, batch_dims=1)

    return tf.map_fn(
        search,
        (queries, starts, near, scores, values),
        fn_output_signature=(tf.float32, tf.float32),
    )


@tf.function(autograph=False, input_signature=[_FLOATS, _LABELS, tf.TensorSpec([], tf.float32)])
def _weighted_mean(scores: tf.Tensor, values: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
    """Mean [N, Q, C] of values [N, Q, k, C] by the softmax of scores [N, Q, k]."""
    return tf.einsum("nqk,nqkc->nqc", tf.nn.softmax(scores / temperature), values)
