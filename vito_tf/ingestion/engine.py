# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What runs a Beam pipeline: this machine, or the engine that Beam's own flags name."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
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
            in this process. Other runners have flags of their own.

    Raises:
        ValueError: a flag is not Beam's.
    """
    _refuse_unknown(beam_flags)
    options = PipelineOptions(list(beam_flags))
    if options.view_as(StandardOptions).runner is not None:
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
    known = PipelineOptions([]).get_all_options().keys()
    for flag in beam_flags:
        name = flag.lstrip("-").split("=")[0]
        if flag.startswith("-") and name not in known and name.removeprefix("no") not in known:
            raise ValueError(f"Unknown flag {flag.split('=')[0]}, neither ours nor Beam's.")
