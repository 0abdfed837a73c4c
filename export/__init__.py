# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Programs that write a trained encoder in the formats of other tools; run from a checkout."""
