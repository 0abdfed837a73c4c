# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Imports every module whose classes and builders a gin file can name; has no other content."""

from vito_tf import augmentation  # noqa: F401
from vito_tf.backbones import resnet, swin  # noqa: F401
from vito_tf.pretraining import comparison, monitors  # noqa: F401
from vito_tf.procedural import attention_on_object, source  # noqa: F401
from vito_tf.video import clip_records, cutting, image_records, video_files, views  # noqa: F401
