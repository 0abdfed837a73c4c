# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reads the tensors of PyTorch checkpoints, without PyTorch and without trusting the file.

Three formats are told apart by their first bytes: `torch.save` since 1.6 (a zip of a pickle and raw
storages), `torch.save` before (pickles, then raw storages) and safetensors.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from vito_tf import torch_pickle
from vito_tf.torch_pickle import BFLOAT16, Storage, Tensor, is_index

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_START = b"\x80\x02\x8a\x0a" + _LEGACY_MAGIC.to_bytes(10, "little")
_ZIP_START = b"PK\x03\x04"
_MAX_RANK = 32  # numpy's
_MAX_NAMES = 1 << 22  # Characters of all names; forty thousand tensors have fewer.
_SAFETENSORS = {
    "BF16": BFLOAT16,
    "BOOL": "?",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "I8": "i1",
    "U8": "u1",
}
_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    RuntimeError,  # RecursionError; zipfile's for encryption and unknown compression.
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)


class CheckpointError(ValueError):
    """A file that is not a whole and harmless checkpoint; the message names it."""


def read_state_dict(path: str) -> dict[str, np.ndarray]:
    """Reads all tensors of a checkpoint.

    Time and memory are bounded by the size of the file, whatever it says.

    Args:
        path: a `.pth`, `.pt` or `.safetensors` file; local or one of `tf.io.gfile`'s.

    Returns:
        Tensors by name, in the order of the file, read-only. Those of nested dictionaries are named
        by the way to them, as `state_dict.fc.weight`; what is no tensor (numbers, strings, lists,
        as optimisers and training loops leave them) is left out. dtypes are those of the file,
        except that bfloat16, which numpy lacks, becomes float32.

    Raises:
        CheckpointError: the file cannot be read, is damaged or of another format, or holds anything
            but tensors, numbers, strings and plain containers.
    """
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            data = file.read()
    except (OSError, tf.errors.OpError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    try:
        if data.startswith(_ZIP_START):
            return _read_zip(data)
        if data.startswith(_LEGACY_START):
            return _read_legacy(data)
        if data[8:9] == b"{":
            return _read_safetensors(data)
        raise ValueError("it begins like none of the formats that PyTorch writes")
    except _ERRORS as error:
        explained = isinstance(error, (ValueError, zipfile.BadZipFile))
        reason = error if explained else "it is damaged"
        raise CheckpointError(f"{path} cannot be used as a checkpoint: {reason}") from error


def _read_zip(data: bytes) -> dict[str, np.ndarray]:
    """Reads what PyTorch writes since 1.6: folder/data.pkl, and folder/data/KEY a storage."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pickle = "data.pkl"
        folders = [n[: -len(pickle)] for n in archive.namelist() if n.endswith(f"/{pickle}")]
        if len(folders) != 1:
            raise ValueError("it is a zip file, but not of PyTorch")
        remaining = len(data)

        def read(name: str) -> bytes:
            nonlocal remaining
            entry = archive.getinfo(folders[0] + name)
            remaining -= entry.file_size
            if entry.compress_type != zipfile.ZIP_STORED or remaining < 0:
                raise ValueError("what is in it is larger than itself")
            return archive.read(entry)

        if f"{folders[0]}byteorder" in archive.namelist() and read("byteorder") != b"little":
            raise ValueError("its numbers are not little-endian")
        tensors = _named_tensors(torch_pickle.load(io.BytesIO(read(pickle))).content)
        used = {tensor.storage for tensor in tensors.values()}
        numbers = {storage.key: _array(read(f"data/{storage.key}"), 0, storage) for storage in used}
    return {name: _view(name, numbers[t.storage.key], t) for name, t in tensors.items()}


def _read_legacy(data: bytes) -> dict[str, np.ndarray]:
    """Reads what PyTorch wrote before 1.6: five pickles, then a length and numbers a storage."""
    stream = io.BytesIO(data)
    _, version, _, described, keys = (torch_pickle.load(stream) for _ in range(5))
    if version.content != 1001 or not isinstance(keys.content, list):
        raise ValueError("it is of an unknown version")
    numbers: dict[str, np.ndarray] = {}
    position = stream.tell()
    for key in keys.content:
        storage = described.storages[key]
        if struct.unpack_from("<q", data, position) != (storage.size,):
            raise ValueError("the sizes that it gives for one of its storages differ")
        numbers[key] = _array(data, position + 8, storage)
        position += 8 + storage.size * _numpy_dtype(storage).itemsize
    tensors = _named_tensors(described.content)
    return {name: _view(name, numbers[t.storage.key], t) for name, t in tensors.items()}


def _read_safetensors(data: bytes) -> dict[str, np.ndarray]:
    """Reads safetensors: the length of a JSON header, the header, and the numbers."""
    start = 8 + int.from_bytes(data[:8], "little")
    if start > len(data):
        raise ValueError("it ends before its header does")
    result = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        (begin, end), shape = entry["data_offsets"], entry["shape"]
        strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape[:_MAX_RANK]))]
        storage = Storage(name, _SAFETENSORS[entry["dtype"]], math.prod(shape[:_MAX_RANK]))
        if not is_index(begin) or storage.size * _numpy_dtype(storage).itemsize != end - begin:
            raise ValueError(f"the size of its tensor {name} is not that of its numbers")
        numbers = _array(data, start + begin, storage)
        result[name] = _view(name, numbers, Tensor(storage, 0, shape, strides))
    return result


def _named_tensors(content: Any) -> dict[str, Tensor]:
    """All tensors of nested dictionaries."""
    if not isinstance(content, dict):
        raise ValueError("it holds no dictionary of tensors")
    found: dict[str, Tensor] = {}
    waiting, num_characters = [_items("", content)], 0
    while waiting:
        name, value = next(waiting[-1], ("", None))
        num_characters += len(name) + 1
        if num_characters > _MAX_NAMES:
            raise ValueError("its dictionaries are nested without end")
        if value is None:
            waiting.pop()
        elif isinstance(value, dict):
            waiting.append(_items(f"{name}.", value))
        else:
            found[name] = value
    return found


def _items(prefix: str, content: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Tensors and dictionaries in a dictionary, each with the way to it."""
    wanted = ((key, value) for key, value in content.items() if isinstance(value, (Tensor, dict)))
    return ((f"{prefix}{key}", value) for key, value in wanted)


def _numpy_dtype(storage: Storage) -> np.dtype:
    return np.dtype("<u2" if storage.dtype == BFLOAT16 else storage.dtype)


def _array(data: bytes, position: int, storage: Storage) -> np.ndarray:
    """The numbers of a storage, which begin at `position`."""
    dtype = _numpy_dtype(storage)
    if position + storage.size * dtype.itemsize > len(data):
        raise ValueError("it ends before its numbers do")
    numbers = np.frombuffer(data, dtype, storage.size, position)
    if storage.dtype == BFLOAT16:  # The upper half of a float32.
        numbers = (numbers.astype("<u4") << 16).view("<f4")
    return numbers


def _view(name: str, numbers: np.ndarray, tensor: Tensor) -> np.ndarray:
    """A tensor, after it has been made sure that it lies within its storage."""
    _, offset, shape, strides = tensor
    sequences = isinstance(shape, (list, tuple)) and isinstance(strides, (list, tuple))
    if not sequences or not len(shape) == len(strides) <= _MAX_RANK:
        raise ValueError(f"its tensor {name} is damaged")
    if not all(map(is_index, (offset, *shape, *strides))):
        raise ValueError(f"its tensor {name} is damaged")
    size = math.prod(shape)
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides))
    if size and (size > len(numbers) or last >= len(numbers)):
        raise ValueError(f"its tensor {name} reaches beyond its storage")
    byte_strides = [stride * numbers.itemsize for stride in strides]
    start = numbers[offset:] if size else numbers[:0]
    return np.lib.stride_tricks.as_strided(
        start, shape, byte_strides if size else None, writeable=False
    )
