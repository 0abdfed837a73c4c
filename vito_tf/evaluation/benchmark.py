# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark is: data, a protocol, figures, and how they are shown."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from vito_tf.evaluation import data_errors, extraction, page
from vito_tf.evaluation.encoders import encoder as encoder_lib


@dataclasses.dataclass(frozen=True)
class Result:
    """What a benchmark found of one encoder; all of it can be written as JSON.

    Attributes:
      figures: by name, such as {'top_1': 0.66}; shares are in [0, 1]. None is a figure that is not
        defined for these data, such as a correlation with something constant.
      items: a row for each image, sequence, condition or class, by column; becomes `items.csv`.
      details: what plots need besides.
      left_out: items that are not counted, with the reason.
      partial: what of the benchmark's data is missing, in words; '' if it is complete or if no one
        says what complete is.
      notes: what a reader of the figures must know.
    """

    figures: Mapping[str, float | None]
    items: Sequence[Mapping[str, Any]] = ()
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    left_out: Sequence[data_errors.LeftOut] = ()
    partial: str = ""
    notes: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Context:
    """What a benchmark may use while it runs.

    Attributes:
      folder: its own, for files that belong to the result (masks, pictures, videos); exists.
      extractor: computes features and logits, or finds them in the cache.
    """

    folder: str
    extractor: extraction.Extractor


class Finished(NamedTuple):
    """A result with the folder that its files are in.

    Attributes:
      result: of the benchmark.
      folder: of its files.
    """

    result: Result
    folder: str


@dataclasses.dataclass(frozen=True)
class Benchmark(abc.ABC):
    """A protocol; subclasses are frozen dataclasses that gin configures.

    Attributes:
      NAME: by which commands and files know it.
      TITLE: a headline.
      DATA: what to download, from where, and how the folder must look.
      REQUIRES: capabilities that the encoder must have.
    """

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    DATA: ClassVar[str]
    REQUIRES: ClassVar[tuple[str, ...]] = ()

    def check(self, encoder: encoder_lib.Encoder) -> None:
        """Raises UnsupportedError if the encoder lacks what the protocol needs."""
        encoder.require(*self.REQUIRES)

    def sources(self, data: str) -> Sequence[str]:
        """Folders whose change makes a result out of date: `data`, unless there are more."""
        return [data]

    @abc.abstractmethod
    def run(self, encoder: encoder_lib.Encoder, data: str, context: Context) -> Result:
        """Evaluates an encoder.

        Args:
          encoder: passed `check`.
          data: a folder, or what else `DATA` allows.
          context: where to write, and how to compute.

        Raises:
          DataError: the data cannot be used.
          UnsupportedError: see `check`.
        """

    @abc.abstractmethod
    def show(self, finished: Mapping[str, Finished]) -> Iterable[page.Part]:
        """Tables and pictures for the report.

        Args:
          finished: by encoder's name, one or more.
        """
