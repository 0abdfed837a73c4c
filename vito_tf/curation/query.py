# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Paper §3.2: videos "whose title included the category's name or a synonym"."""

from __future__ import annotations

import collections
import dataclasses
import functools
import re
import unicodedata
from collections.abc import Iterator

import gin

from vito_tf.curation.categories import Category, imagenet_categories, read_categories

_WORD = re.compile(r"[^\W_]+")

# Ends of nouns and of their plurals, beside the regular -s. All that fit are tried, since a plural
# that does not exist (mongeese) is not found in titles either.
_PLURAL_ENDINGS = (
    (r"(s|x|z|ch|sh)$", r"\1es"),
    (r"z$", "zzes"),
    (r"([^aeiou]|qu)y$", r"\1ies"),
    (r"o$", "oes"),
    (r"(l|ea|oa|ar|oo)f$", r"\1ves"),
    (r"(kni|li|wi)fe$", r"\1ves"),
    (r"man$", "men"),
    (r"goose$", "geese"),
    (r"mouse$", "mice"),
    (r"louse$", "lice"),
    (r"foot$", "feet"),
    (r"tooth$", "teeth"),
    (r"child$", "children"),
    (r"person$", "people"),
    (r"^ox$", "oxen"),
    (r"^die$", "dice"),
    (r"us$", "i"),
    (r"is$", "es"),
    (r"(ex|ix)$", "ices"),
    (r"ium$", "ia"),
    (r"a$", "ae"),
)


@gin.configurable
@dataclasses.dataclass(frozen=True)
class TitleQuery:
    """Finds the categories that a title names.

    A lemma is found where its words stand next to each other in the title, whatever their case,
    accents and punctuation, the last of them in the singular or the plural. Every lemma found
    counts, also one within a longer one: "red panda" names the giant panda, too, and "crane" the
    bird and the machine. Which of them a video shows is for its frames to tell
    (`vito_tf.curation.verification`).

    Attributes:
        categories_file: see `vito_tf.curation.categories.read_categories`; None for the 1,000
            categories of ILSVRC-2012.
    """

    categories_file: str | None = None

    def __reduce__(self) -> tuple[type, tuple[str | None]]:
        return type(self), (self.categories_file,)  # Without what the cached properties hold.

    @functools.cached_property
    def categories(self) -> tuple[Category, ...]:
        """The categories by index; a ValueError if their file cannot be used."""
        return (
            read_categories(self.categories_file) if self.categories_file else imagenet_categories()
        )

    def match(self, title: str) -> tuple[int, ...]:
        """The indices of the categories that a title names, ascending."""
        found: set[int] = set()
        words = _words(title)
        for place, word in enumerate(words):
            for phrase, indices in self._phrases.get(word, ()):
                if words[place : place + len(phrase)] == phrase:
                    found |= indices
        return tuple(sorted(found))

    def named(self, label: str) -> tuple[int, ...]:
        """The indices of the categories whose identifier, name or lemma a label is, ascending."""
        return self._labels.get(_normalised(label), ())

    @functools.cached_property
    def _phrases(self) -> dict[str, list[tuple[list[str], frozenset[int]]]]:
        """By their first word: the phrases asked for, and the categories each stands for."""
        meanings: dict[tuple[str, ...], set[int]] = collections.defaultdict(set)
        for index, category in enumerate(self.categories):
            for lemma in category.lemmas:
                for phrase in _forms(_words(lemma)):
                    meanings[phrase].add(index)
        phrases: dict[str, list[tuple[list[str], frozenset[int]]]] = {}
        for phrase, indices in meanings.items():
            phrases.setdefault(phrase[0], []).append((list(phrase), frozenset(indices)))
        return phrases

    @functools.cached_property
    def _labels(self) -> dict[str, tuple[int, ...]]:
        labels: dict[str, tuple[int, ...]] = {}
        for index, category in enumerate(self.categories):
            for text in {*map(_normalised, (category.wnid, category.name, *category.lemmas))}:
                labels[text] = (*labels.get(text, ()), index)
        return labels


def _words(text: str) -> list[str]:
    """Words in lower case without accents; all that is neither letter nor digit parts them."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not _is_accent(c))
    return _WORD.findall(text.casefold())


def _is_accent(character: str) -> bool:
    return unicodedata.combining(character) != 0


def _normalised(text: str) -> str:
    return " ".join(_words(text))


def _forms(words: list[str]) -> Iterator[tuple[str, ...]]:
    """A phrase as it is, and with its last word in the plural."""
    if words:
        *first, last = words
        for form in {last, f"{last}s", *_other_plurals(last)}:
            yield (*first, form)


def _other_plurals(word: str) -> Iterator[str]:
    for singular, plural in _PLURAL_ENDINGS:
        if re.search(singular, word):
            yield re.sub(singular, plural, word)
