# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Contrastive attention pooling (§3.1): heads, loss, target network, optimiser and Keras model."""
