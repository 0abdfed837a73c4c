# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Vectors on disk, found by the content of the image that they were computed from."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence

import numpy as np
from absl import logging

_KEYS = ".keys.npy"
_VALUES = ".values.npy"


class FeatureStore:
    """A folder of shards; a shard is there when its keys are, which are written last.

    Several processes may write into one folder.
    """

    def __init__(self, folder: str):
        """Reads the keys.

        Args:
          folder: local; made if needed. Shards that cannot be read are removed.
        """
        os.makedirs(folder, exist_ok=True)
        self._folder = folder
        self._shards: list[str] = []
        self._width: int | None = None
        self._places: dict[bytes, tuple[int, int]] = {}
        for name in sorted(os.listdir(folder)):
            if name.endswith(_KEYS):
                self._open(name[: -len(_KEYS)])

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def add(self, keys: Sequence[bytes], values: np.ndarray) -> None:
        """Writes a shard.

        Args:
          keys: n of them, of 32 bytes.
          values: float32 [n, D].
        """
        stem = os.path.join(self._folder, uuid.uuid4().hex)
        for suffix, array in (
            (_VALUES, values),
            (_KEYS, np.frombuffer(b"".join(keys), np.uint8).reshape([len(keys), -1])),
        ):
            with open(f"{stem}{suffix}.partial", "wb") as file:
                np.save(file, array, allow_pickle=False)
            os.replace(f"{stem}{suffix}.partial", f"{stem}{suffix}")
        self._open(os.path.basename(stem))

    def get(self, keys: Sequence[bytes]) -> np.ndarray:
        """Values of one or more keys that are in the store: float32 [n, D]."""
        places = np.array([self._places[key] for key in keys])
        values = np.empty([len(places), self._width or 0], np.float32)
        for shard in np.unique(places[:, 0]):
            chosen = places[:, 0] == shard
            values[chosen] = _load(self._shards[shard] + _VALUES)[places[chosen, 1]]
        return values

    def _open(self, stem: str) -> None:
        path = os.path.join(self._folder, stem)
        try:
            keys, values = _load(path + _KEYS), _load(path + _VALUES)
            if values.ndim != 2 or self._width not in (None, values.shape[1]):
                raise ValueError(f"its values are of shape {values.shape}")
            if len(keys) != len(values):
                raise ValueError(f"it has {len(keys)} keys and {len(values)} values")
        except (OSError, ValueError, EOFError) as error:
            logging.warning("%s is damaged (%s) and is computed again.", path, error)
            for suffix in (_KEYS, _VALUES):
                if os.path.exists(path + suffix):
                    os.remove(path + suffix)
            return
        for row, key in enumerate(keys):
            self._places[key.tobytes()] = (len(self._shards), row)
        self._shards.append(path)
        self._width = values.shape[1]


def _load(path: str) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)
