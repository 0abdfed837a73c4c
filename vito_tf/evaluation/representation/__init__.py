# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What frozen features are worth: neighbours, linear probes and geometry."""
