# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""All benchmarks, in the order in which reports name them."""

from __future__ import annotations

from vito_tf.evaluation import benchmark
from vito_tf.evaluation.human_consistency import human_consistency, shape_bias
from vito_tf.evaluation.imagenet import (
    imagenet_3dcc,
    imagenet_a,
    imagenet_linear,
    imagenet_vid_robust,
)
from vito_tf.evaluation.representation import knn, linear_probe, representation
from vito_tf.evaluation.saliency import attention, saliency
from vito_tf.evaluation.video_segmentation import davis

BENCHMARKS: tuple[type[benchmark.Benchmark], ...] = (
    knn.NearestNeighbourBenchmark,
    linear_probe.LinearProbe,
    imagenet_linear.ImagenetLinear,
    davis.Davis,
    imagenet_a.ImagenetA,
    imagenet_vid_robust.ImagenetVidRobust,
    imagenet_3dcc.Imagenet3dcc,
    human_consistency.HumanConsistency,
    shape_bias.ShapeBias,
    saliency.Saliency,
    attention.AttentionOverlays,
    representation.Representation,
)
