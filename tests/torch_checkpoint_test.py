# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as PyTorch writes them, and as nobody should."""

import collections
import json
import os
import struct
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from tests import torch_files
from tests.torch_files import (
    STORAGES,
    Parameter,
    StateDict,
    Storage,
    Tensor,
    legacy_of,
    pickled,
    save_legacy,
    save_safetensors,
    save_zip,
    zip_of,
)
from vito_tf.torch_checkpoint import CheckpointError, read_state_dict

FLOATS = np.arange(24, dtype=np.float32)


@pytest.fixture(autouse=True)
def _names_of_torch(monkeypatch):
    torch_files.define_names(monkeypatch)


@pytest.fixture(name="read")
def _read(tmp_path):
    def read(data):
        path = tmp_path / "weights.pth"
        path.write_bytes(data)
        return read_state_dict(str(path))

    return read


def state_dict():
    """Tensors of all sorts, as a module's `state_dict()` returns them."""
    floats = Storage("1", FLOATS)
    state = StateDict()
    state["whole"] = Tensor(floats, 0, (4, 6), (6, 1))
    state["transposed"] = Tensor(floats, 0, (6, 4), (1, 6))
    state["part"] = Parameter(Tensor(floats, 7, (2, 3), (6, 2)))
    state["scalar"] = Tensor(Storage("2", [5], "LongStorage"), 0, (), ())
    state["empty"] = Tensor(Storage("3", []), 0, (0, 7), (7, 1))
    return state


@pytest.mark.parametrize("save", [save_zip, save_legacy])
class TestPyTorch:
    def test_views_of_shared_storages(self, read, save):
        state = read(save(state_dict()))
        assert list(state) == ["whole", "transposed", "part", "scalar", "empty"]
        np.testing.assert_array_equal(state["whole"], FLOATS.reshape(4, 6))
        np.testing.assert_array_equal(state["transposed"], FLOATS.reshape(4, 6).T)
        np.testing.assert_array_equal(state["part"], [[7, 9, 11], [13, 15, 17]])
        assert state["scalar"] == np.int64(5)
        assert state["scalar"].dtype == np.int64
        assert state["empty"].shape == (0, 7)
        with pytest.raises(ValueError, match="read-only"):
            state["whole"][0] = 0

    def test_types(self, read, save):
        numbers = {kind: np.arange(5).astype(dtype) for kind, dtype in STORAGES.items()}
        values = np.array([1, -2.5, 3e38, np.inf, 0], np.float32)
        numbers["BFloat16Storage"] = (values.view(np.uint32) >> 16).astype(np.uint16)
        tensors = {
            kind: Tensor(Storage(kind, value, kind), 0, (5,), (1,))
            for kind, value in numbers.items()
        }
        state = read(save(tensors))
        for kind in set(STORAGES) - {"BFloat16Storage"}:
            assert state[kind].dtype == STORAGES[kind]
            np.testing.assert_array_equal(state[kind], numbers[kind])
        assert state["BFloat16Storage"].dtype == np.float32
        np.testing.assert_allclose(state["BFloat16Storage"], values, rtol=0.01)

    def test_training_checkpoints(self, read, save):
        state = state_dict()
        momentum = Tensor(Storage("9", [1, 2]), 0, (2,), (1,))
        rest = Tensor(Storage("10", [3], "ByteStorage"), 0, (1,), (1,))
        found = read(
            save(
                {
                    "epoch": 3,
                    "loss": 0.25,
                    "name": "é",
                    "model": state,
                    "average": state,
                    "optimizer": {"state": {0: {"momentum": momentum}}, "groups": [(0.9, None)]},
                    "random": [rest, 1 << 70, True],
                }
            )
        )
        names = [f"{part}.{name}" for part in ("model", "average") for name in state]
        assert list(found) == [*names, "optimizer.state.0.momentum"]
        np.testing.assert_array_equal(found["optimizer.state.0.momentum"], [1, 2])

    @pytest.mark.parametrize(
        ("offset", "shape", "strides", "message"),
        [
            (0, (25,), (1,), "beyond"),
            (1, (24,), (1,), "beyond"),
            (0, (3, 8), (11, 1), "beyond"),
            (0, (1 << 40,), (0,), "beyond"),
            (0, (1 << 40, 1 << 40), (0, 0), "beyond"),
            (23, (2,), (-1,), "damaged"),
            (-1, (2,), (1,), "damaged"),
            (0, (-2,), (1,), "damaged"),
            (0, (2,), (1, 1), "damaged"),
            (0, (1,) * 40, (1,) * 40, "damaged"),
            (0, (2.0,), (1,), "damaged"),
            (0, 2, 1, "damaged"),
            (0, "ab", "ab", "damaged"),
        ],
    )
    def test_views_beyond_the_storage(self, read, save, offset, shape, strides, message):
        tensor = Tensor(Storage("0", FLOATS), offset, shape, strides)
        with pytest.raises(CheckpointError, match=rf"weights.pth.*its tensor x .*{message}"):
            read(save({"x": tensor}))

    @pytest.mark.parametrize("size", [25, 1 << 40, 1 << 61, 1 << 80, -1, 2.5])
    def test_sizes_that_are_made_up(self, read, save, size):
        tensors = {"x": Tensor(Storage("0", FLOATS, size=size), 0, (2,), (1,))}
        data = save(tensors)
        tracemalloc.start()
        with pytest.raises(CheckpointError, match=r"weights.pth"):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()

    def test_truncated_anywhere(self, read, save):
        data = save(state_dict())
        for length in range(len(data)):
            with pytest.raises(CheckpointError, match=r"weights.pth"):
                read(data[:length])

    def test_calls_nothing(self, read, save, tmp_path):
        class Hostile:
            def __init__(self, *call):
                self.call = call

            def __reduce__(self):
                return self.call

        touched = tmp_path / "touched"
        for call, name in [
            ((os.system, (f"touch {touched}",)), "posix.system"),
            ((eval, (f"open({str(touched)!r}, 'w')",)), "__builtin__.eval"),
            ((getattr, ("", "join")), "__builtin__.getattr"),
            ((bytearray, (1 << 40,)), "__builtin__.bytearray"),
            ((sys.modules["torch._utils"]._rebuild_tensor_v2, ("text", 0, (), ())), "no storage"),
            ((collections.OrderedDict, ([(1, 2)],)), "damaged"),
            ((sys.modules["torch"].FloatStorage, ()), "calls what is not a function"),
        ]:
            with pytest.raises(CheckpointError, match=rf"weights.pth.*{name}"):
                read(save({"x": Hostile(*call)}))
        assert not touched.exists()


