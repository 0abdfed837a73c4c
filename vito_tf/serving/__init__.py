# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes trained encoders for other tools: TF-Hub, TFLite, ONNX, Model Garden."""
