# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The 16 categories that humans chose from, and how a network's 1000 classes decide among them.

The ImageNet classes of each category, 207 in all, were taken from model-vs-human
(`modelvshuman/helper/human_categories.py`, github.com/bethgelab/model-vs-human).
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping

import numpy as np
from scipy import special

from vito_tf.evaluation.encoders import encoder as encoder_lib


@functools.cache
def imagenet_classes() -> Mapping[str, tuple[int, ...]]:
    """The classes, as indices in the order of ILSVRC-2012, by category in alphabetic order."""
    package = importlib.resources.files("vito_tf.evaluation.human_consistency")
    lines = (package / "sixteen_classes.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {name: tuple(int(index) for index in indices.split()) for name, indices in rows}


def names() -> tuple[str, ...]:
    """The categories by number."""
    return tuple(imagenet_classes())


def numbers() -> dict[str, int]:
    """The numbers of the categories."""
    return {name: number for number, name in enumerate(imagenet_classes())}


def decide(logits: np.ndarray) -> np.ndarray:
    """The category whose ImageNet classes have the highest mean probability.

    The arithmetic mean after a softmax over all 1000 classes
    (`modelvshuman/datasets/decision_mappings.py`); a draw goes to the category of lower number.

    Args:
      logits: [N, 1000] float, finite.

    Returns:
      int64 [N] in [0, 16).

    Raises:
      ValueError: logits are not of 1000 classes.
    """
    if logits.ndim != 2 or logits.shape[1] != encoder_lib.IMAGENET_CLASSES:
        raise ValueError(f"Logits must be [N, 1000], not {list(logits.shape)}.")
    probabilities = special.softmax(logits.astype(np.float64), axis=1)
    means = [probabilities[:, list(indices)].mean(1) for indices in imagenet_classes().values()]
    return np.argmax(np.stack(means, 1), 1)
