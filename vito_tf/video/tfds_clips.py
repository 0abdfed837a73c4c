# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Clip records for TensorFlow Datasets: `tfds.builder_from_directory` reads the shards in place.

TFDS wants a folder with its own `dataset_info.json` and `features.json`; the former points at the
shards three folders up, the latter names `ClipFeatures`, which TFDS imports.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from vito_tf.video.clip_examples import parse_clip
from vito_tf.video.decoding import decode_video

NAME, VERSION = "clips", "1.0.0"
TFDS_FOLDER = f"tfds/{NAME}/{VERSION}"
"""Where `write_tfds` puts its files, below the folder of the records."""

_PARSE_OP = "ParseExampleV2"
_FILE_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


class ClipFeatures(tfds.features.FeaturesDict):
    """Decodes `SequenceExample`s (`vito_tf.video.clip_examples`) for TFDS.

    The examples have

        video          uint8 [F, H, W, 3], all frames
        label          int64, -1 if unlabelled
        name           string, the source and the start: `dog.mp4#t=10.24`
        timestamps     int64 [F], start of each frame in the source, µs
        end_timestamp  int64, end of the last frame, µs

    `decoders={"video": tfds.decode.SkipDecoding()}` gives what is stored of the frames instead:
    JPEG images, string [F], or an mp4 file, string scalar.

    Args:
        encoding: of the frames, `jpeg` or `mp4`.
        num_classes: number of classes; 0 if the clips are unlabelled. Their names are beside
            `features.json`.
    """

    def __init__(self, encoding: str, num_classes: int):
        self._settings = {"encoding": encoding, "num_classes": num_classes}
        label = tfds.features.ClassLabel(num_classes=num_classes) if num_classes else np.int64
        jpegs = tfds.features.Video(shape=(None, None, None, 3), encoding_format="jpeg")
        super().__init__(
            {
                "video": jpegs if encoding == "jpeg" else _Mp4Video(),
                "label": label,
                "name": tfds.features.Text(),
                "timestamps": tfds.features.Tensor(shape=(None,), dtype=np.int64),
                "end_timestamp": np.int64,
            }
        )

    @classmethod
    def from_json_content(cls, value: Any) -> ClipFeatures:
        """See base class."""
        return cls(**value)

    def to_json_content(self) -> Any:
        """See base class."""
        return self._settings

    def get_serialized_info(self) -> dict[str, tfds.features.TensorInfo]:
        """What TFDS itself parses: a key of the context, which an `Example` has in its place."""
        return {"clip/media_id": tfds.features.TensorInfo((), np.str_, default_value="")}

    def deserialize_example(
        self, serialized_example: tf.Tensor | bytes, *, decoders: Any = None
    ) -> dict[str, tf.Tensor]:
        """Parses and decodes a record, string scalar, eagerly or in a graph."""
        clip = parse_clip(tf.convert_to_tensor(serialized_example))
        stored = {key: clip[key] for key in ("name", "label", "timestamps", "end_timestamp")}
        stored["video"] = clip["images" if self._settings["encoding"] == "jpeg" else "video"]
        plain = tfds.features.FeaturesDict(dict(self.items()))
        return plain.decode_example(stored, decoders=decoders)

    def decode_example(
        self, serialized_example: Mapping[str, tf.Tensor], *, decoders: Any = None
    ) -> dict[str, tf.Tensor]:
        """Decodes the record of which TFDS has parsed a key, in the graph that parses it.

        TFDS parses every record as an `Example`, which cannot hold frames, and hands on the
        result alone; the record is the input of the op that parsed it.
        """
        tensor = serialized_example["clip/media_id"]
        while tensor.op.type != _PARSE_OP:
            tensor = tensor.op.inputs[0]
        return self.deserialize_example(tensor.op.inputs[0], decoders=decoders)


class _Mp4Video(tfds.features.FeatureConnector):
    """Frames stored as a video file, decoded by tensorflow-io."""

    def get_tensor_info(self) -> tfds.features.TensorInfo:
        """See base class."""
        return tfds.features.TensorInfo((None, None, None, 3), np.uint8)

    def get_serialized_info(self) -> tfds.features.TensorInfo:
        """See base class."""
        return tfds.features.TensorInfo((), np.str_)

    def encode_example(self, example_data: bytes) -> bytes:
        """See base class."""
        return example_data

    def decode_example(self, tfexample_data: tf.Tensor) -> tf.Tensor:
        """See base class."""
        return decode_video(tfexample_data)


def write_tfds(folder: str, info: Mapping[str, Any]) -> str:
    """Describes a folder of clip records to TensorFlow Datasets.

    Args:
        folder: of records named `clips-<split>.tfrecord-<index>-of-<number>`.
        info: its `dataset_info.json` (`vito_tf.ingestion.dataset_info`).

    Returns:
        The folder to give to `tfds.builder_from_directory`; moving `folder` moves it along. On
        remote file systems, which have no `..`, it names the shards by their absolute paths.
    """
    tfds_folder = os.path.join(folder, TFDS_FOLDER)
    base = folder if "://" in folder else os.path.relpath(folder, tfds_folder)
    template = tfds.core.ShardedFileTemplate(
        data_dir=tfds_folder,
        dataset_name=NAME,
        filetype_suffix="tfrecord",
        template=f"{base}/{_FILE_TEMPLATE}",
    )
    class_names = info["class_names"]
    features = ClipFeatures(info["encoding"], len(class_names))
    if class_names:
        features["label"].names = _distinct(class_names)
    description = tfds.core.DatasetInfo(
        builder=tfds.core.DatasetIdentity(
            name=NAME, version=VERSION, data_dir=tfds_folder, module_name=""
        ),
        description="Clips of videos, cut by vito_tf; see dataset_card.md.",
        features=features,
        supervised_keys=("video", "label"),
    )
    splits = [_split(name, info["shards"], template) for name in info["splits"]]
    description.set_splits(tfds.core.splits.SplitDict(split_infos=splits))
    tf.io.gfile.makedirs(tfds_folder)
    description.write_to_directory(tfds_folder)
    return tfds_folder


def _split(
    name: str, shards: Sequence[Mapping[str, Any]], template: tfds.core.ShardedFileTemplate
) -> tfds.core.SplitInfo:
    shards = sorted((s for s in shards if s["split"] == name), key=lambda shard: shard["name"])
    return tfds.core.SplitInfo(
        name=name,
        shard_lengths=[shard["num_clips"] for shard in shards],
        num_bytes=sum(shard["num_bytes"] for shard in shards),
        filename_template=template,
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Names as TFDS wants them: in one line, not empty, none twice."""
    found: dict[str, None] = {}
    for label, name in enumerate(names):
        name = " ".join(name.encode("utf-8", "backslashreplace").decode().split()) or str(label)
        while name in found:
            name = f"{name} ({label})"
        found[name] = None
    return list(found)
