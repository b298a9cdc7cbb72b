"""JSON documents that are stored as bytes, without a serializer."""

from decimal import Decimal
from typing import Any

from holdall.extras import needs

with needs("json"):
    import msgspec

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def parse(value: Any) -> Any:
    """Return the document of ``value`` if it is bytes with JSON, or else ``value``. Numbers keep their digits.

    >>> parse(b'{"total": 1.10}'), parse(b"?")
    ({'total': Decimal('1.10')}, b'?')
    """
    if isinstance(value, bytes):
        try:
            return _decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return value
    return value


def dump(document: Any) -> bytes:
    """Return the bytes of ``document``, so that `parse` returns an equal one."""
    return document if isinstance(document, bytes) else _encode(document)
