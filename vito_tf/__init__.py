# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""VITO: self-supervised video pretraining of image encoders, in TensorFlow.

Importing this package imports nothing else: TensorFlow is loaded by the sub-modules that use it.
"""

__version__ = "0.1.0"
