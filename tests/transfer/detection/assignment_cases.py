# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Images full of boxes, on which assigners are compared to loops over plain numbers."""

import numpy as np
import tensorflow as tf

from vito_tf.transfer.detection import locations, structures

HEIGHT, WIDTH = 64, 96
MIN_LEVEL, MAX_LEVEL = 3, 5
CLASSES = 4
NUM_BOXES = 300


def iou(box, other):
    """Of two boxes, in float64."""
    box, other = (np.asarray(numbers, float).tolist() for numbers in (box, other))
    both = 1.0
    areas = [1.0, 1.0]
    for axis in (0, 1):
        both *= max(min(box[axis + 2], other[axis + 2]) - max(box[axis], other[axis]), 0)
        areas[0] *= max(box[axis + 2] - box[axis], 0)
        areas[1] *= max(other[axis + 2] - other[axis], 0)
    union = areas[0] + areas[1] - both
    return both / union if both else 0.0


def sides(point, box):
    """Distances from a point up, left, down and right to the sides of a box."""
    (y, x), (top, left, bottom, right) = map(float, point), map(float, box)
    return y - top, x - left, bottom - y, right - x


def random_boxes(rng, count, grid=None):
    """Boxes of any size, over the border too; coordinates are multiples of `grid`."""
    centres = rng.uniform(-8, [HEIGHT + 8, WIDTH + 8], [count, 2])
    sizes = np.exp(rng.uniform(0, 6, [count, 2]))
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    return boxes if grid is None else np.round(boxes / grid) * grid


def images():
    """The boxes of each image, float64 [n, 4]."""
    rng = np.random.default_rng(0)
    ties = random_boxes(rng, 40, grid=4)
    thin = random_boxes(rng, 12)
    thin[:6, 2] = thin[:6, 0] + rng.uniform(0, 6, 6)
    thin[6:, 3] = thin[6:, 1] + rng.uniform(0, 6, 6)
    thin[0, 2] = thin[0, 0]
    return [
        np.zeros([0, 4]),
        np.array([[9.5, 20.25, 50, 75]]),
        np.repeat([[8.0, 8, 40, 60], [10, 4, 50, 90]], 3, axis=0),
        random_boxes(rng, 6) + np.array([0, 200, 0, 200]),
        thin,
        ties,
        random_boxes(rng, NUM_BOXES),
    ]


def truth(every=None):
    """These images' boxes, or those of given ones, padded; classes at random."""
    every = images() if every is None else every
    most = max(len(boxes) for boxes in every)
    padded = np.zeros([len(every), most, 4], np.float32)
    classes = np.full([len(every), most], -1, np.int32)
    rng = np.random.default_rng(1)
    for index, boxes in enumerate(every):
        padded[index, : len(boxes)] = boxes
        classes[index, : len(boxes)] = rng.integers(0, CLASSES, len(boxes))
    judged = tf.ones([len(every), CLASSES])
    return structures.Truth(tf.constant(padded), tf.constant(classes), judged)


def places():
    """The locations of these images."""
    return locations.make((HEIGHT, WIDTH), MIN_LEVEL, MAX_LEVEL)


def predictions(of):
    """Random ones: every other location predicts one of the boxes, shifted a little."""
    rng = np.random.default_rng(2)
    batch, count = of.boxes.shape[0], sum(places().counts)
    grid = 4
    boxes = np.stack([random_boxes(rng, count, grid) for _ in range(batch)])
    probabilities = rng.choice([0, 0.25, 0.5], [batch, count, CLASSES])
    for index, (own, classes) in enumerate(zip(of.boxes.numpy(), of.classes.numpy())):
        number = (classes >= 0).sum()
        if not number:
            continue
        chosen = own[rng.integers(0, number, count)]
        shifts = rng.uniform(-9, 9, [count, 4])
        if index % 2:  # as on a grid, so that many are equally good
            shifts = np.round(shifts / grid) * grid
        else:
            probabilities[index] = rng.uniform(0, 1, [count, CLASSES])
        boxes[index, ::2] = (chosen + shifts)[::2]
    return structures.Predictions(
        tf.constant(probabilities, tf.float32), tf.constant(boxes, tf.float32), None
    )
