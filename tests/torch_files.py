# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes files as PyTorch and safetensors do, without them."""

import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile

import numpy as np

STORAGES = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
    "BFloat16Storage": np.uint16,
}


class Storage:
    """Stands for a PyTorch storage; `size` is what the pickle says of it."""

    def __init__(self, key, numbers, kind="FloatStorage", size=None):
        self.key, self.kind = key, kind
        self.numbers = np.asarray(numbers, STORAGES[kind])
        self.size = len(self.numbers) if size is None else size


class Tensor:
    """Stands for a PyTorch tensor."""

    def __init__(self, storage, offset, shape, strides):
        self.view = (storage, offset, shape, strides)

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (*self.view, False, collections.OrderedDict())


class Parameter:
    """Stands for a PyTorch parameter."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_parameter
        return rebuild, (self.tensor, True, collections.OrderedDict())


class StateDict(collections.OrderedDict):
    """An `OrderedDict` with attributes, which are pickled too."""

    def __reduce__(self):
        attributes = {"_metadata": collections.OrderedDict({"": {"version": 1}})}
        return collections.OrderedDict, (), attributes, None, iter(self.items())


def define_names(monkeypatch):
    """Modules that hold nothing but the names which pickles refer to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in STORAGES:
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    for name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
        setattr(utils, name, type(name, (), {"__module__": "torch._utils"}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def pickled(content, is_legacy):
    """The pickle that `torch.save` writes, and the storages in it."""
    storages = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Storage):
                return None
            storages[value.key] = value
            kind = getattr(sys.modules["torch"], value.kind)
            return ("storage", kind, value.key, "cpu", value.size, *[None] * is_legacy)

    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(content)
    return stream.getvalue(), storages


def save_zip(content, byte_order="little"):
    """What `torch.save` writes since 1.6."""
    data, storages = pickled(content, is_legacy=False)
    return zip_of(data, storages, byte_order)


def zip_of(data, storages, byte_order="little", compression=zipfile.ZIP_STORED):
    """The same around any pickle."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("weights/data.pkl", data)
        archive.writestr("weights/byteorder", byte_order)
        for key, storage in storages.items():
            archive.writestr(f"weights/data/{key}", storage.numbers.tobytes())
        archive.writestr("weights/version", "3\n")
    return stream.getvalue()


def save_legacy(content):
    """What `torch.save` wrote before 1.6."""
    data, storages = pickled(content, is_legacy=True)
    return legacy_of(data, storages)


def legacy_of(data, storages):
    """The same around any pickle."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    before = (0x1950A86A20F9469CFC6C, 1001, system)
    pickles = [*(pickle.dumps(part, 2) for part in before), data, pickle.dumps(list(storages), 2)]
    numbers = [
        int(storage.size).to_bytes(16, "little", signed=True)[:8] + storage.numbers.tobytes()
        for storage in storages.values()
    ]
    return b"".join(pickles + numbers)


def save_safetensors(**tensors):
    """A safetensors file of pairs of a type and an array."""
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    numbers = b""
    for name, (kind, value) in tensors.items():
        span = [len(numbers), len(numbers) + value.nbytes]
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": span}
        numbers += value.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers
