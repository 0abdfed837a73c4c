# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Procedural videos: labelled moving objects, rendered and encoded, in place of a download."""
