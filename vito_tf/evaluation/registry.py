# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""All benchmarks, in the order in which reports name them."""

from __future__ import annotations

from vito_tf.evaluation import benchmark

BENCHMARKS: tuple[type[benchmark.Benchmark], ...] = ()
