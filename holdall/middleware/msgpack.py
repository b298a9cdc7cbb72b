"""MessagePack documents, with or without a declared type, by msgspec."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, overload

from holdall.extras import needs
from holdall.middleware.documents.memory import LARGEST, of_msgpack
from holdall.middleware.documents.plain import NoneType, Plain
from holdall.store import Store

with needs("msgpack"):
    import msgspec

    from holdall.middleware.documents.base import Documents, Read, Write

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


def _is_in_utc(moment: datetime) -> bool:
    return moment.tzinfo is UTC and not moment.fold


_PLAIN: Final = Plain({str, int, bool, NoneType, float, bytes}, {datetime: _is_in_utc})


class MessagePack(Documents[V]):
    r"""Stores documents as MessagePack, which is smaller than JSON and keeps bytes as they are.

    Without a type, documents hold dict, list, str, int (from -2**63 to 2**64 - 1), float, bool, None, bytes,
    and datetime in ``datetime.UTC`` (timestamp extension). With ``type`` they may also hold Decimal, date and
    every type that msgspec knows. Without a type, reading raises Corrupt for a map with a name that is not a
    string, and for an extension that is not a timestamp.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> MessagePack(store)["a"] = {"scan": b"\x00\xff"}
    >>> MessagePack(store)["a"], len(store["a"])
    ({'scan': b'\x00\xff'}, 10)
    """

    plain = _PLAIN
    dense = 73

    @overload
    def __init__(self: "MessagePack[Any]", store: Store[bytes], *, max_size: int = LARGEST) -> None: ...
    @overload
    def __init__(
        self: "MessagePack[T]", store: Store[bytes], type: "TypeForm[T]", *, max_size: int = LARGEST
    ) -> None: ...
    def __init__(self, store: Store[bytes], type: Any = Any, *, max_size: int = LARGEST) -> None:
        super().__init__(store, type, max_size)

    def _memory(self, data: bytes, enough: int) -> int:
        return of_msgpack(data, enough)

    def _format(self, type: Any) -> tuple[Write, Read]:
        read = msgspec.msgpack.Decoder(type, ext_hook=_refuse).decode
        return msgspec.msgpack.Encoder().encode, read if type is not Any else _plainly(read)


def _plainly(read: Read) -> Read:
    """``read`` with a check for a plain document: MessagePack allows a field name of any type."""

    def plainly(data: bytes) -> Any:
        value = read(data)
        if _PLAIN.keeps(value):
            return value
        raise ValueError(
            "the name of a field is not a str, or the document is nested too deeply; declare its type to read it"
        )

    return plainly


def _refuse(code: int, data: memoryview) -> NoReturn:
    raise ValueError(f"an extension of type {code} is not a plain value")
