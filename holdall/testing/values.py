"""The values that the suite writes: bytes for adapters, documents for serializers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

V = TypeVar("V")


@dataclass(frozen=True)
class Values(Generic[V]):
    """The values that a store of ``V`` must accept, and the values that it must refuse.

    ``of`` makes a value for a natural number, and ``number`` reads the number back. Both must be functions of
    a module, because they are sent to other processes. ``special`` holds values that stores were seen to
    damage. ``refused`` holds values that must raise TypeError or Invalid. ``large`` is about a megabyte.
    ``huge`` holds values of more than 8 MiB, which many servers and libraries treat differently; a store may
    refuse them with TooLarge.

    >>> BYTES.number(BYTES.of(7))
    7
    """

    of: Callable[[int], V]
    number: Callable[[V], int]
    special: tuple[V, ...]
    refused: tuple[Any, ...]
    large: V
    any: SearchStrategy[V]
    huge: tuple[V, ...] = ()


def _digits(number: int) -> bytes:
    return b"%d" % number


BYTES: Values[bytes] = Values(
    of=_digits,
    number=int,
    special=(
        *(b"", b"\0", b"\0a\0", b"\r\n", b"\xff\xfe", b" ", bytes(range(256))),
        *(b"NULs at the end" + bytes(17), b"a full page".ljust(4096, b"\0")),
    ),
    refused=("text", 7, None, [b"a"]),
    large=bytes(range(256)) * 4096,
    any=st.binary(max_size=64),
    huge=(b"".join(b"%08d" % number + bytes(range(248)) for number in range(1 << 15)) + b"end" + bytes(14),),
)
"""The values that every adapter must keep."""


def _document(number: int) -> dict[str, Any]:
    return {"number": number}


def _document_number(document: dict[str, Any]) -> int:
    number: int = document["number"]
    return number


_text = st.text(st.characters(codec="utf-8"), max_size=8)
_scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _text

DOCUMENTS: Values[Any] = Values(
    of=_document,
    number=_document_number,
    special=(None, False, 0, "", [], {}, -1.5, {"": [{}]}, {"é\u2028\U00010000": [None, {"a": 1}]}),
    refused=(object(), {"a": object()}),
    large={"text": "holdall " * 131_072},
    any=st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner)),
)
"""The values that a serializer such as `Json` must keep: the data model of JSON."""
