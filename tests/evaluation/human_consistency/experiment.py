# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A small experiment in the layout of model-vs-human, and an encoder that can be told answers."""

import csv
import dataclasses
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

from vito_tf.evaluation import benchmark, extraction
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.human_consistency import sixteen_classes

COLUMNS = ("subj", "session", "trial", "rt", "object_response", "category", "condition")
NAMES = sixteen_classes.names()


@dataclasses.dataclass(frozen=True)
class RedEncoder(encoder_lib.Encoder):
    """Says the category whose number is a tenth of the red level."""

    def __call__(self, images):
        red = tf.reduce_mean(images[..., 0], [1, 2]) * 255
        number = tf.cast(tf.round(red / 10), tf.int32)
        first = tf.constant([indices[0] for indices in sixteen_classes.imagenet_classes().values()])
        logits = 20 * tf.one_hot(tf.gather(first, number), encoder_lib.IMAGENET_CLASSES)
        return encoder_lib.Outputs(red[:, None], logits, None)


def red_encoder(image_size=224):
    """The encoder, for images of some size."""
    return RedEncoder("red", "0" * 64, "", image_size, frozenset({encoder_lib.LOGITS}))


def context(folder):
    """A benchmark's, with its cache in a folder."""
    return benchmark.Context(str(folder), extraction.Extractor(str(folder / "cache")))


def write_stimulus(path, decision, mode="RGB", size=224):
    """A picture that the encoder takes for a category."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    level = 10 * NAMES.index(decision)
    Image.new("RGB", (size, size), (level, level, level)).convert(mode).save(path)


def write_responses(path, subject, rows, columns=(*COLUMNS, "imagename")):
    """A CSV file of (response, category, condition, imagename)."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for trial, row in enumerate(rows, 1):
            writer.writerow([subject, 1, trial, "NaN", *row][: len(columns)])


def golden_answers(data_set):
    """Which answers of each subject to a whole experiment were right, bool [S, N]."""
    text = pathlib.Path(__file__).with_name("correct_answers.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    bits = [bytes.fromhex(digits) for name, _, digits in rows if name == data_set]
    return np.stack([np.unpackbits(np.frombuffer(one, np.uint8)) for one in bits]).astype(bool)
