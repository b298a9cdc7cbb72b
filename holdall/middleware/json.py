"""JSON documents, untyped or typed, by msgspec."""

from typing import Any, TypeVar, overload

from holdall.extras import needs
from holdall.middleware.codec import Codec
from holdall.middleware.readonly import ReadOnly
from holdall.store import Store

with needs("json"):
    import msgspec

V = TypeVar("V")
T = TypeVar("T")


class Json(Codec[V, bytes]):
    """Documents as JSON (RFC 8259) in UTF-8.

    Without a type: what JSON has (dict, list, str, int, float, bool, None). With ``type`` a Struct,
    dataclass, TypedDict or any type msgspec knows, also Decimal and dates as text; a stored document
    that does not fit the type is Corrupt.

    >>> from holdall import Memory
    >>> books = Json(Memory())
    >>> books["invoices/1"] = {"total": "119.00", "lines": [1, 2]}
    >>> books["invoices/1"]["lines"]
    [1, 2]
    """

    @overload
    def __init__(self: "Json[Any]", store: Store[bytes]) -> None: ...
    @overload
    def __init__(self: "Json[T]", store: Store[bytes], type: type[T]) -> None: ...
    def __init__(self, store: Store[bytes], type: Any = Any) -> None:
        super().__init__(store)
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(type)

    def encode(self, key: str, value: V, /) -> bytes:
        return self._encoder.encode(value)

    def decode(self, key: str, data: bytes, /) -> V:
        return self._decoder.decode(data)  # type: ignore[no-any-return]

    def typed(self, type: type[T], /) -> Store[T]:
        # Read-only: to write back a part of a document would lose the rest of it.
        return ReadOnly(Json(self._inner, type=type))
