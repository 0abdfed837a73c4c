# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Do networks and humans err on the same images (§4.2, A.9), and do they see shapes or textures?

Stimuli and humans' responses are those of model-vs-human: Geirhos et al., Partial success in
closing the gap between human and machine vision, NeurIPS 2021.
"""
