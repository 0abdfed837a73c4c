# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which of ILSVRC-2012's 1000 classes the distribution shifts of §4.1 have.

Labels are places in ILSVRC's order, which is that of WordNet identifiers (wnids), from 0.

`imagenet_a_wnids.tsv`: the 200 classes of ImageNet-A, a wnid a line. From
timm/data/_info/imagenet_a_synsets.txt (github.com/huggingface/pytorch-image-models); the same as
`thousand_k_to_200` in eval.py of github.com/hendrycks/natural-adv-examples and as `class_sublist`
in src/eval_settings/imagenet_a.py of github.com/modestyachts/imagenet-testbed.

`imagenet_vid_robust_classes.tsv`: the 30 classes of ImageNet-Vid and, of each, the classes of
ILSVRC-2012 that are kinds of it, 288 in all: wnid, name, wnids with commas between them. From
src/eval_settings/imagenet-vid-robust_metadata/rev_class_idx_map.json of imagenet-testbed; the lines
are in the order of its class numbers.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Sequence
from typing import NamedTuple

from vito_tf.curation import categories


class VideoClass(NamedTuple):
    """A class of ImageNet-Vid.

    Attributes:
      wnid: of WordNet.
      name: in words.
      labels: of the classes of ILSVRC-2012 that it comprises, ascending.
    """

    wnid: str
    name: str
    labels: tuple[int, ...]


@functools.cache
def label_of() -> dict[str, int]:
    """ILSVRC-2012's labels, 0 to 999, by wnid."""
    return {one.wnid: label for label, one in enumerate(categories.imagenet_categories())}


def name(label: int) -> str:
    """What a class of ILSVRC-2012 is called."""
    return categories.imagenet_categories()[label].name


def wnid(label: int) -> str:
    """WordNet identifier of a class of ILSVRC-2012."""
    return categories.imagenet_categories()[label].wnid


@functools.cache
def imagenet_a_labels() -> tuple[int, ...]:
    """The 200 labels of ImageNet-A, ascending."""
    return tuple(label_of()[row[0]] for row in _rows("imagenet_a_wnids.tsv"))


@functools.cache
def video_classes() -> tuple[VideoClass, ...]:
    """ImageNet-Vid's 30 classes in the order in which ImageNet-Vid-Robust numbers them."""
    return tuple(
        VideoClass(wnid, name, tuple(label_of()[one] for one in wnids.split(",")))
        for wnid, name, wnids in _rows("imagenet_vid_robust_classes.tsv")
    )


def _rows(file: str) -> Sequence[Sequence[str]]:
    resource = importlib.resources.files("vito_tf.evaluation.imagenet") / file
    return [line.split("\t") for line in resource.read_text(encoding="utf-8").splitlines()]
