# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Imports every module that registers experiments, tasks or models; has no other content."""

from official.vision import registry_imports  # noqa: F401

from vito_tf.backbones import model_garden  # noqa: F401
from vito_tf.transfer import (  # noqa: F401
    image_classification,
    linear_classification,
    segmentation,
    stock_experiments,
    video_classification,
)
from vito_tf.transfer.detection import experiments  # noqa: F401
