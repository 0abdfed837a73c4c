# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests, one file a module, and benchmarks; run from a checkout."""
