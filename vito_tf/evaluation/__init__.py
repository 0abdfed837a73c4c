# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a frozen encoder has learnt: nearest neighbours, attention maps."""
