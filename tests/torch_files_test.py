# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""State dicts that are written are read back, by our reader and by PyTorch's."""

import json
import struct

import numpy as np
import pytest

from vito_tf import torch_files
from vito_tf.torch_checkpoint import read_state_dict

TENSORS: dict[str, np.ndarray] = {
    "layer1.0.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    "num_batches_tracked": np.array(7, np.int64),
    "größe": np.array([1.5], np.float32),
    "none": np.zeros([0, 3], np.float32),
    "many": np.arange(70000, dtype=np.int64),
}


def check(found):
    assert set(found) == set(TENSORS)
    for name, value in TENSORS.items():
        assert found[name].dtype == value.dtype
        assert found[name].shape == value.shape
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("suffix", torch_files.SUFFIXES)
def test_round_trip(tmp_path, suffix):
    path = str(tmp_path / f"weights{suffix}")
    torch_files.write_state_dict(path, TENSORS)
    check(read_state_dict(path))


def test_order(tmp_path):
    path = str(tmp_path / "weights.pth")
    torch_files.write_state_dict(path, TENSORS)
    assert list(read_state_dict(path)) == list(TENSORS)


def test_safetensors_are_aligned(tmp_path):
    path = tmp_path / "weights.safetensors"
    torch_files.write_state_dict(str(path), TENSORS)
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    header = json.loads(path.read_bytes()[8 : 8 + length])
    assert length % 8 == 0
    assert header.pop("__metadata__") == {"format": "pt"}
    end = 0
    for entry in header.values():
        assert entry["data_offsets"][0] == end  # Without gaps, as safetensors demands.
        assert end % {"F32": 4, "I64": 8}[entry["dtype"]] == 0
        end = entry["data_offsets"][1]
    assert 8 + length + end == path.stat().st_size


def test_other_suffixes(tmp_path):
    with pytest.raises(ValueError, match=r"weights\.npz must end in one of \.safetensors, \.pth"):
        torch_files.write_state_dict(str(tmp_path / "weights.npz"), TENSORS)
    assert not list(tmp_path.iterdir())


def test_pytorch_reads_it(tmp_path):
    torch = pytest.importorskip("torch")
    path = str(tmp_path / "weights.pth")
    torch_files.write_state_dict(path, TENSORS)
    found = torch.load(path, weights_only=True)
    assert list(found) == list(TENSORS)
    check({name: value.numpy() for name, value in found.items()})
    torch.save(found, path)
    check(read_state_dict(path))


def test_safetensors_reads_it(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = str(tmp_path / "weights.safetensors")
    torch_files.write_state_dict(path, TENSORS)
    check(safetensors.load_file(path))
