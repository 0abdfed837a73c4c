# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What must be settled before TensorFlow is imported; a program's first lines call it."""

from __future__ import annotations

import os
import warnings


def prepare() -> None:
    """Sets TensorFlow's environment variables, unless the user has set them.

    oneDNN's convolutions, which TensorFlow leaves off on CPUs without AVX512_VNNI, took the
    quickstart's train step from 0.8 to 0.3 core-seconds (AMD EPYC with AVX2). TensorFlow's C++ code
    calls it an error that a CPU build finds no GPU; real errors are raised in Python.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google.api_core")
    warnings.filterwarnings("ignore", category=UserWarning, module="tensorflow_addons")
