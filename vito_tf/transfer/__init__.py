# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What encoders are good for (§4.1, A.2-A.6): Model Garden tasks and the data that they read."""
