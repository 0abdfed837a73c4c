# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Shape bias: what an encoder goes by where shape and texture conflict.

Geirhos et al., ImageNet-trained CNNs are biased towards texture, ICLR 2019.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gin
import numpy as np

from vito_tf.evaluation import benchmark, data_errors, page
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.evaluation.human_consistency import (
    cues,
    data_sets,
    plots,
    responses,
    sixteen_classes,
    stimuli,
)

_FIGURES = ("shape_bias", "shape_matches", "texture_matches", "cue_accuracy")


@gin.configurable
@dataclasses.dataclass(frozen=True)
class ShapeBias(benchmark.Benchmark):
    """Shape bias over all images whose cues conflict, and for the images of each shape.

    Over all decisions for either cue, as the line of model-vs-human's plot is; not the mean over
    classes. Humans' decisions on the same images, all humans' pooled, are shown where their
    responses are present.
    """

    NAME = "shape_bias"
    TITLE = "Shape bias"
    DATA = data_sets.DATA
    REQUIRES = (encoder_lib.LOGITS,)

    def run(
        self, encoder: encoder_lib.Encoder, data: str, context: benchmark.Context
    ) -> benchmark.Result:
        data_set = data_sets.CUE_CONFLICT
        folder = data_set.stimuli_folder(data)
        if folder is None:
            raise data_errors.DataError(f"{data} has no folder {data_set.name}. {self.DATA}")
        decided = stimuli.decide(encoder, folder, data_set, context.extractor)
        left_out = list(decided.left_out)
        kept, pairs = _known(decided, left_out)
        if not pairs:
            raise data_errors.DataError(
                f"{folder} has no image with a name such as bear1-airplane3.png. {self.DATA}"
            )
        decisions = decided.decisions[kept]
        counts = cues.count(decisions, pairs)
        answered = data_set.responses_folder(data)
        humans = None
        if answered is not None:
            images = [decided.stimuli[index] for index in kept]
            all_humans, repeated = responses.read(answered, data_set)
            left_out += repeated
            humans = _humans(all_humans, images, pairs)
        notes = ["Shares of matches are of the images whose cues conflict, not of all 1280."]
        lacking = counts.images < cues.PUBLISHED
        return benchmark.Result(
            _figures(counts),
            [
                _row(decided.stimuli[index], decision, pair)
                for index, decision, pair in zip(kept, decisions, pairs)
            ],
            {"classes": _biases(decisions, pairs), plots.HUMANS: humans},
            left_out,
            f"{counts.images} of {cues.PUBLISHED} images of conflicting cues" if lacking else "",
            [*notes, *decided.notes],
        )

    def show(self, finished: Mapping[str, benchmark.Finished]) -> Iterable[page.Part]:
        results = {name: one.result for name, one in finished.items()}
        lines = {name: _line(one.figures, one.details["classes"]) for name, one in results.items()}
        figures = {name: one.figures for name, one in results.items()}
        humans = next((one.details[plots.HUMANS] for one in results.values()), None)
        if humans is not None:
            figures[plots.HUMANS] = humans["figures"]
            lines[plots.HUMANS] = _line(humans["figures"], humans["classes"])
        rows = [page.Row([name, *(one[key] for key in _FIGURES)]) for name, one in figures.items()]
        header = ("", "shape bias", "decisions for shape", "for texture", "for either")
        yield page.Table("Share of images of conflicting cues", header, rows, digits=3)
        yield page.Chart(
            plots.shape_against_texture(lines),
            "Share of 'shape' among the decisions for shape or texture, for the images of each "
            "shape; lines: over all images.",
        )


def _known(
    decided: stimuli.Decided, left_out: list[data_errors.LeftOut]
) -> tuple[list[int], list[cues.Cues]]:
    """Indices and cues of images whose names tell them; the others are left out."""
    kept, pairs = [], []
    for index, one in enumerate(decided.stimuli):
        pair = cues.of_name(one.image_id)
        if pair is not None and pair.shape == one.category:
            kept.append(index)
            pairs.append(pair)
            continue
        reason = "its name does not tell shape and texture as bear1-airplane3.png does"
        if pair is not None:
            reason = "its name and its folder tell different shapes"
        left_out.append(data_errors.LeftOut(f"{data_sets.CUE_CONFLICT.name}/{one.name}", reason))
    return kept, pairs


def _humans(
    all_humans: responses.Responses,
    images: Sequence[stimuli.Stimulus],
    pairs: Sequence[cues.Cues],
) -> dict[str, Any] | None:
    """The same of all humans' decisions on the images that any of them saw."""
    places = all_humans.indices()
    keys = [(one.condition, one.image_id) for one in images]
    both = [index for index, key in enumerate(keys) if key in places]
    if not both:
        return None
    humans = all_humans.of_images([places[keys[index]] for index in both])
    seen = [pairs[index] for index in both]
    counts = cues.count(humans.choices, seen)
    return {"figures": _figures(counts), "classes": _biases(humans.choices, seen)}


def _figures(counts: cues.Counts) -> dict[str, float | None]:
    images = max(counts.images, 1)
    shape, texture = counts.shape / images, counts.texture / images
    return dict(zip(_FIGURES, (counts.bias, shape, texture, shape + texture)))


def _biases(decisions: np.ndarray, pairs: Sequence[cues.Cues]) -> dict[str, float | None]:
    return {name: one.bias for name, one in cues.count_by_shape(decisions, pairs).items()}


def _line(
    overall: Mapping[str, float | None], classes: Mapping[str, float | None]
) -> dict[str, Any]:
    return {"overall": overall["shape_bias"], "classes": classes}


def _row(stimulus: stimuli.Stimulus, decision: np.int64, pair: cues.Cues) -> dict[str, Any]:
    names = sixteen_classes.names()
    matches = {pair.texture: "texture", pair.shape: "shape"}
    if pair.shape == pair.texture:
        matches = {pair.shape: "both"}
    return {
        "name": stimulus.name,
        "shape": names[pair.shape],
        "texture": names[pair.texture],
        "decision": names[decision],
        "matches": matches.get(int(decision), ""),
    }
