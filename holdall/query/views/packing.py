"""Packs values for the index of a view: as MessagePack, with a code for each type that MessagePack lacks.

    code  type                   payload
    1     int over 64 bits       two's complement, big endian
    2     Decimal                its text
    3     date                   its text in ISO 8601
    4     datetime               its fold, 0 or 1, and its text in ISO 8601; if it has a ZoneInfo, the text has
                                 a space and the key of the zone in place of the offset
    5     timedelta              days, seconds and microseconds, packed
    6     tuple                  its elements, packed as a list
    7     set, 8 frozenset       its elements, packed as a list
    9     dict                   its keys, then its values, packed as two lists
    10    Stats                  its fields, packed as a list
    11    Total                  the name of its type and its value, packed
    12    Few                    its values, packed as a list

Other values are refused: pickle would run code that is hidden in a damaged or foreign index.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from holdall.errors import InvalidQuery
from holdall.extras import needs
from holdall.query.exact import Total
from holdall.query.reducers import Stats
from holdall.query.trial import Few

with needs("json"):
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder, Encoder, Ext

REMEDY: Final = (
    "use None, bool, int, float, Decimal, str, bytes, date, datetime, timedelta, or a tuple, list, set or dict "
    "of these"
)
_ARRAY: Final = b"\xdd"  # of MessagePack, with its length in 4 bytes
_PLAIN: Final = {type(None), bool, float, str, bytes}
_KINDS: Final = {kind.__name__: kind for kind in (int, float, Decimal)}
_INT64: Final = range(-(2**63), 2**63)


def pack(value: object) -> bytes:
    """Return ``value`` as bytes. Raises InvalidQuery if its type, or that of a part of it, is not known.

    >>> unpack(pack({"EUR": (Decimal("1.50"), date(2026, 1, 31))}))
    {'EUR': (Decimal('1.50'), datetime.date(2026, 1, 31))}
    """
    try:
        return encode(_tagged(value))
    except UnicodeEncodeError as problem:
        raise InvalidQuery(
            f"a view cannot keep text with a lone surrogate, {problem.object!a:.80}; replace it in the map"
        ) from None
    except RecursionError:
        raise InvalidQuery("a view cannot keep a value that contains itself") from None


def unpack(data: bytes) -> Any:
    """Return the value that `pack` packed. Raises ValueError if ``data`` is not packed by it."""
    try:
        return _decode(data)
    except (MsgspecError, ArithmeticError, LookupError, TypeError) as problem:
        raise ValueError(f"not a packed value: {problem}") from problem


def unpack_each(packed: Sequence[bytes]) -> list[Any]:
    """Return the values that `pack` packed, one by one. This is faster than to unpack each of them."""
    found: list[Any] = unpack(_ARRAY + len(packed).to_bytes(4) + b"".join(packed))
    return found


def _tagged(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is int:
        return value if value in _INT64 else Ext(1, value.to_bytes(value.bit_length() // 8 + 1, signed=True))
    if kind is list:
        return [_tagged(each) for each in value]
    if kind in _TAGS:
        code, dump = _TAGS[kind]
        return Ext(code, dump(value))
    raise InvalidQuery(f"a view cannot keep a value of type {kind.__name__}; {REMEDY}")


def _dump_each(values: Any) -> bytes:
    return pack(list(values))


def _with_zone(value: datetime) -> str:
    zone, text = value.tzinfo, value.isoformat()
    if type(zone) is ZoneInfo and zone.key:
        return f"{value.replace(tzinfo=None).isoformat()} {zone.key}"
    if zone is None or repr(zone) == repr(datetime.fromisoformat(text).tzinfo):
        return text
    raise InvalidQuery(
        f"a view cannot keep a datetime with the tzinfo {zone!r:.80}; use a ZoneInfo with a key, or a timezone "
        "without a name"
    )


def _in_zone(text: str) -> datetime:
    text, _, key = text.partition(" ")
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=ZoneInfo(key)) if key else value


_TAGS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    Decimal: (2, lambda value: str(value).encode()),
    date: (3, lambda value: value.isoformat().encode()),
    datetime: (4, lambda value: f"{value.fold}{_with_zone(value)}".encode()),
    timedelta: (5, lambda value: pack([value.days, value.seconds, value.microseconds])),
    tuple: (6, _dump_each),
    set: (7, _dump_each),
    frozenset: (8, _dump_each),
    dict: (9, lambda value: pack([list(value), list(value.values())])),
    Stats: (10, lambda value: pack([value.count, value.sum, value.min, value.max])),
    Total: (11, lambda value: pack([value.kind.__name__, value.value])),
    Few: (12, _dump_each),
}
_LOADS: Final[dict[int, Callable[[bytes], Any]]] = {
    1: lambda data: int.from_bytes(data, signed=True),
    2: lambda data: Decimal(data.decode()),
    3: lambda data: date.fromisoformat(data.decode()),
    4: lambda data: _in_zone(data[1:].decode()).replace(fold=int(data[:1])),
    5: lambda data: timedelta(*unpack(data)),
    6: lambda data: tuple(unpack(data)),
    7: lambda data: set(unpack(data)),
    8: lambda data: frozenset(unpack(data)),
    9: lambda data: dict(zip(*unpack(data), strict=True)),
    10: lambda data: Stats(*unpack(data)),
    11: lambda data: Total(_KINDS[unpack(data)[0]], unpack(data)[1]),
    12: lambda data: Few(unpack(data)),
}


def _load(code: int, data: memoryview) -> Any:
    return _LOADS[code](bytes(data))


encode: Final = Encoder().encode
"""Packs a value that MessagePack has a type for."""

_decode: Final = Decoder(ext_hook=_load).decode
