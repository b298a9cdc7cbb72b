"""JSON documents, with or without a declared type, by msgspec."""

import math
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from holdall.extras import needs
from holdall.middleware.documents.memory import LARGEST, of_json
from holdall.middleware.documents.plain import NoneType, Plain
from holdall.store import Store

with needs("json"):
    import msgspec

    from holdall.middleware.documents.base import Documents, Read, Write

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

_PLAIN: Final = Plain({str, int, bool, NoneType}, {float: math.isfinite})


class Json(Documents[V]):
    """Stores documents as JSON (RFC 8259) in UTF-8.

    Without a type, documents hold what JSON has: dict, list, str, int, finite float, bool and None. With
    ``type`` they may also hold Decimal, dates and bytes, which are stored as text. If an object that another
    program wrote has several equal names, the last one is read.

    ``type`` may be a Pydantic model, or contain one, as ``list[Model]`` does. Then Pydantic writes the
    document and validates it, and each write reads the document back. Writing raises Invalid if it would be
    read back as another value.

    >>> from holdall import Memory
    >>> books = Json(Memory())
    >>> books["invoices/1"] = {"total": "119.00", "lines": [1, 2]}
    >>> books["invoices/1"]["lines"]
    [1, 2]
    """

    plain = _PLAIN
    dense = 28
    floats = False
    rounded = (datetime, time)

    @overload
    def __init__(self: "Json[Any]", store: Store[bytes], *, max_size: int = LARGEST) -> None: ...
    @overload
    def __init__(
        self: "Json[T]", store: Store[bytes], type: "TypeForm[T]", *, max_size: int = LARGEST
    ) -> None: ...
    def __init__(self, store: Store[bytes], type: Any = Any, *, max_size: int = LARGEST) -> None:
        super().__init__(store, type, max_size)

    def _memory(self, data: bytes, enough: int) -> int:
        return of_json(data, enough)

    def _format(self, type: Any) -> tuple[Write, Read]:
        return msgspec.json.Encoder().encode, msgspec.json.Decoder(type).decode

    def _format_models(self, type: Any) -> tuple[Write, Read]:
        from holdall.middleware.documents.models import Models  # late, because it needs an extra of its own

        models = Models(type)
        return models.write, models.read
