# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The natural video pipeline (paper §3.1): from video files or clip records to batches of views."""
