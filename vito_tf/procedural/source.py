# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The data source that needs no data: procedural videos, cut like a user's own."""

from __future__ import annotations

import os

import gin

from vito_tf.procedural import scenes, video_writer
from vito_tf.video import clips, cutting


@gin.configurable
def procedural_videos(
    work_dir: str,
    split: str = "train",
    train_per_class: int = 50,
    held_out_per_class: int = 15,
    seed: int = 0,
    options: scenes.SceneOptions | None = None,
) -> clips.Clips:
    """Labelled clips of 12 classes of moving objects, written as videos and cut into clip records.

    The videos go through the very function that a user's videos go through. What exists already
    under `work_dir` is not made again.

    Args:
      work_dir: receives `procedural/videos/<split>`, `procedural/clips/<split>`, and for the
        held-out split `procedural/held_out_masks.npz` (see `video_writer.load_held_out_masks`).
      split: `train`, or `held_out` for instances of the same classes that are never trained on.
      train_per_class: training clips of each class.
      held_out_per_class: held-out clips of each class.
      seed: of both splits.
      options: how hard the videos are; `SceneOptions` as bound by gin when None.

    Returns:
      The clips, one of 3 s at 25 fps per video, labelled; `class_names` are sorted.

    Raises:
      ValueError: for an unknown split, or if `work_dir` holds videos of other settings.
    """
    counts = {"train": train_per_class, "held_out": held_out_per_class}
    if split not in counts:
        raise ValueError(f"procedural_videos.split must be one of {scenes.SPLITS}, got {split!r}.")
    output_dir = os.path.join(work_dir, "procedural")
    folder = video_writer.write_videos(output_dir, split, counts[split], seed, options)
    return cutting.cut_videos(
        work_dir,
        pattern=folder,
        output_dir=os.path.join(output_dir, "clips", split),
        labels="folder",
    )
