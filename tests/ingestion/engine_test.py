# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of what runs a pipeline."""

from __future__ import annotations

import os

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import FlinkRunnerOptions, WorkerOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.portable_runner import PortableRunner

from vito_tf.ingestion import engine


def test_one_worker_is_this_process(tmp_path):
    with engine.make_pipeline([], num_workers=1) as pipeline:
        _ = pipeline | beam.Create(["a"]) | beam.Map(_note_process, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_two_workers_are_two_others(tmp_path):
    with engine.make_pipeline([], num_workers=2) as pipeline:
        values = pipeline | beam.Create(list("abcdefgh")) | beam.Reshuffle()
        _ = values | beam.Map(_note_process, str(tmp_path))
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == 2
    assert str(os.getpid()) not in names


def _note_process(_, folder):
    open(os.path.join(folder, str(os.getpid())), "w").close()


def test_other_engines_by_beams_own_flags():
    flags = ["--runner=PortableRunner", "--job_endpoint=localhost:1", "--flink_master=host:8081"]
    pipeline = engine.make_pipeline(flags, num_workers=None)
    assert isinstance(pipeline.runner, PortableRunner)
    assert pipeline.options.view_as(FlinkRunnerOptions).flink_master == "host:8081"
    assert isinstance(engine.make_pipeline([], num_workers=3).runner, FnApiRunner)
    flags += ["--worker_machine_type=n1", "--no_use_public_ips", "--experiment=a"]
    options = engine.make_pipeline(flags, num_workers=100).options
    assert options.view_as(WorkerOptions).num_workers == 100
    assert options.view_as(WorkerOptions).machine_type == "n1"


def test_a_flag_that_nobody_knows_is_named():
    with pytest.raises(ValueError, match="Unknown flag --vidoes"):
        engine.make_pipeline(["--vidoes=/data"], num_workers=1)
