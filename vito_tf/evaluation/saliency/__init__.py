# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Does a network look where people look: saliency, attention, and how they are compared."""
