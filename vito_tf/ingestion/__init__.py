# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From raw video files to documented clip records, at any scale (Apache Beam)."""
