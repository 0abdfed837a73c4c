# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What humans answered, from the CSV files of model-vs-human."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf.evaluation import data_errors
from vito_tf.evaluation.human_consistency import data_sets, metrics, sixteen_classes

NO_RESPONSE = -1
NOT_SHOWN = -2

_COLUMNS = ("subj", "object_response", "category", "condition", "imagename")
_HUMAN = "subject-"
_NO_RESPONSE = ("na", "nan", "")


class Responses(NamedTuple):
    """Answers of S humans to N images.

    Attributes:
      subjects: names of the humans.
      conditions: of the images.
      image_ids: of the images; one of a kind within a condition.
      categories: int64 [N], numbers of what the images show.
      choices: int64 [S, N], numbers of the categories that were chosen, `NO_RESPONSE` where none
        was, which counts as wrong, `NOT_SHOWN` where a human did not see the image.
    """

    subjects: Sequence[str]
    conditions: Sequence[str]
    image_ids: Sequence[str]
    categories: np.ndarray
    choices: np.ndarray

    def indices(self) -> dict[tuple[str, str], int]:
        """The index of each image by its condition and id."""
        return {key: index for index, key in enumerate(zip(self.conditions, self.image_ids))}

    def of_images(self, indices: Sequence[int]) -> Responses:
        """The answers to some images, in the order of `indices`, of those who saw any of them."""
        places = np.asarray(indices, np.int64)
        choices = self.choices[:, places]
        saw = (choices != NOT_SHOWN).any(1)
        return Responses(
            [name for name, one in zip(self.subjects, saw) if one],
            [self.conditions[place] for place in places],
            [self.image_ids[place] for place in places],
            self.categories[places],
            choices[saw],
        )

    def answers(self) -> list[metrics.Answers]:
        """Which images each human saw, and was right about."""
        return [
            metrics.Answers(choices == self.categories, choices != NOT_SHOWN)
            for choices in self.choices
        ]


class _Trial(NamedTuple):
    subject: str
    image: tuple[str, str]
    category: int
    choice: int
    place: str


def read(
    folder: str, data_set: data_sets.DataSet
) -> tuple[Responses, Sequence[data_errors.LeftOut]]:
    """Reads all CSV files of a folder but hidden ones.

    A human's trials may be spread over several files, one for each session. Rows whose subject's
    name does not begin with `subject-` are networks' and passed over, as the original code does.

    Args:
      folder: local or of `tf.io.gfile`.
      data_set: whose responses they are.

    Returns:
      The responses; and trials that show a human an image for a second time, of which the first
      response counts.

    Raises:
      DataError: there are no CSV files or no humans in them; a file cannot be read or lacks
        columns; a category, response or condition is none of the data set's; files differ about
        what an image shows.
    """
    found = sorted(tf.io.gfile.glob(os.path.join(folder, "*.csv")))
    paths = [path for path in found if not os.path.basename(path).startswith(".")]
    choices: dict[str, dict[tuple[str, str], int]] = {}
    categories: dict[tuple[str, str], int] = {}
    left_out = []
    for path in paths:
        for trial in _trials(path, data_set):
            own = choices.setdefault(trial.subject, {})
            if categories.setdefault(trial.image, trial.category) != trial.category:
                raise data_errors.DataError(
                    f"{trial.place}: {trial.image[1]} has another category than elsewhere."
                )
            if trial.image in own:
                reason = f"{trial.subject} sees {trial.image[1]} again; the first response counts"
                left_out.append(data_errors.LeftOut(trial.place, reason))
            own.setdefault(trial.image, trial.choice)
    if not choices:
        raise data_errors.DataError(
            f"{folder} holds no CSV file with responses of humans. {data_sets.DATA}"
        )
    return _table(choices, categories), left_out


def _table(
    choices: dict[str, dict[tuple[str, str], int]], categories: dict[tuple[str, str], int]
) -> Responses:
    images = sorted(categories)
    rows = [[own.get(image, NOT_SHOWN) for image in images] for own in choices.values()]
    return Responses(
        list(choices),
        [condition for condition, _ in images],
        [image_id for _, image_id in images],
        np.array([categories[image] for image in images], np.int64),
        np.array(rows, np.int64),
    )


def _trials(path: str, data_set: data_sets.DataSet) -> Iterator[_Trial]:
    for place, row in _rows(path):
        if not row["subj"].startswith(_HUMAN):
            continue
        condition = data_sets.condition(row["condition"])
        if condition not in data_set.conditions:
            known = ", ".join(data_set.conditions)
            raise data_errors.DataError(
                f"{place}: condition {row['condition']!r} is none of {data_set.name}'s ({known})."
            )
        response = row["object_response"]
        missing = response.lower() in _NO_RESPONSE
        yield _Trial(
            row["subj"],
            (condition, data_sets.image_id(row["imagename"])),
            _number(place, "category", row["category"]),
            NO_RESPONSE if missing else _number(place, "object_response", response),
            place,
        )


def _number(place: str, column: str, name: str) -> int:
    number = sixteen_classes.numbers().get(name)
    if number is None:
        raise data_errors.DataError(
            f"{place}: {column} {name!r} is none of the 16 categories"
            f" ({', '.join(sixteen_classes.names())})."
        )
    return number


def _rows(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows by column with the file and line that they are from."""
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except (tf.errors.OpError, UnicodeDecodeError, csv.Error) as error:
        raise data_errors.DataError(f"{path} cannot be read as CSV: {error}") from error
    header = [name.strip().lower() for name in lines[0]] if lines else []
    lacking = [name for name in _COLUMNS if name not in header]
    if lacking:
        raise data_errors.DataError(
            f"{path} lacks the columns {', '.join(lacking)}. {data_sets.DATA}"
        )
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        place = f"{path}, line {number}"
        if len(line) != len(header):
            raise data_errors.DataError(
                f"{place}: {len(line)} values where there are {len(header)} columns."
            )
        yield place, {name: value.strip() for name, value in zip(header, line)}
