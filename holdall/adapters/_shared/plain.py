"""Load the pickles of plain objects, and run none; show such an object."""

import io
import pickle
import pickletools
import reprlib
from typing import Any, Final

MOST: Final = 1 << 26
"""The bytes of memory that a plain object may take."""
_HASH = {"DICT", "SETITEM", "SETITEMS", "ADDITEMS", "FROZENSET"}
_TUPLE = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
_SHOWN = 400  # characters of one part of a repr
_PART = 72  # bytes of a list or dict, and a pointer to it


class Plain(pickle.Unpickler):
    """Loads numbers, texts, bytes and containers of them, and refuses every name, which could be called.

    A ``str`` of Python 2 is decoded by ``encoding``, which may be "bytes".
    """

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        raise pickle.UnpicklingError(f"it names {module_name}.{global_name}")


def load(data: bytes, encoding: str) -> Any:
    """Return the plain object of which ``data`` is the pickle.

    Raises UnpicklingError if it is not the pickle of a plain object, or would take too much memory.
    """
    try:
        _check_memory(data)
        return Plain(io.BytesIO(data), encoding=encoding).load()
    except (pickle.UnpicklingError, MemoryError):
        raise
    except Exception as error:
        raise pickle.UnpicklingError("it is damaged") from error


def _check_memory(data: bytes) -> None:
    """Raise UnpicklingError if loading ``data`` would take much more memory than ``data`` has bytes.

    A few bytes can announce a length, or a place in the memo, for which the unpickler would allocate memory.
    Also raise it if the pickle has tuples that a dict or a set may hash: a tuple hashes its items each time,
    so a tuple that contains another tuple twice, at every level, takes for ever.
    """
    parts = 0
    names = set()
    for parts, (opcode, argument, _) in enumerate(pickletools.genops(data), 1):
        names.add(opcode.name)
        if opcode.name.endswith("PUT") and int(argument or 0) > parts:
            raise pickle.UnpicklingError("it names a place in the memo that no pickle of its length has")
        if parts * _PART > MOST:
            raise pickle.UnpicklingError(f"it takes more than {MOST:,} bytes of memory")
    if names & _HASH and names & _TUPLE:
        raise pickle.UnpicklingError("it has tuples and also a dict or a set, which could hash them for ever")


def show(thing: object) -> str:
    """Return the repr of a plain object, shortened: a small pickle can have a repr of any length.

    >>> show(("a", 1)), show(b"x" * 1000)[-9:]
    ("('a', 1)", "xxxxxxxx'")
    """
    short = reprlib.Repr()
    short.maxlevel, short.maxother, short.maxstring, short.maxtuple = 3, _SHOWN, _SHOWN, 10
    try:
        return short.repr(thing)
    except ValueError:  # an int with too many digits
        return f"a large {type(thing).__name__}"
