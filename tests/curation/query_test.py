# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the query by title."""

from __future__ import annotations

import pickle
import random
import re
import unicodedata

import pytest

from vito_tf.curation.categories import imagenet_categories
from vito_tf.curation.query import TitleQuery

QUERY = TitleQuery()


def _names(title):
    return [QUERY.categories[index].name for index in QUERY.match(title)]


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("My goldfish", ["goldfish"]),
        ("GOLDFISH!!!", ["goldfish"]),
        ("goldfishing", []),
        ("Feeding_a_golden_retriever.mp4", ["golden retriever"]),
        ("golden-retriever", ["golden retriever"]),
        ("Ｇｏｌｄｅｎ　ｒｅｔｒｉｅｖｅｒ", ["golden retriever"]),
        ("gölden rêtriever", ["golden retriever"]),
        ("go\u0308lden retriever", ["golden retriever"]),
        ("golden, retriever", ["golden retriever"]),
        ("golden brown retriever", []),
        ("the retriever is golden", []),
        ("Tinca tinca in a pond", ["tench"]),
        ("red panda", ["lesser panda", "giant panda"]),
        ("crane", ["crane (n02012849)", "crane (n03126707)"]),
        ("the great yellow lady’s-slipper", ["yellow lady's slipper"]),
        ("jack-o'-lanterns", ["jack-o'-lantern", "jackfruit"]),
        ("", []),
        ("!?", []),
        ("金魚 кошка", []),
        ("\udcff goldfish \ud800\0", ["goldfish"]),
    ],
)
def test_titles(title, names):
    assert _names(title) == names


@pytest.mark.parametrize(
    ("plural", "name"),
    [
        ("goldfishes", "goldfish"),
        ("timber wolves", "timber wolf"),
        ("foxes", None),
        ("red foxes", "red fox"),
        ("geese", "goose"),
        ("mongooses", "mongoose"),
        ("mice", "mouse"),
        ("oxen", "ox"),
        ("buckeyes", "buckeye"),
        ("daisies", "daisy"),
        ("buckets", "bucket"),
        ("mosquito nets", "mosquito net"),
        ("volcanoes", "volcano"),
        ("volcanos", "volcano"),
        ("hippopotami", "hippopotamus"),
        ("hippopotamuses", "hippopotamus"),
        ("planetaria", "planetarium"),
        ("paintbrushes", "paintbrush"),
        ("meat loaves", "meat loaf"),
        ("German shepherd dogs", "German shepherd"),
        ("German shepherds dog", "German shepherd"),
        ("Germans shepherd", None),
    ],
)
def test_plurals_of_the_last_word(plural, name):
    assert _names(plural) == ([name] if name else [])


def _plain(text):
    text = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text).lower())
    return " ".join(re.findall("[a-z0-9]+", text))


def test_it_agrees_with_a_regular_expression_for_each_lemma():
    """A slow reading of "title included the name or a synonym", with regular plurals in -s."""
    rng = random.Random(0)
    words = [w for c in imagenet_categories()[::9] for lemma in c.lemmas for w in lemma.split()]
    words += ["the", "of", "my", "Best", "2019", "ÉTÉ"]
    joints = [" ", "_", "-", " & ", "  "]
    titles = ["".join(rng.choice(words) + rng.choice(joints) for _ in range(6)) for _ in range(40)]
    titles += [f"x {rng.choice(c.lemmas)}s y" for c in imagenet_categories()[::25]]
    patterns = [
        re.compile(rf"\b({'|'.join(map(_plain, category.lemmas))})s?\b")
        for category in imagenet_categories()
    ]
    num_found = 0
    for title in titles:
        found = {index for index, each in enumerate(patterns) if each.search(_plain(title))}
        assert found <= set(QUERY.match(title)), title
        num_found += len(found)
    assert num_found > 100


def test_labels_name_categories_directly():
    names = [category.name for category in QUERY.categories]
    assert QUERY.named("n01440764") == (0,)
    assert QUERY.named("Tench") == (0,)
    assert QUERY.named("tinca_tinca") == (0,)
    assert len(QUERY.named("crane")) == 2
    assert QUERY.named("crane (n03126707)") == (names.index("crane (n03126707)"),)
    assert QUERY.named("a tench") == QUERY.named("") == ()


def test_categories_of_ones_own(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("k1\tFjällräv\nk2\tkočka, cat\nk3\tкошка\n", encoding="utf-8")
    query = TitleQuery(str(path))
    assert query.match("FJALLRAV chases a kocka") == (0, 1)
    assert query.match("Моя КОШКА") == (2,)


def test_it_goes_to_workers_without_its_index():
    QUERY.match("goldfish")
    assert len(pickle.dumps(QUERY)) < 200
    assert pickle.loads(pickle.dumps(QUERY)) == QUERY
