# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""FCOS*, the object detector of A.3: data, head, assignment, losses, evaluation."""
