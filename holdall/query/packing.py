"""Packs queries, stores and results for other processes, by cloudpickle if it is installed.

cloudpickle packs functions and classes of a script or a notebook by value. Plain pickle packs only their
names, which another process may not find.
"""

import pickle
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast


class _Pickler(Protocol):
    def dumps(self, value: object, /) -> bytes: ...


@cache
def _pickler() -> _Pickler:
    try:
        return cast(_Pickler, import_module("cloudpickle"))
    except ModuleNotFoundError:
        return pickle


def pack(value: object) -> bytes:
    """Return ``value`` as bytes. Raises any error if it cannot be pickled."""
    return _pickler().dumps(value)


def unpack(packed: bytes) -> Any:
    """Return the object that `pack` packed, in this process or in another one of the same run."""
    return pickle.loads(packed)  # noqa: S301 - only workers and their run exchange these bytes
