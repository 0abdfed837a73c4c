# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What runs a Beam pipeline: this machine, or the engine that Beam's own flags name."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DirectOptions,
    PipelineOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

_WORKER = [sys.executable, "-m", "vito_tf.ingestion.beam_worker"]


def make_pipeline(beam_flags: Sequence[str], num_workers: int | None) -> beam.Pipeline:
    """An empty pipeline.

    Without `--runner` it runs on this machine, by the runner that is Beam's `DirectRunner` for
    pipelines like ours. (That name makes Beam look first for another one, which it would have to
    download.)

    Args:
        beam_flags: Beam's own, such as `--runner=FlinkRunner`.
        num_workers: worker processes on this machine; None for one a processor. 1 runs everything
            in this process. Other runners get it as Beam's flag of the same name.

    Raises:
        ValueError: a flag is not Beam's.
    """
    _refuse_unknown(beam_flags)
    options = PipelineOptions(list(beam_flags))
    if options.view_as(StandardOptions).runner is not None:
        if num_workers is not None:
            options.view_as(WorkerOptions).num_workers = num_workers
        return beam.Pipeline(options=options)
    num_workers = num_workers or os.cpu_count() or 1
    options.view_as(DirectOptions).direct_num_workers = num_workers
    if num_workers == 1:
        return beam.Pipeline(runner=FnApiRunner(), options=options)
    threads = max((os.cpu_count() or 1) // num_workers, 1)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    workers = SubprocessSDKEnvironment.from_command_string(shlex.join(_WORKER))
    return beam.Pipeline(runner=FnApiRunner(default_environment=workers), options=options)


def _refuse_unknown(beam_flags: Sequence[str]) -> None:
    parser: Any = argparse.ArgumentParser()
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    for flag in beam_flags:
        name = flag.split("=")[0]
        if flag.startswith("-") and name not in parser._option_string_actions:
            raise ValueError(f"Unknown flag {name}, neither ours nor Beam's.")
