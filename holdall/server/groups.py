"""The groups of a view as JSON, and back.

    group   = scalar / array of scalars
    scalar  = null / bool / number / string / {"date": "2026-09-30"} / {"datetime": "2026-09-30T12:00:00Z"}
            / {"number": "Infinity"} / {"number": "-Infinity"}

Numbers keep their digits. Only dates, times and infinities need an object, because JSON has no form for them.
"""

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from holdall.extras import needs
from holdall.query import Key
from holdall.query.collation import collate
from holdall.server.openapi import TIME, Schema, an_object, list_of

with needs("server"):
    import falcon
    import msgspec

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "number": {"Infinity": math.inf, "-Infinity": -math.inf}.__getitem__,
}

_scalar: Final[Schema] = {
    "anyOf": [
        {"type": ["null", "boolean", "number", "string"]},
        an_object(date={"type": "string", "format": "date"}),
        an_object(datetime=TIME),
        an_object(number={"enum": ["Infinity", "-Infinity"]}),
    ]
}
GROUP: Final[Schema] = {"anyOf": [_scalar, list_of(_scalar)]}
"""The schema of a group."""


def write_group(group: Key) -> msgspec.Raw:
    """Return ``group`` as a part of a JSON text.

    >>> bytes(write_group(("EUR", 7, date(2026, 9, 30))))
    b'["EUR",7,{"date":"2026-09-30"}]'
    """
    parts = [_write(part) for part in group] if isinstance(group, tuple) else _write(group)
    return msgspec.Raw(_encode(parts))


def _write(part: Any) -> Any:
    if isinstance(part, datetime):
        return {"datetime": part}
    if isinstance(part, date):
        return {"date": part}
    if isinstance(part, float | Decimal) and math.isinf(part):
        return {"number": "Infinity" if part > 0 else "-Infinity"}
    return part


def read_group(name: str, text: str) -> Key:
    """Return the group in ``text``, the value of the parameter ``name``. Raises HTTPBadRequest if it is not one.

    >>> read_group("key", '["EUR", {"date": "2026-09-30"}]')
    ('EUR', datetime.date(2026, 9, 30))
    """
    try:
        found = _decode(text)
        group = tuple(map(_read, found)) if isinstance(found, list) else _read(found)
        collate(group)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise falcon.HTTPBadRequest(
            description=f'{name} is not a group; write it as JSON, as in "EUR", 7 or '
            '["EUR", {"date": "2026-09-30"}]'
        ) from None
    return group


def _read(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    ((kind, text),) = part.items()
    return _READERS[kind](text)
