# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""`dataset_info.json`: what training needs to know of a folder of clip records."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from vito_tf.ingestion.summary import Summary
from vito_tf.video.clip_examples import CONTEXT_KEYS, LIST_KEYS
from vito_tf.video.clip_shards import INFO_FILE, write_json
from vito_tf.video.cutter import CutSettings
from vito_tf.video.record_files import TRAIN
from vito_tf.video.tfds_clips import write_tfds

_LABEL_KEYS = ("clip/label/index", "clip/label/text")


def describe(
    shards: Sequence[Mapping[str, Any]],
    summary: Summary,
    cut: CutSettings,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Says what a data set holds.

    Args:
        shards: of each, its `name`, `split`, `num_clips` and `num_bytes`.
        summary: of the videos that the clips come from.
        cut: how they were cut.
        settings: whatever else the set was made by, as values of JSON.

    Returns:
        As values of JSON:

            num_clips        of the split train
            splits           by name: num_videos, num_clips, num_frames, num_bytes
            class_names      by label; empty if unlabelled
            encoding         of the frames, `jpeg` or `mp4`
            keys             of the records: `kind` (context or feature_list) and `dtype`
            frame_rate       largest number of frames per second
            clip_seconds     largest length of a clip
            frames_per_clip  mean, and the largest possible number (max)
            settings         as given
            shards           as given

    Raises:
        ValueError: there is no clip in the split train.
    """
    splits = {name: _split(name, shards, summary) for name in summary.splits}
    if TRAIN not in splits:
        raise ValueError(f"No clip was kept for the split {TRAIN!r}.")
    total = summary.total
    return {
        "num_clips": splits[TRAIN]["num_clips"],
        "splits": splits,
        "class_names": list(summary.class_names),
        "encoding": cut.encoding,
        "keys": _keys(cut.encoding, is_labelled=bool(summary.class_names)),
        "frame_rate": cut.frame_rate,
        "clip_seconds": cut.clip_seconds,
        "frames_per_clip": {
            "mean": total.num_frames / total.num_clips,
            "max": round(cut.clip_seconds * cut.frame_rate),
        },
        "settings": dict(settings),
        "shards": [dict(shard) for shard in shards],
    }


def write_dataset_info(folder: str, info: Mapping[str, Any]) -> None:
    """Writes `dataset_info.json` and, before it, the same for TensorFlow Datasets.

    By the former `vito_tf.video.clip_records` knows the folder, and it marks the folder as
    complete: it should be the last file written.

    Args:
        folder: of the shards, local or remote (`tf.io.gfile`).
        info: of `describe`.
    """
    write_tfds(folder, info)
    write_json(os.path.join(folder, INFO_FILE), info)


def _split(name: str, shards: Sequence[Mapping[str, Any]], summary: Summary) -> dict[str, int]:
    own = [shard for shard in shards if shard["split"] == name]
    return {
        "num_videos": summary.splits[name].num_videos,
        "num_clips": sum(shard["num_clips"] for shard in own),
        "num_frames": summary.splits[name].num_frames,
        "num_bytes": sum(shard["num_bytes"] for shard in own),
    }


def _keys(encoding: str, is_labelled: bool) -> dict[str, dict[str, str]]:
    keys = {
        **{key: {"kind": "context", "dtype": dtype} for key, dtype in CONTEXT_KEYS.items()},
        **{key: {"kind": "feature_list", "dtype": dtype} for key, dtype in LIST_KEYS.items()},
    }
    del keys["video/encoded" if encoding == "jpeg" else "image/encoded"]
    return {key: value for key, value in keys.items() if is_labelled or key not in _LABEL_KEYS}
