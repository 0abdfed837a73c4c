# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Measurements of speed, to run by hand; pytest does not collect them."""
