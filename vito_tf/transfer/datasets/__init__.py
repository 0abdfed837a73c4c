# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Data sets in the layouts in which they are published; a module each, with a function `read`."""
