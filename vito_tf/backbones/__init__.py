# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Image encoders that return a dict of feature maps by level, as Model Garden's backbones do."""
