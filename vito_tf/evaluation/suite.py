# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs benchmarks on encoders: each pair once, whatever happens to the others."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence

import gin
import tensorflow as tf

from vito_tf import folder_lock
from vito_tf.evaluation import benchmark as benchmark_lib
from vito_tf.evaluation import data_errors, extraction, report, results
from vito_tf.evaluation.encoders import encoder as encoder_lib
from vito_tf.video import listings

_VERSION = 1
"""Of what results mean; to be raised when the same input would give other figures."""


@gin.configurable
def benchmarks(
    chosen: Sequence[benchmark_lib.Benchmark] = gin.REQUIRED,
) -> Sequence[benchmark_lib.Benchmark]:
    """The benchmarks that a gin file stands for.

    Args:
      chosen: e.g. [@Davis()].
    """
    return chosen


def evaluate(
    chosen: Sequence[benchmark_lib.Benchmark],
    encoders: Sequence[encoder_lib.Encoder],
    data: Mapping[str, str],
    output: str,
    extractor: extraction.Extractor,
    configs: Mapping[str, str] | None = None,
    raise_errors: bool = False,
) -> list[results.Outcome]:
    """Runs each benchmark on each encoder; writes results, tables and the report.

    A pair whose result is already in `output`, of the same encoder, parameters and data, is not run
    again. A pair that cannot be run is an outcome with a reason.

    Args:
      chosen: benchmarks of different names.
      encoders: of different names.
      data: by benchmark's name, where its data are.
      output: local folder: `report.html`, `results.json`, `results.csv`, and
        `<encoder>/<benchmark>/` with `result.json`, `items.csv`, `left_out.csv` and pictures.
      extractor: computes features.
      configs: text of the configurations in force, by the name of a file to keep each in.
      raise_errors: whether to raise what makes a pair impossible.

    Raises:
      ValueError: two benchmarks or two encoders have one name, or `output` cannot be used.
    """
    _check_names([one.NAME for one in chosen], "benchmarks")
    _check_names([_folder_name(encoder.name) for encoder in encoders], "encoders")
    outcomes = []
    with folder_lock.locked(output, "--output"):
        for name, config in (configs or {}).items():
            with open(os.path.join(output, name), "w", encoding="utf-8") as file:
                file.write(config)
        listing = functools.lru_cache(maxsize=None)(_listing)
        for encoder in encoders:
            for one in chosen:
                print(f"{one.NAME} on {encoder.name}", flush=True)
                path = data.get(one.NAME, "")
                digests = [listing(source) for source in one.sources(path)]
                fingerprint = _fingerprint(one, encoder, digests)
                folder = os.path.join(output, _folder_name(encoder.name), one.NAME)
                context = benchmark_lib.Context(folder, extractor)
                outcome = _run(one, encoder, path, context, fingerprint, raise_errors)
                if not outcome.finished:
                    print(f"  not run: {outcome.reason}", flush=True)
                outcomes.append(outcome)
        _write(outcomes, encoders, data, output)
    return outcomes


def _check_names(names: Sequence[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            hint = "; name them: --encoder=NAME=..." if what == "encoders" else ""
            raise ValueError(f"Two {what} are called {name}{hint}.")


def _folder_name(name: str) -> str:
    """A name that is a folder's on every system, and never hidden or above."""
    return re.sub(r"[^\w.+-]", "_", name).lstrip(".") or "_"


def _run(
    benchmark: benchmark_lib.Benchmark,
    encoder: encoder_lib.Encoder,
    data: str,
    context: benchmark_lib.Context,
    fingerprint: str,
    raise_errors: bool,
) -> results.Outcome:
    try:
        if not data:
            raise data_errors.DataError(f"--data is not given for it. {benchmark.DATA}")
        benchmark.check(encoder)
        result = results.prepare(context.folder, fingerprint)
        if result is None:
            result = benchmark.run(encoder, data, context)
            results.write(context.folder, result)
    except (ValueError, OSError, tf.errors.OpError) as error:
        if raise_errors:
            raise
        return results.Outcome(encoder.name, benchmark, None, " ".join(str(error).split()))
    finished = benchmark_lib.Finished(result, context.folder)
    return results.Outcome(encoder.name, benchmark, finished)


def _fingerprint(
    benchmark: benchmark_lib.Benchmark, encoder: encoder_lib.Encoder, digests: Sequence[str]
) -> str:
    """Of all that a result depends on."""
    parts = [
        _VERSION,
        encoder.identity,
        encoder.image_size,
        benchmark.NAME,
        dataclasses.asdict(benchmark),
        *digests,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _listing(data: str) -> str:
    """A digest of names, sizes and times of all files but hidden ones, to notice changes by."""
    if not os.path.isdir(data):
        return data
    digest = hashlib.sha256()
    for path in sorted(listings.files_below(data)):
        if os.path.isfile(path):
            stat = os.stat(path)
            row = [os.path.relpath(path, data), stat.st_size, stat.st_mtime_ns]
            digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _write(
    outcomes: Sequence[results.Outcome],
    encoders: Sequence[encoder_lib.Encoder],
    data: Mapping[str, str],
    output: str,
) -> None:
    done = [one for one in outcomes if one.finished]
    content = {
        "encoders": {
            one.name: {"description": one.description, "identity": one.identity} for one in encoders
        },
        "benchmarks": {
            one.benchmark.NAME: {
                "data": data.get(one.benchmark.NAME, ""),
                "parameters": dataclasses.asdict(one.benchmark),
            }
            for one in outcomes
        },
        "results": [
            {
                "encoder": one.encoder,
                "benchmark": one.benchmark.NAME,
                "not_run": one.reason,
                "figures": one.finished.result.figures if one.finished else {},
                "partial": one.finished.result.partial if one.finished else "",
                "left_out": len(one.finished.result.left_out) if one.finished else 0,
                "notes": one.finished.result.notes if one.finished else [],
            }
            for one in outcomes
        ],
    }
    results.write_json(os.path.join(output, "results.json"), content)
    results.write_figures(
        os.path.join(output, "results.csv"),
        [(one.encoder, one.benchmark.NAME, one.finished.result) for one in done if one.finished],
    )
    report.write(outcomes, encoders, output)
