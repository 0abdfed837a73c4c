# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Paper §3.2: the categories that VideoNet asks for, and what they are called.

The 1,000 categories of ILSVRC-2012 are synsets of WordNet 3.0, whose licence is `WORDNET_LICENSE`.
Their numbers and lemmas in `imagenet_categories.tsv` were taken from the package timm 1.0.31 (files
`imagenet_synsets.txt` and `imagenet_synset_to_lemma.txt`).
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import importlib.resources
from collections.abc import Sequence

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Category:
    """A class of things that videos may show.

    Attributes:
        wnid: synset number, such as `n01440764`; in categories of your own, any identifier.
        name: the first lemma. Where it is also another category's (crane, maillot; Cardigan but for
            its case) the identifier follows in brackets, so that names are one of a kind.
        lemmas: what it is called; the first is the usual one.
    """

    wnid: str
    name: str
    lemmas: tuple[str, ...]


@functools.cache
def imagenet_categories() -> tuple[Category, ...]:
    """The 1,000 categories of ILSVRC-2012, in the order of their class indices.

    Ascending synset numbers: the order in which ImageNet classifiers number their outputs.
    """
    resource = importlib.resources.files("vito_tf.curation") / "imagenet_categories.tsv"
    return _parse(resource.read_text(encoding="utf-8"), resource.name)


def read_categories(path: str) -> tuple[Category, ...]:
    """Reads categories of one's own.

    Args:
        path: UTF-8 text file, local or of `tf.io.gfile`; a category a line in the order of the
            class indices: identifier, tab, lemmas with `, ` between them.

    Raises:
        ValueError: the file cannot be read, a line is no category, or an identifier occurs twice.
    """
    try:
        text = tf.io.gfile.GFile(path, "rb").read().decode("utf-8-sig")
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        reason = error.message if isinstance(error, tf.errors.OpError) else error
        raise ValueError(
            f"TitleQuery.categories_file = {path!r} cannot be read: {reason}"
        ) from error
    return _parse(text, path)


def _parse(text: str, path: str) -> tuple[Category, ...]:
    lines = [line for line in text.split("\n") if line.strip()]
    entries: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=1):
        wnid, _, listing = line.strip().partition("\t")
        lemmas = tuple(lemma.strip() for lemma in listing.split(",") if lemma.strip())
        if not lemmas or wnid in entries:
            problem = "repeats an identifier" if lemmas else "is not: identifier, tab, lemmas"
            raise ValueError(f"{path}: category {number} {problem}: {line.strip()!r}.")
        entries[wnid] = lemmas
    if not entries:
        raise ValueError(f"{path} holds no category.")
    return tuple(
        Category(wnid, name, lemmas)
        for (wnid, lemmas), name in zip(entries.items(), _unique_names(entries))
    )


def _unique_names(entries: dict[str, tuple[str, ...]]) -> Sequence[str]:
    uses = collections.Counter(lemmas[0].casefold() for lemmas in entries.values())
    return [
        lemmas[0] if uses[lemmas[0].casefold()] == 1 else f"{lemmas[0]} ({wnid})"
        for wnid, lemmas in entries.items()
    ]
