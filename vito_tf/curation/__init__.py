# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Paper §3.2, VideoNet: which of the videos found are worth training on."""
