# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Intersection over union at the images' own resolution.

Model Garden's `PerClassIoU` counts a class that is nowhere as 0 in the mean, where the usual mean
is over the classes that are there, and its task forgets the first batch of each evaluation.
"""

from __future__ import annotations

import tensorflow as tf

_ROWS = 16


class FullSizeIoU(tf.keras.metrics.Metric):
    """Pixels by class: of the truth, of the prediction and of both.

    Logits are interpolated at the centres of the original image's pixels before the largest is
    taken. Memory holds a few rows of logits at a time, whatever the size. Shapes are static if
    those of the masks are.

    Args:
      num_classes: C.
      ignore_label: label of pixels that do not count.
      name: of the metric.
    """

    def __init__(self, num_classes: int, ignore_label: int = 255, name: str = "full_size_iou"):
        super().__init__(name=name, dtype=tf.int64)
        self._num_classes = num_classes
        self._ignore_label = ignore_label
        self.areas = self.add_weight(
            "areas", shape=[3, num_classes], initializer="zeros", dtype=tf.int64
        )

    def update_state(
        self, masks: tf.Tensor, logits: tf.Tensor, image_info: tf.Tensor, input_size: tf.Tensor
    ) -> None:
        """Counts the pixels of a batch.

        Args:
          masks: integers [B, P, Q, 1], padded with the label to ignore.
          logits: float32 [B, h, w, C], of the network's whole input.
          image_info: float32 [B, 4, 2], see `segmentation_input.eval_example`.
          input_size: [2], the network's input.
        """
        self.areas.assign_add(
            areas(masks, logits, image_info, input_size, self._num_classes, self._ignore_label)
        )

    def reset_state(self) -> None:
        """Forgets all pixels."""
        self.areas.assign(tf.zeros_like(self.areas))

    def result(self) -> dict[str, tf.Tensor]:
        """The figures so far.

        Returns:
          `iou`: float64 [C], NaN for classes that neither truth nor prediction has; `mean_iou`: the
          mean of the others; `pixel_accuracy`: the share of pixels that are right; `is_present`:
          bool [C], which classes the truth has.
        """
        truth, prediction, both = tf.unstack(tf.cast(self.areas, tf.float64))
        iou = both / (truth + prediction - both)
        seen = tf.boolean_mask(iou, tf.logical_not(tf.math.is_nan(iou)))
        return {
            "iou": iou,
            "mean_iou": tf.reduce_mean(seen),
            "pixel_accuracy": tf.reduce_sum(both) / tf.reduce_sum(truth),
            "is_present": truth > 0,
        }


def areas(
    masks: tf.Tensor,
    logits: tf.Tensor,
    image_info: tf.Tensor,
    input_size: tf.Tensor,
    num_classes: int,
    ignore_label: int,
) -> tf.Tensor:
    """Pixels with a label by class: of the truth, of the prediction and of both, int64 [3, C].

    See `FullSizeIoU.update_state` for the arguments.
    """
    width = tf.shape(masks)[2]
    # Some rows may be more than needed, so that every step of the loop has its rows.
    masks = tf.pad(
        tf.cast(masks[..., 0], tf.int32),
        [[0, 0], [0, _ROWS], [0, 0]],
        constant_values=ignore_label,
    )
    cells = tf.shape(logits)[1:3]
    stride = tf.cast(input_size, tf.float32) / tf.cast(cells, tf.float32)
    steps = image_info[:, 2] / stride
    used = tf.math.ceil(image_info[:, 1] / stride)
    columns = _interpolation(tf.range(width), steps[:, 1], used[:, 1], cells[1])

    def add_rows(start: tf.Tensor, counts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = _interpolation(start + tf.range(_ROWS), steps[:, 0], used[:, 0], cells[0])
        along_rows = tf.einsum("bph,bhwc->bpwc", rows, logits)
        predictions = tf.argmax(
            tf.einsum("bqw,bpwc->bpqc", columns, along_rows), axis=-1, output_type=tf.int32
        )
        truth = tf.slice(masks, [0, start, 0], [tf.shape(masks)[0], _ROWS, width])
        valid = truth != ignore_label
        kinds = (valid, valid, tf.logical_and(valid, truth == predictions))
        labels = (truth, predictions, truth)
        more = [_count(label, kind, num_classes) for label, kind in zip(labels, kinds)]
        return start + _ROWS, counts + tf.cast(tf.stack(more), tf.int64)

    # Below the highest image of the batch there is only padding.
    end = tf.cast(tf.reduce_max(image_info[:, 0, 0]), tf.int32)
    return tf.while_loop(
        lambda start, _: start < end,
        add_rows,
        (tf.constant(0), tf.zeros([3, num_classes], tf.int64)),
    )[1]


def _interpolation(
    positions: tf.Tensor, steps: tf.Tensor, used: tf.Tensor, cells: tf.Tensor
) -> tf.Tensor:
    """The weights [B, P, cells] of linear interpolation between the centres of cells.

    Args:
      positions: [P], pixels of the original image.
      steps: [B], cells a pixel.
      used: [B], cells that the image covers; beyond the last one's centre, it alone counts.
      cells: scalar, the number of cells.
    """
    centres = (tf.cast(positions, tf.float32) + 0.5) * steps[:, tf.newaxis] - 0.5
    centres = tf.clip_by_value(centres, 0.0, used[:, tf.newaxis] - 1.0)
    distances = centres[..., tf.newaxis] - tf.cast(tf.range(cells), tf.float32)
    return tf.nn.relu(1.0 - tf.abs(distances))


def _count(labels: tf.Tensor, counted: tf.Tensor, num_classes: int) -> tf.Tensor:
    """The number of `counted` ones by label, int32 [C]."""
    places = tf.reshape(tf.where(counted, labels, num_classes), [-1])
    return tf.math.unsorted_segment_sum(tf.ones_like(places), places, num_classes + 1)[:-1]
