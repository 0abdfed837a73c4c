# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Overlays of attention masks, and how concentrated the masks are (Figure B.1)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from typing import Any, Callable, ClassVar

import gin
import numpy as np
import tensorflow as tf

from vito_tf.evaluation import (
    benchmark,
    data_errors,
    image_sets,
    page,
    picture_files,
    pictures,
    preprocessing,
)
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.saliency import examples, plots
from vito_tf.transfer.datasets import photos

_MEAN = "mean"
_SHOWN = 4
_CENTRE_SIGMA = 0.25

ENTROPY = "entropy"
TOP_TENTH = "top_tenth"
CENTRE = "centre"


@gin.configurable
@dataclasses.dataclass(frozen=True)
class AttentionOverlays(benchmark.Benchmark):
    """Attention masks laid over pictures, and what can be said of them in figures (our choice).

    Figures are averages over images: `entropy_<mask>` and `top_tenth_<mask>` for each scale and for
    the mean of scales, and `centre`; see `concentration` and `centre_bias`. Pictures are cropped as
    for features, and are of the encoder's own size.

    Attributes:
      examples: pictures for the report.
      seed: of the choice of examples.
    """

    examples: int = 6
    seed: int = 0

    NAME: ClassVar[str] = "attention"
    TITLE: ClassVar[str] = "Attention masks"
    DATA: ClassVar[str] = (
        f"Needs any folder of pictures ({', '.join(photos.SUFFIXES)}), in folders or not."
    )
    REQUIRES: ClassVar[tuple[str, ...]] = (encoder_lib.ATTENTION,)

    def __post_init__(self):
        if self.examples < 1:
            raise ValueError(f"AttentionOverlays.examples must be 1 or more, is {self.examples}.")

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        images = _find(data)
        left_out: list[data_errors.LeftOut] = []
        chosen = examples.Examples(self.examples, self.seed)
        items: list[dict[str, Any]] = []
        size = encoder.image_size
        masks_of = _compiled(encoder, size)
        names: list[str] = []
        for batch in context.extractor.batches(images, preprocessing.CENTRAL_CROP, size, left_out):
            computed = masks_of(tf.constant(batch.images))
            masks = {name: mask.numpy() for name, mask in computed.items()}
            names = names or _ordered(masks)
            for row, name in enumerate(batch.names):
                own = {key: masks[key][row] for key in names}
                if not all(np.isfinite(mask).all() for mask in own.values()):
                    reason = "its masks have values that are not finite"
                    left_out.append(data_errors.LeftOut(name, reason))
                    continue
                items.append({"name": name, **describe(own)})
                captions = {key: f"entropy {items[-1][f'{ENTROPY}_{key}']:.2f}" for key in own}
                chosen.offer(examples.Example(name, batch.images[row], own, captions))
        if not items:
            raise data_errors.DataError(f"{data}: no picture can be used. {self.DATA}")
        return benchmark.Result(
            figures={key: _average(items, key) for key in items[0] if key != "name"},
            items=items,
            details={"masks": names, "examples": chosen.save(context.folder)},
            left_out=left_out,
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        rows = [
            page.Row(
                (
                    f"{name}: {mask}",
                    one.result.figures[f"{ENTROPY}_{mask}"],
                    one.result.figures[f"{TOP_TENTH}_{mask}"],
                    one.result.figures[CENTRE] if mask == _MEAN else None,
                )
            )
            for name, one in finished.items()
            for mask in one.result.details["masks"]
        ]
        header = ("mask", "entropy (uniform: 1)", "mass in the top 10 % (uniform: 0.1)", "centre")
        caption = (
            "How concentrated attention is; centre: correlation of the mean mask with a Gaussian "
            "in the middle"
        )
        yield page.Table(caption, header, rows, digits=3)
        for name, one in finished.items():
            yield page.Chart(plots.sheet(_sheet(one)), f"As Figure B.1: masks of {name}")


def concentration(mask: np.ndarray) -> tuple[float, float]:
    """How far a mask [H, W], summing to 1, is from uniform.

    Returns:
      Its entropy as a share of the uniform mask's, in [0, 1]; and its mass in the tenth of the
      pixels (rounded up) where it is highest, in [0.1, 1].
    """
    values = np.sort(mask.astype(np.float64).ravel())
    positive = values[values > 0]
    entropy = -(positive * np.log(positive)).sum() / np.log(values.size)
    tenth = -(-values.size // 10)
    return float(entropy), float(values[-tenth:].sum())


def centre_bias(mask: np.ndarray) -> float | None:
    """Pearson correlation of a mask [H, W] with a Gaussian in its middle; None if it is constant.

    The Gaussian's deviation is a quarter of each side (our choice).
    """
    if mask.min() == mask.max():
        return None
    rows, columns = (((np.arange(side) + 0.5) / side - 0.5) / _CENTRE_SIGMA for side in mask.shape)
    gaussian = np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / 2)
    return float(np.corrcoef(gaussian.ravel(), mask.astype(np.float64).ravel())[0, 1])


def describe(masks: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    """The figures of an image's masks, each [H, W] and summing to 1; 'mean' is one of them."""
    figures: dict[str, float | None] = {}
    for name, mask in masks.items():
        figures[f"{ENTROPY}_{name}"], figures[f"{TOP_TENTH}_{name}"] = concentration(mask)
    figures[CENTRE] = centre_bias(masks[_MEAN])
    return figures


def _find(folder: str) -> image_sets.ImageSet:
    paths = picture_files.below(folder)
    if not paths:
        raise data_errors.DataError(f"{folder} has no pictures. {AttentionOverlays.DATA}")
    names = [os.path.relpath(path, folder) for path in paths]
    return image_sets.of_files(AttentionOverlays.NAME, paths, names=names)


def _compiled(
    encoder: encoder_lib.Encoder, size: int
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    return tf.function(encoder.attention, autograph=False).get_concrete_function(
        tf.TensorSpec([None, size, size, 3], tf.float32)
    )


def _ordered(masks: Mapping[str, np.ndarray]) -> list[str]:
    """The mean, then the others: head_2 before head_10."""
    others = sorted(set(masks) - {_MEAN}, key=lambda name: (len(name), name))
    return [_MEAN, *others]


def _average(items: Iterable[Mapping[str, Any]], key: str) -> float | None:
    values = [item[key] for item in items if item[key] is not None]
    return float(np.mean(values)) if values else None


def _sheet(one: benchmark.Finished) -> dict[str, list[plots.Cell]]:
    """The pictures, and the mean and the first masks over them; heads can be many."""
    shown = one.result.details["examples"]
    views = [examples.load(one.folder, example["image"]) for example in shown]
    rows = {"image": [plots.Cell(view) for view in views]}
    for mask in one.result.details["masks"][: _SHOWN + 1]:
        rows[_MEAN if mask == _MEAN else f"mask {mask}"] = [
            plots.Cell(
                pictures.overlay(view, examples.load(one.folder, example["maps"][mask])),
                example["captions"][mask],
            )
            for view, example in zip(views, shown)
        ]
    return rows
