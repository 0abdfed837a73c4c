# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Results on disk: whole ones that need not be computed again, and tables of all of them."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vito_tf.evaluation import benchmark as benchmark_lib
from vito_tf.evaluation import data_errors

RESULT = "result.json"
ITEMS = "items.csv"
LEFT_OUT = "left_out.csv"
_FINGERPRINT = "fingerprint.txt"


class Outcome(NamedTuple):
    """What became of a benchmark and an encoder.

    Attributes:
      encoder: its name.
      benchmark: what was run.
      finished: the result; None if there is none.
      reason: why there is none.
    """

    encoder: str
    benchmark: benchmark_lib.Benchmark
    finished: benchmark_lib.Finished | None
    reason: str = ""


def prepare(folder: str, fingerprint: str) -> benchmark_lib.Result | None:
    """Makes a folder ready for a result.

    Args:
      folder: what it holds of the same fingerprint is kept; of another one, it is removed.
      fingerprint: of all that the result depends on.

    Returns:
      The result, if it is there.

    Raises:
      DataError: the folder holds something that is no result.
    """
    marker = os.path.join(folder, _FINGERPRINT)
    if os.path.isdir(folder) and os.listdir(folder):
        if not os.path.exists(marker):
            raise data_errors.DataError(f"{folder} holds something else; choose another --output.")
        with open(marker, encoding="utf-8") as file:
            if file.read() == fingerprint:
                return _read(folder)
        shutil.rmtree(folder)
    os.makedirs(folder, exist_ok=True)
    with open(marker, "w", encoding="utf-8") as file:
        file.write(fingerprint)
    return None


def _read(folder: str) -> benchmark_lib.Result | None:
    path = os.path.join(folder, RESULT)
    if not os.path.exists(path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        left_out = [data_errors.LeftOut(*row) for row in content.pop("left_out")]
        return benchmark_lib.Result(left_out=left_out, **content)
    except (KeyError, TypeError, ValueError):
        return None


def write(folder: str, result: benchmark_lib.Result) -> None:
    """Writes a result, and its items and what it left out as CSV; `result.json` comes last.

    Raises:
      ValueError: a figure is not finite; one that is not defined is None.
    """
    for name, value in result.figures.items():
        if value is not None and not math.isfinite(value):
            raise ValueError(f"The figure {name} is {value}.")
    _write_csv(os.path.join(folder, ITEMS), result.items)
    _write_csv(os.path.join(folder, LEFT_OUT), [row._asdict() for row in result.left_out])
    write_json(os.path.join(folder, RESULT), dataclasses.asdict(result))


def write_json(path: str, content: Any) -> None:
    """Writes JSON in one step; NaN and infinity are refused with ValueError."""
    with open(f"{path}.partial", "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, allow_nan=False, default=_plain)
        file.write("\n")
    os.replace(f"{path}.partial", path)


def _plain(value: Any) -> Any:
    """numpy's numbers and arrays as JSON has them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written as JSON.")


def write_figures(path: str, rows: Iterable[tuple[str, str, benchmark_lib.Result]]) -> None:
    """Writes all figures as CSV, one a line.

    Args:
      path: of the file.
      rows: encoder, benchmark, result.
    """
    lines = [
        {
            "encoder": encoder,
            "benchmark": benchmark,
            "figure": name,
            "value": value,
            "partial": result.partial,
            "left_out": len(result.left_out),
        }
        for encoder, benchmark, result in rows
        for name, value in result.figures.items()
    ]
    _write_csv(path, lines)


def _write_csv(path: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with open(f"{path}.partial", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(f"{path}.partial", path)