DOUBLING = b"q\x00" + b"h\x00h\x00\x86q\x00" * 60  # A tuple of 2 ** 60 leaves.


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.", "nested without end"),
        (b"\x80\x02}q\x00(X\x00\x00\x00\x00h\x00X\x01\x00\x00\x00ah\x00u.", "nested without end"),
        (b"\x80\x02}q\x01)" + DOUBLING + b"h\x01h\x00K\x01s.", "key"),
        (b"\x80\x02}0.", "POP"),
        (b"\x80\x02}Nr\xff\xff\xff\xff.", "no dictionary"),
        (b"\x80\x02}h\x07.", "damaged"),
        (b"\x80\x02}\x8a\xff" + b"\x7f" * 255 + b"K\x01s.", "key"),
        (b"\x80\x02]q\x00h\x00a.", "no dictionary"),
        (b"\x80\x02X\xff\xff\xff\xff.", "expected 4294967295 bytes"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "bytes"),
        (b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00a\x85R.", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"\x80\x02(X\x01\x00\x00\x00aios\nsystem\n.", "INST"),
        (b"\x80\x02ctorch\ndevice\n.", "torch.device"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02K\x01}b.", "state"),
        (b"\x80\x02K\x01K\x01K\x02s.", "damaged"),
        (b"\x80\x02)Q.", "damaged"),
        (b"\x80\x02(K\x01K\x02R.", "calls what is not"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02u.", "damaged"),
        (b"", "exhausted"),
    ],
)
def test_hostile_pickles(read, data, message):
    start = time.perf_counter()
    for whole in (zip_of(data, {}), legacy_of(data, {})):
        with pytest.raises(CheckpointError, match=rf"weights.pth.*({message})"):
            read(whole)
    assert time.perf_counter() - start < 20


def test_hostile_zips(read):
    data, storages = pickled({"x": Tensor(Storage("0", FLOATS), 0, (24,), (1,))}, is_legacy=False)
    with pytest.raises(CheckpointError, match="larger than itself"):
        read(zip_of(data, storages, compression=zipfile.ZIP_DEFLATED))
    with pytest.raises(CheckpointError, match="little-endian"):
        read(zip_of(data, storages, byte_order="big"))
    with pytest.raises(CheckpointError, match="damaged"):
        read(zip_of(data, {}))
    with pytest.raises(CheckpointError, match="not of PyTorch"):
        read(zip_of(data, storages).replace(b"data.pkl", b"dato.pkl"))


class TestSafetensors:
    def test_types(self, read):
        halves = np.array([[1.5, 2.5]], np.float16)
        state = read(
            save_safetensors(
                half=("F16", halves),
                brain=("BF16", np.array([0x3FC0], np.uint16)),
                flags=("BOOL", np.array([True, False])),
                scalar=("I64", np.array(7)),
                none=("F32", np.zeros((0, 3), np.float32)),
            )
        )
        assert list(state) == ["half", "brain", "flags", "scalar", "none"]
        np.testing.assert_array_equal(state["half"], halves)
        np.testing.assert_array_equal(state["brain"], np.array([1.5], np.float32))
        assert state["flags"].tolist() == [True, False]
        assert state["scalar"] == 7
        assert state["none"].shape == (0, 3)

    @pytest.mark.parametrize(
        "entry",
        [
            {"dtype": "F32", "shape": [4], "data_offsets": [0, 12]},
            {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]},
            {"dtype": "F32", "shape": [-4], "data_offsets": [16, 0]},
            {"dtype": "F32", "shape": [4], "data_offsets": [-4, 12]},
            {"dtype": "F32", "shape": [4.0], "data_offsets": [0, 16]},
            {"dtype": "F32", "shape": [1] * 40, "data_offsets": [0, 4]},
            {"dtype": "F4", "shape": [4], "data_offsets": [0, 16]},
            {"dtype": "F32", "shape": "ab", "data_offsets": [0, 16]},
            {"dtype": "F32", "data_offsets": [0, 16]},
            [],
        ],
    )
    def test_headers_that_are_made_up(self, read, entry):
        text = json.dumps({"x": entry}).encode()
        with pytest.raises(CheckpointError, match=r"weights.pth"):
            read(struct.pack("<Q", len(text)) + text + bytes(16))

    def test_damage(self, read):
        data = save_safetensors(x=("F32", FLOATS))
        for length in range(len(data)):
            with pytest.raises(CheckpointError, match=r"weights.pth"):
                read(data[:length])
        with pytest.raises(CheckpointError, match=r"weights.pth"):
            read(struct.pack("<Q", 10**6) + b'{"x":' + b"[" * 10**6)


def test_flipped_bytes_never_do_more_than_fail(read):
    originals = [
        save_zip(state_dict()),
        save_legacy(state_dict()),
        save_safetensors(x=("F32", FLOATS), y=("I64", np.arange(3))),
    ]
    generator = np.random.default_rng(11)
    num_refused = 0
    for round_number in range(900):
        data = bytearray(originals[round_number % 3])
        for position in generator.integers(0, len(data), generator.integers(1, 5)):
            data[position] = generator.integers(0, 256)
        try:
            state = read(bytes(data))
        except CheckpointError:
            num_refused += 1
        else:
            assert sum(value.size for value in state.values()) < 200
    assert 300 < num_refused < 900


def test_other_files(read, tmp_path):
    with pytest.raises(CheckpointError, match=r"missing.pth cannot be read"):
        read_state_dict(str(tmp_path / "missing.pth"))
    with pytest.raises(CheckpointError, match=r"cannot be read"):
        read_state_dict(str(tmp_path))
    for data in (b"", b"text", b"\x80\x04}.", b"\x93NUMPY" + bytes(20)):
        with pytest.raises(CheckpointError, match="none of the formats"):
            read(data)
