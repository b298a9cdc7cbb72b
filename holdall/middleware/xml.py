"""XML documents whose elements are named by type, with or without a declared type, parsed by defusedxml."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from holdall.extras import needs
from holdall.middleware.documents.memory import LARGEST, of_xml
from holdall.middleware.documents.plain import NoneType, Plain, is_expressible
from holdall.store import Store

with needs("xml"):
    from holdall.middleware.documents.base import Documents, Read, Write, convert
    from holdall.middleware.documents.xml_text import dump, load

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

_PLAIN: Final = Plain({str, int, bool, NoneType, float, Decimal, bytes, date}, {datetime: is_expressible})


class Xml(Documents[V]):
    """Stores documents as XML (1.0, UTF-8), with one element per part, named by the part's type.

    `holdall.middleware.documents.xml_text` draws the format. Without a type, documents hold dict, list, str, int,
    float, Decimal, bool, None, bytes, date, and datetime without a time zone or with an offset. With ``type``
    they may also hold every type that msgspec knows. The format is holdall's own; to read UBL invoices see
    `holdall.domain.ubl`.

    Reading raises Corrupt for a document with a document type or entities, an unknown element or attribute,
    two equal names in a dict, or more than 100 levels.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Xml(store)["a"] = {"total": Decimal("119.00"), "lines": [1, "a & b"]}
    >>> print(store["a"].decode())
    <?xml version="1.0" encoding="utf-8"?>
    <dict>
      <decimal name="total">119.00</decimal>
      <list name="lines">
        <int>1</int>
        <str>a &amp; b</str>
      </list>
    </dict>
    """

    plain = _PLAIN
    dense = 114

    @overload
    def __init__(self: "Xml[Any]", store: Store[bytes], *, max_size: int = LARGEST) -> None: ...
    @overload
    def __init__(
        self: "Xml[T]", store: Store[bytes], type: "TypeForm[T]", *, max_size: int = LARGEST
    ) -> None: ...
    def __init__(self, store: Store[bytes], type: Any = Any, *, max_size: int = LARGEST) -> None:
        super().__init__(store, type, max_size)

    def _memory(self, data: bytes, enough: int) -> int:
        return of_xml(data)

    def _format(self, type: Any) -> tuple[Write, Read]:
        return convert(type, _PLAIN, dump, load)
