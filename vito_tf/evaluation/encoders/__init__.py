# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What can be evaluated: our encoders and other people's, behind one interface."""
