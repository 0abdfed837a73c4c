# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of recipes, and of the gin files that hold them."""

from __future__ import annotations

import json
import pathlib
import pickle

import pytest

from vito_tf import configuration
from vito_tf.curation.classifiers import EfficientNetLite, KerasResNet50
from vito_tf.curation.query import TitleQuery
from vito_tf.curation.retrieval import NearestToTargets
from vito_tf.curation.verification import Verification
from vito_tf.ingestion.recipe import Ingestion

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "gin_configs" / "ingestion"
GIVEN = {
    "videonet_resnet50.gin": ["WEIGHTS = 'weights.h5'"],
    "retrieval.gin": ["TARGET_IMAGES = '/data/images'"],
}


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.gin")))
def test_every_file_makes_a_recipe_that_travels(name):
    configuration.parse([str(FOLDER / name)], GIVEN.get(name, []))
    recipe = Ingestion()
    configuration.check_all_used()
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert json.loads(json.dumps(recipe.as_dict())) == recipe.as_dict()
    assert f"gin_configs/ingestion/{name}" in (FOLDER / name).read_text()


def test_videonet_is_the_papers():
    configuration.parse([str(FOLDER / "videonet.gin")], [])
    recipe = Ingestion()
    assert recipe.query == TitleQuery()
    assert recipe.min_seconds == 10.0
    assert recipe.verification == Verification(num_frames=100, min_frames=1, top_k=1)
    assert recipe.classifier == EfficientNetLite("lite0")
    assert (recipe.cut.clip_seconds, recipe.cut.frame_rate, recipe.cut.short_side) == (
        10.24,
        25.0,
        256,
    )


def test_bindings_reach_the_parts():
    bindings = ["WEIGHTS = 'w.h5'", "CutSettings.short_side = 128", "Limits.max_frames = 10"]
    configuration.parse([str(FOLDER / "videonet_resnet50.gin")], bindings)
    recipe = Ingestion()
    assert (recipe.cut.short_side, recipe.limits.max_frames) == (128, 10)
    assert recipe.classifier == KerasResNet50(weights="w.h5")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": "title"}, "Ingestion.labels must be None, 'folder' or 'csv', got 'title'"),
        ({"min_seconds": -1.0}, "Ingestion.min_seconds must be at least 0"),
        ({"held_out_share": 1.0}, r"Ingestion.held_out_share must be in \[0, 1\)"),
        ({"shard_bytes": 0}, "Ingestion.shard_bytes must be at least 1"),
        ({"verification": Verification()}, "Ingestion.verification needs Ingestion.classifier"),
        ({"retrieval": NearestToTargets("/a")}, "Ingestion.retrieval needs Ingestion.classifier"),
        (
            {"verification": Verification(), "classifier": EfficientNetLite()},
            "Ingestion.verification needs Ingestion.query",
        ),
        ({"query": TitleQuery(), "labels": "folder"}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Ingestion(**settings)
