# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The pickles of PyTorch's checkpoints, without PyTorch and without trusting them.

They are not given to Python's `pickle`: the opcodes that state dicts consist of are interpreted
here, in time and memory proportional to the pickle. Nothing that it names is imported or called.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

BFLOAT16 = "bfloat16"  # The one type of numbers that numpy lacks.
_MAX_ARGUMENTS = 8
_HASHED_AS_IS = 1 << 60  # Smaller numbers cannot be made to collide as keys.
_STORAGES = {
    "BFloat16Storage": BFLOAT16,
    "BoolStorage": "?",
    "ByteStorage": "u1",
    "CharStorage": "i1",
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
    "ShortStorage": "<i2",
}


def is_index(value: object) -> bool:
    """Whether a value may be a size or an offset."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


class Storage(NamedTuple):
    """A vector of numbers in the file, which tensors are views of."""

    key: str
    dtype: str
    size: int


class Tensor(NamedTuple):
    """A view of a storage; offset and strides count elements."""

    storage: Storage
    offset: int
    shape: Sequence[int]
    strides: Sequence[int]


class _Global(NamedTuple):
    """Something that a pickle calls by name; one of `_FUNCTIONS` or the types of storages."""

    module: str
    name: str


def _rebuild_tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *unused_flags_and_hooks: Any
) -> Tensor:
    if not isinstance(storage, Storage):
        raise ValueError("one of its tensors has no storage")
    return Tensor(storage, offset, shape, strides)


_FUNCTIONS: dict[_Global, Callable[..., Any]] = {
    _Global("collections", "OrderedDict"): lambda: {},
    _Global("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    _Global("torch._utils", "_rebuild_parameter"): lambda tensor, *unused_flags: tensor,
}


class Pickled(NamedTuple):
    """What a pickle holds.

    Attributes:
        content: numbers, strings, tuples, lists and dictionaries of each other and of `Tensor`s.
        storages: all storages that it describes, by key.
    """

    content: Any
    storages: dict[str, Storage]


def load(stream: io.BytesIO) -> Pickled:
    """Reads one pickle, up to its end and no further.

    Raises:
        ValueError: it contains anything else, or is damaged.
        LookupError, TypeError: it is damaged.
    """
    machine = _Unpickler()
    return Pickled(machine.run(stream), machine.storages)


class _Unpickler:
    """The stack machine that a pickle is a program of."""

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        """Interprets opcodes up to the first STOP."""
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return self._stack.pop()
            operation = _OPERATIONS.get(opcode.name)
            if operation is None:
                raise ValueError(f"its pickle contains {opcode.name}, which no state dict needs")
            operation(self, argument)
        raise ValueError("its pickle has no end")

    def push(self, value: Any) -> None:
        """A constant or a new container."""
        self._stack.append(value)

    def mark(self) -> None:
        """The start of a sequence of items."""
        self._marks.append(len(self._stack))

    def pop(self, count: int | None = None) -> list[Any]:
        """The last `count` values, or those since the last mark."""
        start = self._marks.pop() if count is None else len(self._stack) - count
        if start < 0 or (self._marks and start < self._marks[-1]):
            raise ValueError("its pickle is damaged")
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def append(self, values: list[Any]) -> None:
        """Adds to the list on the stack."""
        if not isinstance(self._stack[-1], list):
            raise ValueError("its pickle is damaged")
        self._stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Adds alternating keys and values to the dictionary on the stack."""
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise ValueError("its pickle is damaged")
        for key, value in zip(values[::2], values[1::2]):
            if not isinstance(key, str) and not (isinstance(key, int) and abs(key) < _HASHED_AS_IS):
                raise ValueError("a key of one of its dictionaries is no string or small number")
            target[key] = value

    def memoize(self, index: int | None) -> None:
        """Remembers the last value."""
        self._memo[len(self._memo) if index is None else index] = self._stack[-1]

    def recall(self, index: int) -> None:
        """Pushes a remembered value."""
        self._stack.append(self._memo[index])

    def refer(self, module: Any, name: Any) -> None:
        """Pushes a name, if it is one that state dicts need."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("its pickle is damaged")
        reference = _Global(module, name)
        if reference not in _FUNCTIONS and not (module == "torch" and name in _STORAGES):
            raise ValueError(f"it refers to {module[:80]}.{name[:80]}, which no state dict needs")
        self._stack.append(reference)

    def call(self) -> None:
        """Calls one of `_FUNCTIONS`."""
        reference, arguments = self.pop(2)
        if not isinstance(reference, _Global) or reference not in _FUNCTIONS:
            raise ValueError("it calls what is not a function")
        if not isinstance(arguments, tuple) or len(arguments) > _MAX_ARGUMENTS:
            raise ValueError("its pickle is damaged")
        self._stack.append(_FUNCTIONS[reference](*arguments))

    def set_state(self) -> None:
        """Drops attributes: a state dict's own `_metadata`, the versions of its modules."""
        self.pop(1)
        if not isinstance(self._stack[-1], dict):
            raise ValueError("it sets the state of what has none")

    def storage(self) -> None:
        """Turns the description of a storage into a `Storage`."""
        (description,) = self.pop(1)
        if not isinstance(description, tuple) or len(description) not in (5, 6):
            raise ValueError("its pickle is damaged")
        kind, reference, key, _, size, *view = description
        if kind != "storage" or not isinstance(reference, _Global) or any(view):
            raise ValueError("it contains a storage of an unknown kind")
        if reference.name not in _STORAGES or not isinstance(key, str) or not is_index(size):
            raise ValueError("the description of one of its storages is damaged")
        storage = Storage(key, _STORAGES[reference.name], size)
        if self.storages.setdefault(key, storage) != storage:
            raise ValueError("it describes one of its storages in two ways")
        self._stack.append(storage)


_Operation = Callable[[_Unpickler, Any], None]
_OPERATIONS: dict[str, _Operation] = {
    "PROTO": lambda machine, version: None,
    "FRAME": lambda machine, size: None,
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": lambda machine, _: machine.mark(),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop())),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.pop(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.pop(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.pop(3))),
    "APPEND": lambda machine, _: machine.append(machine.pop(1)),
    "APPENDS": lambda machine, _: machine.append(machine.pop()),
    "SETITEM": lambda machine, _: machine.set_items(machine.pop(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop()),
    "MEMOIZE": lambda machine, _: machine.memoize(None),
    "GLOBAL": lambda machine, names: machine.refer(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.refer(*machine.pop(2)),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.set_state(),
    "BINPERSID": lambda machine, _: machine.storage(),
}
_CONSTANTS = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"),
)
_OPERATIONS.update((name, _Unpickler.push) for name in _CONSTANTS)
_OPERATIONS.update((name, _Unpickler.memoize) for name in ("BINPUT", "LONG_BINPUT"))
_OPERATIONS.update((name, _Unpickler.recall) for name in ("BINGET", "LONG_BINGET"))
