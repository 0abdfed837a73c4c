# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the categories, against facts about ILSVRC-2012."""

from __future__ import annotations

import re

import pytest

from vito_tf.curation.categories import Category, imagenet_categories, read_categories


def test_there_are_the_thousand_of_ilsvrc_in_their_order():
    wnids = [category.wnid for category in imagenet_categories()]
    assert len(set(wnids)) == 1000
    assert wnids == sorted(wnids)
    assert all(re.fullmatch(r"n\d{8}", wnid) for wnid in wnids)


@pytest.mark.parametrize(
    ("index", "wnid", "name", "lemma"),
    [
        (0, "n01440764", "tench", "Tinca tinca"),
        (1, "n01443537", "goldfish", "Carassius auratus"),
        (207, "n02099601", "golden retriever", "golden retriever"),
        (281, "n02123045", "tabby", "tabby cat"),
        (387, "n02509815", "lesser panda", "red panda"),
        (388, "n02510455", "giant panda", "coon bear"),
        (817, "n04285008", "sports car", "sport car"),
        (999, "n15075141", "toilet tissue", "bathroom tissue"),
    ],
)
def test_known_ones_are_where_classifiers_have_them(index, wnid, name, lemma):
    category = imagenet_categories()[index]
    assert (category.wnid, category.name) == (wnid, name)
    assert lemma in category.lemmas


def test_names_are_one_of_a_kind():
    categories = {category.name: category for category in imagenet_categories()}
    assert len({name.casefold() for name in categories}) == 1000
    assert categories["crane (n02012849)"].lemmas == ("crane",)
    assert categories["crane (n03126707)"].lemmas == ("crane",)
    assert categories["maillot (n03710637)"].lemmas == ("maillot",)
    assert categories["maillot (n03710721)"].lemmas == ("maillot", "tank suit")
    assert categories["Cardigan (n02113186)"].lemmas == ("Cardigan", "Cardigan Welsh corgi")


def test_no_lemma_is_empty_or_holds_a_separator():
    for category in imagenet_categories():
        assert category.lemmas
        assert all(re.fullmatch(r"[A-Za-z0-9'. -]+", lemma) for lemma in category.lemmas)


def test_categories_of_ones_own_are_read(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_bytes("\ufeffk1\tFjällräv, arctic fox\r\nk2\tpuffin\n\n".encode())
    assert read_categories(str(path)) == (
        Category("k1", "Fjällräv", ("Fjällräv", "arctic fox")),
        Category("k2", "puffin", ("puffin",)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no category"),
        ("k1\tfox\nk1\tdog\n", "category 2 repeats an identifier: 'k1"),
        ("k1 fox\n", "category 1 is not: identifier, tab, lemmas: 'k1 fox'"),
        ("k1\t, \n", "category 1 is not"),
        ("k1\t\xe9\n", "cannot be read"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path, text, message):
    path = tmp_path / "own.tsv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=message):
        read_categories(str(path))


def test_a_missing_file_is_named():
    with pytest.raises(ValueError, match=r"TitleQuery.categories_file = '/no/file'"):
        read_categories("/no/file")
