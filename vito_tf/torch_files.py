# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes state dicts as PyTorch and safetensors do, without them."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

SUFFIXES = (".safetensors", ".pth", ".pt")
_ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
_STORAGES = {"<f4": b"FloatStorage", "<i8": b"LongStorage"}
_SAFETENSORS = {"<f4": "F32", "<i8": "I64"}


def write_state_dict(path: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Writes tensors for `torch.load(path, weights_only=True)` or `safetensors`.

    Args:
      path: ends in .safetensors, .pth or .pt; local or one of `tf.io.gfile`'s.
      tensors: by name, float32 or int64, in the order in which they are wanted.

    Raises:
      ValueError: for another suffix.
    """
    if not path.endswith(SUFFIXES):
        raise ValueError(f"{path} must end in one of {', '.join(SUFFIXES)}.")
    plain = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    data = _safetensors(plain) if path.endswith(".safetensors") else _zip(plain)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(data)


def _safetensors(tensors: Mapping[str, np.ndarray]) -> bytes:
    """The length of a JSON header, the header, and the numbers, the widest first: all aligned."""
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    ordered = sorted(tensors.items(), key=lambda item: -item[1].itemsize)
    position = 0
    for name, value in ordered:
        header[name] = {
            "dtype": _SAFETENSORS[value.dtype.str],
            "shape": list(value.shape),
            "data_offsets": [position, position + value.nbytes],
        }
        position += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join(
        [struct.pack("<Q", len(text)), text, *(value.tobytes() for _, value in ordered)]
    )


def _zip(tensors: Mapping[str, np.ndarray]) -> bytes:
    """A zip of a pickle and of the numbers of each tensor, as PyTorch writes since 1.6."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", _pickle(tensors))
        archive.writestr("archive/byteorder", "little")
        for key, value in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{key}", value.tobytes())
        archive.writestr("archive/version", "3\n")
    return stream.getvalue()


def _pickle(tensors: Mapping[str, np.ndarray]) -> bytes:
    """A pickle of an `OrderedDict` of tensors, each with a storage of its own."""
    items = (_text(name) + _tensor(key, value) for key, (name, value) in enumerate(tensors.items()))
    return b"\x80\x02" + _ORDERED_DICT + b"(" + b"".join(items) + b"u."


def _tensor(key: int, value: np.ndarray) -> bytes:
    """A call of `_rebuild_tensor_v2`: storage, offset, shape, strides, gradient, hooks."""
    storage = [
        _text("storage"),
        b"ctorch\n" + _STORAGES[value.dtype.str] + b"\n",
        _text(str(key)),
        _text("cpu"),
        _integer(value.size),
    ]
    strides = [math.prod(value.shape[axis + 1 :]) for axis in range(value.ndim)]
    arguments = [
        _tuple(storage) + b"Q",
        _integer(0),
        _tuple([_integer(length) for length in value.shape]),
        _tuple([_integer(stride) for stride in strides]),
        b"\x89",
        _ORDERED_DICT,
    ]
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + _tuple(arguments) + b"R"


def _tuple(items: Sequence[bytes]) -> bytes:
    return b"(" + b"".join(items) + b"t"


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)
