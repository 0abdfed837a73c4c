# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Classification of ImageNet and of images that are shifted away from it (§4.1, A.6, A.7)."""
