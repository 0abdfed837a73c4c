# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Video object segmentation on DAVIS: a first mask is carried through a video by its features."""
